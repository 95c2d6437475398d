import { Builder, embed, type Field, makeField, misuse } from '@separatrix/field/core'
import { carryTheta } from './carryTheta.js'
import { directions, type TraceRule } from './traceRule.js'
import { volumeField } from './volumeField.js'

/** The solve that a likelihood needs, as one field, and where its parts stand. */
export interface PenalizedVolume {
  readonly field: Field
  readonly n: number
  /** estimates of the growth of volume, from position n on */
  readonly growths: number
  /** position of the integral of the penalty, if there is one */
  readonly penaltyAt: number | undefined
  /** numbers of directions, which stand last */
  readonly directions: number
}

/**
 * States [x; a₁ … a_k; r; e]: x′ = f, a′ = ∇·f or estimates of it from the directions e, r′ the penalty's rate. θ is
 * that of f alone.
 */
export function penalizedVolume(f: Field, trace: TraceRule, penalty: Field | undefined): PenalizedVolume {
  const n = f.stateSize
  const volume = volumeField(f, trace)
  const d = directions(trace) * n
  const carrying = d === 0 ? volume : carryTheta(volume, d)
  const growths = volume.stateSize - n
  if (penalty === undefined) return { field: carrying, n, growths, penaltyAt: undefined, directions: d }
  if (penalty.outputSize !== 1 || penalty.stateSize !== n || penalty.theta.length !== f.theta.length)
    throw misuse({
      where: 'likelihoodLoss(penalty)',
      expected: `a scalar field of the flow's ${n} states and ${f.theta.length} parameters`,
      got: `R^${penalty.stateSize} → R^${penalty.outputSize}, ${penalty.theta.length} parameters`,
      try: 'a penalty that is derived from the field that it is given, such as rnode({ … })',
      code: 'wrong-dimension',
    })
  const size = n + growths
  const range = (start: number, length: number) => Array.from({ length }, (_, i) => start + i)
  const b = new Builder()
  const all = b.leaf('state', size + 1 + d)
  const state = b.concat([b.gather(all, range(0, size)), b.gather(all, range(size + 1, d))])
  const rates = embed(b, carrying, { state })
  const rate = embed(b, penalty, { state: b.gather(all, range(0, n)) })
  const output = b.concat([b.gather(rates, range(0, size)), rate, b.zeros(d)])
  const names = carrying.stateNames
  const field = makeField(b, output, {
    ...carrying,
    stateNames: [...names.slice(0, size), 'penalty', ...names.slice(size)],
  })
  return { field, n, growths, penaltyAt: size, directions: d }
}
