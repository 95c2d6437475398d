import { Builder, type Field, makeField, misuse, type Ref, show } from '@separatrix/field/core'
import { expectNumber } from '../check/expectNumber.js'
import type { GaussianMixture } from './gaussianMixture.js'

/** Graphs of a schedule x(t) = α(t)x₀ + β(t)x₁ with its rates. */
interface Schedule {
  readonly alpha: Ref
  readonly beta: Ref
  readonly alphaRate: Ref
  readonly betaRate: Ref
}

const schedules = {
  straight: (b: Builder, t: Ref): Schedule => ({
    alpha: b.sub(b.constant(1), t),
    beta: t,
    alphaRate: b.constant(-1),
    betaRate: b.constant(1),
  }),
  trigonometric: (b: Builder, t: Ref): Schedule => {
    const rate = b.constant(Math.PI / 2, true)
    const [c, s] = [b.unary('cos', b.mul(rate, t)), b.unary('sin', b.mul(rate, t))]
    return { alpha: c, beta: s, alphaRate: b.neg(b.mul(rate, s)), betaRate: b.mul(rate, c) }
  },
} as const

export interface MixtureVelocityOptions {
  readonly target: GaussianMixture
  readonly path?: keyof typeof schedules
  /** constant noise about the path; 0 */
  readonly sigma?: number
}

/**
 * The velocity that flow matching looks for, in closed form: from N(0, I) to a mixture of normals N(c_k, vI)
 * along x(t) = αx₀ + βx₁ + σε. The marginal is the mixture of N(βc_k, S), S = α² + β²v + σ²; each component
 * moves by u_k = β′c_k + (αα′ + ββ′v)/S·(x − βc_k), and u = Σ w_k u_k with the posterior shares w_k ∝ e^{−|x − βc_k|²/2S}.
 * Lipman et al., ICLR 2023, theorem 3, and Bayes. Its flow has exactly the mixture's density at t = 1.
 * @example mixtureVelocity({ target: eightGaussians('torchcfm') })
 */
export function mixtureVelocity(options: MixtureVelocityOptions): Field {
  return build(options, `velocity to ${options.target.name}`, (b, m) => {
    const rate = b.div(
      b.add(b.mul(m.alpha, m.alphaRate), b.mul(b.mul(m.beta, m.betaRate), b.constant(m.v))),
      m.S,
    )
    return m.average((c, away) => b.add(b.mul(m.betaRate, c), b.mul(rate, away)))
  })
}

/** ∇ log p_t of the same marginals: Σ w_k (βc_k − x)/S. */
export function mixtureScore(options: MixtureVelocityOptions): Field {
  return build(options, `score of ${options.target.name}`, (b, { S, average }) =>
    b.neg(
      b.div(
        average((_c, away) => away),
        S,
      ),
    ),
  )
}

interface Marginal extends Schedule {
  readonly v: number
  readonly S: Ref
  /** Σ w_k g(c_k, x − βc_k) */
  average(g: (c: Ref, away: Ref) => Ref): Ref
}

function build(
  { target, path = 'straight', sigma = 0 }: MixtureVelocityOptions,
  name: string,
  output: (b: Builder, marginal: Marginal) => Ref,
): Field {
  const { means, deviation } = target
  if (!Array.isArray(means))
    throw misuse({
      where: 'mixtureVelocity',
      expected: 'a mixture of normals',
      got: show(target),
      try: "eightGaussians('torchcfm'), or gaussianMixture({ … })",
    })
  if (!Object.hasOwn(schedules, path))
    throw misuse({
      where: 'mixtureVelocity',
      expected: `one of ${Object.keys(schedules).join(', ')}`,
      got: show(path),
      try: "path: 'straight'",
    })
  expectNumber('mixtureVelocity', 'sigma', sigma, { least: 0 })
  const b = new Builder()
  const n = (means[0] as readonly number[]).length
  const x = b.leaf('state', n)
  const schedule = schedules[path](b, b.leaf('time', 1))
  const v = deviation * deviation
  const S = b.add(
    b.add(b.powi(schedule.alpha, 2), b.mul(b.powi(schedule.beta, 2), b.constant(v))),
    b.constant(sigma * sigma),
  )
  const centres = means.map((c) => b.constant(c))
  const away = centres.map((c) => b.sub(x, b.mul(schedule.beta, c)))
  const exponents = away.map((a) => b.div(b.dot(a, a), b.mul(b.constant(-2), S)))
  // the largest exponent is taken off all, so that the shares of far points are no 0/0
  const most = exponents.reduce((a, e) => b.binary('max', a, e))
  const weights = exponents.map((e) => b.unary('exp', b.sub(e, most)))
  const total = weights.reduce((a, w) => b.add(a, w))
  const average: Marginal['average'] = (g) =>
    b.div(
      centres
        .map((c, k) => b.mul(weights[k] as Ref, g(c, away[k] as Ref)))
        .reduce((a, term) => b.add(a, term)),
      total,
    )
  return makeField(b, output(b, { ...schedule, v, S, average }), {
    name,
    stateNames: Array.from({ length: n }, (_, i) => `x${i + 1}`),
    inputNames: [],
    theta: new Float64Array(0),
    layout: [],
  })
}
