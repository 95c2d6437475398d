import { misuse, show } from '@separatrix/field/core'

export interface PlugAndPlayOptions {
  /** writes ∇f(x), f the misfit to the data, with an L-Lipschitz gradient */
  readonly gradient: (x: Float64Array, out: Float64Array) => void
  /** writes D(x), a denoiser that does not expand, for convergence an averaged one */
  readonly denoiser: (x: Float64Array, out: Float64Array) => void
  /** τ < 2/L */
  readonly step: number
  readonly start: ArrayLike<number>
  readonly maxIterations: number
  /** of |x_{k+1} − x_k| */
  readonly tolerance: number
}

export interface PlugAndPlayResult {
  readonly x: Float64Array
  readonly status: 'success' | 'max-iterations' | 'non-finite'
  readonly message: string
  /** |x_{k+1} − x_k| of each iteration: for averaged D and τ < 2/L it tends to 0 */
  readonly residuals: Float64Array
}

/**
 * Plug-and-play forward–backward: x ← D(x − τ∇f(x)). With D the proximal map of τg it is ISTA and minimises f + g; with
 * an averaged denoiser it converges to a fixed point, which need not minimise anything. Venkatakrishnan, Bouman &
 * Wohlberg 2013; convergence: Combettes & Wajs, Multiscale Model. Simul. 4 (2005), theorem 3.4.
 * @example
 * // the least of ½(x − 3)² + |x| is at 2
 * const { x } = plugAndPlay({
 *   gradient: (x, out) => { out[0] = x[0] - 3 },
 *   denoiser: (x, out) => { out[0] = Math.sign(x[0]) * Math.max(Math.abs(x[0]) - 0.5, 0) },
 *   step: 0.5, start: [0], maxIterations: 200, tolerance: 1e-12,
 * })
 */
export function plugAndPlay({
  gradient,
  denoiser,
  step,
  start,
  maxIterations,
  tolerance,
}: PlugAndPlayOptions): PlugAndPlayResult {
  if (!(step > 0 && tolerance >= 0 && Number.isInteger(maxIterations) && maxIterations > 0))
    throw misuse({
      where: 'plugAndPlay',
      expected: 'a positive step and number of iterations, and a tolerance',
      got: show([step, maxIterations, tolerance]),
      try: 'step: 1, maxIterations: 1000, tolerance: 1e-8',
    })
  let x = Float64Array.from(start)
  const [slope, moved] = [new Float64Array(x.length), new Float64Array(x.length)]
  let next = new Float64Array(x.length)
  const residuals: number[] = []
  const done = (status: PlugAndPlayResult['status'], message: string): PlugAndPlayResult => ({
    x,
    status,
    message,
    residuals: Float64Array.from(residuals),
  })
  for (let k = 0; k < maxIterations; k++) {
    gradient(x, slope)
    for (let i = 0; i < x.length; i++) moved[i] = x[i] - step * slope[i]
    denoiser(moved, next)
    let square = 0
    for (let i = 0; i < x.length; i++) square += (next[i] - x[i]) ** 2
    const residual = Math.sqrt(square)
    if (!Number.isFinite(residual))
      return done('non-finite', `iteration ${k + 1} is not finite; try a step below 2/L`)
    residuals.push(residual)
    ;[x, next] = [next, x]
    if (residual <= tolerance) return done('success', `${k + 1} iterations`)
  }
  return done('max-iterations', `the residual is ${residuals.at(-1)} after ${maxIterations} iterations`)
}
