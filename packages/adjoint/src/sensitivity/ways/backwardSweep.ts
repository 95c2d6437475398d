import type { CompiledField } from '@separatrix/field/core'
import type { EventDerivative } from '../steps/eventDerivatives.js'
import type { Crossing } from './crossings.js'
import { type DifferentiatedLoss, holdCrossing } from './lossRows.js'
import { pullResets } from './pullResets.js'
import type { SmoothRows } from './smoothRows.js'
import type { SmoothStretch } from './smoothStretches.js'

/** What an adjoint equation is solved backwards over. */
export interface BackwardSweep {
  readonly span: readonly [number, number]
  readonly y0: Float64Array
  readonly stretches: readonly SmoothStretch[]
  readonly rows: SmoothRows
  readonly loss: DifferentiatedLoss
  readonly events: readonly EventDerivative[]
  readonly f: CompiledField
  readonly theta: Float64Array
}

/** A piece between two outputs, or from one to an end of a stretch, to be solved backwards. */
export interface AdjointPiece {
  readonly from: number
  readonly to: number
  readonly stretch: SmoothStretch
  /** the solution at `from` and at `to`, where it is known */
  readonly start: Float64Array | undefined
  readonly end: Float64Array | undefined
}

/**
 * Goes back over the outputs, breakpoints and events of a solve: λ jumps by ∂L/∂y at an output, and by the
 * transposed saltation matrix at an event, Sᵀλ = Rᵀλ + ν∇g with ν = −(λ·R f⁻ − λ·f⁺ + λ·R_t)/(∇g·f⁻ + g_t);
 * `integrate` in between returns whether it arrived. The last entry of μ ends as ∂L/∂t₀ = −λ·f. Hiskens & Pai,
 * IEEE Trans. Circuits Syst. I 47 (2000), section III. Returns ∂L/∂t₁, or undefined.
 */
export function backwardSweep(
  sweep: BackwardSweep,
  { lambda, mu }: { readonly lambda: Float64Array; readonly mu: Float64Array },
  integrate: (piece: AdjointPiece) => boolean,
): number | undefined {
  const { stretches, loss, events, f, theta, y0, rows } = sweep
  const [n, p] = [lambda.length, mu.length]
  const slope = new Float64Array(n)
  const alongSlope = (a: Float64Array) => slope.reduce((sum, v, m) => sum + v * a[m], 0)
  const surfaceOf = ({ events: [first], t, y }: Crossing) => events[first].surface(t, y, theta)
  let [s, dt1, now] = [rows.count - 1, 0, 0]
  let start: Float64Array | undefined
  const add = () => {
    for (let m = 0; m < n; m++) lambda[m] += rows.values[s * n + m]
    start = rows.state(s--)
  }
  /** whether row s is the solution at an end of stretch k, and moves along */
  const movesWith = (k: number, end: number) =>
    s >= 0 && rows.step[s] === k && rows.moves[s] === 1 && rows.times[s] === end
  const throughEvent = (crossing: Crossing, k: number) => {
    const { t, y, after } = crossing
    f(t, after, slope, theta)
    mu[p - 1] = -alongSlope(lambda)
    while (s >= 0 && rows.step[s] > k) add()
    pullResets({ n, theta, events, on: loss.ofCrossing(crossing) }, crossing, lambda, mu)
    while (movesWith(k, t)) add()
    const onEnd = mu[p - 1] + loss.ofCrossing(crossing).t
    const surface = surfaceOf(crossing)
    f(t, y, slope, theta)
    const passing = crossing.touches ? Number.NaN : alongSlope(surface) + surface[n + p - 1]
    const multiplier = -(alongSlope(lambda) + onEnd) / passing
    for (let m = 0; m < n; m++) lambda[m] += multiplier * surface[m]
    for (let j = 0; j < p; j++) mu[j] += multiplier * surface[n + j]
    start = y
  }
  const goTo = (to: number, stretch: SmoothStretch, end: Float64Array | undefined): boolean => {
    const nothing = to === now || lambda.every((v) => v === 0)
    const arrived = nothing || integrate({ from: now, to, stretch, start, end })
    now = to
    start = end
    return arrived
  }
  for (let k = stretches.length - 1; k >= 0; k--) {
    const stretch = stretches[k]
    const { closing } = stretch
    if (typeof closing === 'object') throughEvent(closing, k)
    if (closing === 'span' && movesWith(k, stretch.to)) {
      while (movesWith(k, stretch.to)) add()
      f(stretch.to, start as Float64Array, slope, theta)
      dt1 = alongSlope(lambda)
    }
    now = stretch.to
    for (; s >= 0 && rows.step[s] === k && !(k > 0 && movesWith(k, stretch.from)); add()) {
      const isPast = (rows.times[s] - stretch.to) * (stretch.to - stretch.from) > 0
      if (!goTo(isPast ? stretch.to : rows.times[s], stretch, rows.state(s))) return undefined
      const crossing = rows.crossings[s]
      if (crossing === undefined) continue
      f(crossing.t, crossing.y, slope, theta)
      holdCrossing(
        rows,
        s,
        slope,
        { crossing, onTime: loss.ofCrossing(crossing).t, surface: surfaceOf(crossing) },
        mu,
      )
    }
    const before = stretches[k - 1]?.closing
    const known = k === 0 ? y0 : typeof before === 'object' ? before.after : undefined
    if (!goTo(stretch.from, stretch, known)) return undefined
  }
  f(sweep.span[0], y0, slope, theta)
  mu[p - 1] = -alongSlope(lambda)
  while (s >= 0) add()
  return dt1
}
