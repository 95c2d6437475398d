import { compile, expectField, type Field, misuse, seededRandom, show } from '@separatrix/field/core'
import ndarray, { type NdArray } from 'ndarray'
import { expectCount } from '../check/expectCount.js'
import { expectNumber } from '../check/expectNumber.js'

export interface GuideByRuleOptions {
  /** a velocity from N(0, I) along straight lines, t from 0 to 1 */
  readonly field: Field
  /** the more, the better; need not be differentiable, or even continuous */
  readonly rule: (x: Float64Array) => number
  /** n: candidates a step, 1 for none of the guidance */
  readonly candidates: number
  readonly steps: number
  /** η: how much noise the equation has, 0 for none; 1 */
  readonly noise?: number
  /** steps before this time are guided; 1 */
  readonly until?: number
  readonly count: number
  readonly seed: number
}

/**
 * Stochastic control guidance: samples by the stochastic equation with the flow's own marginals, dx = [u + η(t u − x)]dt
 * + √(2η(1 − t))dW, where each step draws n candidates, predicts from each where it ends, x̂₁ = x + (1 − t)u, and keeps
 * the one whose prediction the rule likes best. No gradient of the rule is needed, and one candidate is plain
 * sampling. Huang et al., ICML 2024, algorithm 1, there for diffusions; the equation is Albergo, Boffi &
 * Vanden-Eijnden, 2023, with the score s = (t u − x)/(1 − t) of straight paths. Cost: n + 1 evaluations a step.
 * @example
 * const field = mixtureVelocity({ target: eightGaussians('ffjord') })
 * guideByRule({ field, rule: ([x]) => x, candidates: 8, steps: 20, count: 10, seed: 0 })
 */
export function guideByRule({
  field,
  rule,
  candidates,
  steps,
  noise = 1,
  until = 1,
  count,
  seed,
}: GuideByRuleOptions): NdArray<Float64Array> {
  expectField('guideByRule', field)
  expectCount('guideByRule', count, 'samples', 0)
  expectNumber('guideByRule', 'until', until)
  if (typeof rule !== 'function')
    throw misuse({
      where: 'guideByRule(rule)',
      expected: 'a function of the predicted end',
      got: show(rule),
      try: 'rule: ([x]) => x',
    })
  const n = field.stateSize
  for (const [name, value] of Object.entries({ candidates, steps }))
    if (!(Number.isInteger(value) && value > 0))
      throw misuse({
        where: 'guideByRule',
        expected: `a positive number of ${name}`,
        got: show(value),
        try: 'candidates: 8, steps: 50',
      })
  if (
    !(noise >= 0 && noise < Number.POSITIVE_INFINITY) ||
    field.outputSize !== n ||
    (noise === 0 && candidates > 1)
  )
    throw misuse({
      where: 'guideByRule',
      expected: 'a field from Rⁿ to Rⁿ, and noise that makes candidates differ',
      got: `R^${n} → R^${field.outputSize}, noise ${show(noise)}`,
      try: 'noise: 1',
    })
  const f = compile(field)
  const random = seededRandom(seed)
  const out = new Float64Array(count * n)
  const [u, x, candidate, best, end] = Array.from({ length: 5 }, () => new Float64Array(n))
  const h = 1 / steps
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < n; j++) x[j] = random.normal()
    for (let k = 0; k < steps; k++) {
      const t = k * h
      f(t, x, u, field.theta)
      // the diffusion of the middle of the step: at its end it vanishes for the last one
      const spread = Math.sqrt(2 * noise * (1 - t - h / 2) * h)
      const isGuided = t < until && candidates > 1
      let most = Number.NEGATIVE_INFINITY
      for (let c = 0; c < (isGuided ? candidates : 1); c++) {
        for (let j = 0; j < n; j++)
          candidate[j] =
            x[j] + h * (u[j] + noise * (t * u[j] - x[j])) + (noise > 0 ? spread * random.normal() : 0)
        const score = isGuided ? rule(predict(f, field, { t: t + h, x: candidate }, end)) : 0
        if (Number.isNaN(score))
          throw misuse({
            where: 'guideByRule(rule)',
            expected: 'a number that says how good the end is',
            got: show(score),
            try: '-Infinity for an end that is out of the question',
          })
        if (score >= most || c === 0) {
          most = score
          best.set(candidate)
        }
      }
      x.set(best)
    }
    out.set(x, i * n)
  }
  return ndarray(out, [count, n])
}

/** x̂₁ = x + (1 − t)u(t, x). */
function predict(
  f: ReturnType<typeof compile>,
  field: Field,
  { t, x }: { readonly t: number; readonly x: Float64Array },
  out: Float64Array,
): Float64Array {
  f(Math.min(t, 1), x, out, field.theta)
  for (let j = 0; j < x.length; j++) out[j] = x[j] + (1 - t) * out[j]
  return out
}
