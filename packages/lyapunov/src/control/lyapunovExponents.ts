import { compile, expectField, type Field, jvp, misuse, show } from '@separatrix/field/core'
import { type SolveOptions, solve } from '@separatrix/ode'

export interface LyapunovExponentsOptions
  extends Pick<SolveOptions, 'method' | 'rtol' | 'atol' | 'step' | 'theta'> {
  /** how long the tangents are followed */
  readonly time: number
  /** how long the state runs first, onto the attractor; 0 */
  readonly transient?: number
  /** time between two orthonormalizations; 0.5 */
  readonly interval?: number
  /** how many exponents, the largest first; all by default */
  readonly count?: number
}

export interface LyapunovExponents {
  /** per unit of time, descending up to their errors */
  readonly exponents: Float64Array
  /** of each, from ten batches of the run: it says how far the average has settled */
  readonly standardErrors: Float64Array
  /** whether the whole time was solved; exponents are of what was */
  readonly status: 'success' | 'failed'
  readonly message: string
}

/** Batches whose means give the error. */
const batches = 10

/**
 * Lyapunov exponents along a solution: tangents v' = J(x)v follow it, and are made orthonormal again at every interval;
 * the mean growth of the k-th direction is λ_k. Their sum is the mean of ∇·f. Benettin, Galgani, Giorgilli & Strelcyn,
 * Meccanica 15 (1980), eq. 16–18. Cost: (1 + count) solves of the field; averages settle like 1/√time.
 * @example
 * lyapunovExponents(lorenz(), [1, 1, 1], { method: tsit5, rtol: 1e-8, atol: 1e-8, transient: 10, time: 50 }).exponents // about 0.91, 0, −14.57
 */
export function lyapunovExponents(
  field: Field,
  y0: ArrayLike<number>,
  { time, transient = 0, interval = 0.5, count, ...solving }: LyapunovExponentsOptions,
): LyapunovExponents {
  const where = 'lyapunovExponents'
  expectField(where, field)
  const n = field.stateSize
  const k = count ?? n
  for (const [
    name,
    value,
    least,
  ] of [['time', time, 0], ['interval', interval, 0], ['transient', transient, -1]] as const) // biome-ignore format: table
    if (!(value > least && Number.isFinite(value)))
      throw misuse({ where, expected: `a positive ${name}`, got: show(value), try: `${name}: 1` })
  if (
    field.inputSize > 0 ||
    field.outputSize !== n ||
    y0.length !== n ||
    !(Number.isInteger(k) && k >= 1 && k <= n)
  )
    throw misuse({
      where,
      expected: `a closed field, a state of length ${n} and a count from 1 to ${n}`,
      got: `${field.inputSize} inputs, length ${y0.length}, count ${show(k)}`,
      try: 'closeLoop(plant, controller)',
      code: 'wrong-dimension',
    })
  const begun = transient > 0 ? solve(field, y0, [0, transient], { ...solving, saveAt: 'end' }) : undefined
  const state = new Float64Array(n * (1 + k))
  for (let i = 0; i < n; i++) state[i] = begun === undefined ? y0[i] : begun.y.get(0, i)
  for (let j = 0; j < k; j++) state[n + j * n + j] = 1
  const steps = Math.max(batches, Math.ceil(time / interval))
  const h = time / steps
  const follow = tangentField(field, k, solving.theta)
  const { theta: _theta, ...options } = solving
  const growth: Float64Array[] = []
  let failure = begun === undefined || begun.status === 'success' ? undefined : begun.message
  for (let i = 0; i < steps && failure === undefined; i++) {
    const from = transient + i * h
    const { y, status, message } = solve(follow, state, [from, from + h], { ...options, saveAt: 'end' })
    if (status !== 'success') failure = message
    else {
      for (let m = 0; m < state.length; m++) state[m] = y.get(0, m)
      growth.push(orthonormalize(state, n, k))
    }
  }
  return {
    ...average(growth, k, h),
    status: failure === undefined ? 'success' : 'failed',
    message: failure ?? '',
  }
}

/** [x; v₁; …] ↦ [f; J·v₁; …]. */
function tangentField(field: Field, k: number, theta?: ArrayLike<number>) {
  const n = field.stateSize
  const [f, df] = [compile(field), compile(jvp(field))]
  const parameters = theta === undefined ? field.theta : Float64Array.from(theta)
  const [x, both, out] = [new Float64Array(n), new Float64Array(2 * n), new Float64Array(n)]
  return (t: number, s: Float64Array, ds: Float64Array) => {
    for (let i = 0; i < n; i++) x[i] = both[i] = s[i]
    f(t, x, out, parameters)
    ds.set(out)
    for (let j = 1; j <= k; j++) {
      for (let i = 0; i < n; i++) both[n + i] = s[j * n + i]
      df(t, both, out, parameters)
      ds.set(out, j * n)
    }
  }
}

/** Gram and Schmidt's method, twice for the sake of rounding; returns the logarithms of the lengths. */
function orthonormalize(state: Float64Array, n: number, k: number): Float64Array {
  const logarithms = new Float64Array(k)
  const vector = (j: number) => state.subarray(n + j * n, n + (j + 1) * n)
  for (let j = 0; j < k; j++) {
    const v = vector(j)
    for (let pass = 0; pass < 2; pass++)
      for (let i = 0; i < j; i++) {
        const u = vector(i)
        const dot = u.reduce((sum, c, m) => sum + c * v[m], 0)
        for (let m = 0; m < n; m++) v[m] -= dot * u[m]
      }
    const length = Math.hypot(...v)
    logarithms[j] = Math.log(length)
    for (let m = 0; m < n; m++) v[m] /= length
  }
  return logarithms
}

function average(growth: readonly Float64Array[], k: number, h: number) {
  const mean = (list: readonly Float64Array[], j: number) =>
    list.reduce((sum, g) => sum + g[j], 0) / (list.length * h)
  const size = Math.floor(growth.length / batches)
  const parts =
    size === 0 ? [] : Array.from({ length: batches }, (_, b) => growth.slice(b * size, (b + 1) * size))
  const exponents = Float64Array.from({ length: k }, (_, j) => mean(growth, j))
  const standardErrors = Float64Array.from({ length: k }, (_, j) => {
    const means = parts.map((part) => mean(part, j))
    const centre = means.reduce((s, v) => s + v, 0) / means.length
    return Math.sqrt(means.reduce((s, v) => s + (v - centre) ** 2, 0) / (means.length * (means.length - 1)))
  })
  return { exponents, standardErrors }
}
