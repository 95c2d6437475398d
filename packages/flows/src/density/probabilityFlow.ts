import { Builder, embed, expectField, type Field, makeField, misuse } from '@separatrix/field/core'
import { expectNumber } from '../check/expectNumber.js'

/**
 * The probability-flow equation of a score model: for the diffusion dx = −½b(t)x dt + √b(t)dW, b(t) = least + t(most −
 * least), whose score ∇ log p_t is given, the field −½b(t)(x + s(t, x)) moves p_t without noise. Flows start from N(0,
 * I) at t = 1 and end at the data at t = 0: `cnf({ field, span: [1, 0], … })`. Song et al., ICLR 2021, eq. 13 and 32.
 * @example
 * const score = system({ state: ['x'], dynamics: { x: '-x' } }) // of N(0, 1), at all times
 * cnf({ field: probabilityFlow(score), span: [1, 0], method: rk4, step: 0.1 }).logProb([[0]])
 */
export function probabilityFlow(score: Field, { least = 0.1, most = 20 } = {}): Field {
  expectField('probabilityFlow', score)
  expectNumber('probabilityFlow', 'least', least, { least: 0 })
  expectNumber('probabilityFlow', 'most', most, { least })
  if (score.outputSize !== score.stateSize || score.inputSize > 0)
    throw misuse({
      where: 'probabilityFlow',
      expected: 'a score from Rⁿ to Rⁿ',
      got: `R^${score.stateSize} → R^${score.outputSize}`,
      try: 'the score of scoreAndFlowMatching, or a field of your own',
      code: 'wrong-dimension',
    })
  const b = new Builder()
  const x = b.leaf('state', score.stateSize)
  const rate = b.add(b.constant(least), b.mul(b.leaf('time', 1), b.constant(most - least)))
  const output = b.mul(b.mul(b.constant(-0.5), rate), b.add(x, embed(b, score)))
  return makeField(b, output, { ...score, name: `probability flow of ${score.name}` })
}
