import type { StepOutputs } from '../steps/stepDerivative.js'
import type { Tape } from '../steps/tape.js'
import type { Crossing } from './crossings.js'
import { holdCrossing } from './lossRows.js'
import { stepOutputs } from './outputTimes.js'
import type { Sweep } from './reverseSweep.js'
import type { Closing } from './stretches.js'

/** A direction in the space of (y₀, θ, t₀, t₁), carried along the solution. */
interface Tangent {
  readonly dy: Float64Array
  /** dθ, and how far the start of the present stretch moves */
  readonly parameters: Float64Array
  readonly dt1: number
  readonly within: StepOutputs
  /** the derivative of the loss along it */
  total: number
}

/**
 * Carries tangents of y₀, θ, t₀ and t₁ through the steps of a tape at once, and returns the derivatives of the
 * loss along all of them, in this order. At an event the closing step is as long as keeps g at 0: dh = −(∇g·dy
 * + g_θ dθ + g_t dt)/(∇g·Φ_h + g_t).
 */
export function forwardSweep(sweep: Sweep, tape: Tape, y: Float64Array): Float64Array {
  const { stretches, rows, functions, derivative } = sweep
  const { n, p, f, theta } = functions
  const { t, h, end } = tape
  const tangents = Array.from({ length: n + p + 1 }, (_, k): Tangent => {
    const within = stepOutputs(rows, new Float64Array(rows.count * n))
    return { dy: unit(n, k), parameters: unit(p, k - n), dt1: k === n + p ? 1 : 0, within, total: 0 }
  })
  const [slope, point] = [new Float64Array(n), new Float64Array(n)]
  const gradient = rows.values
  const state = (i: number) => {
    for (let m = 0; m < n; m++) point[m] = y[i * n + m]
    return point
  }
  let [s, c] = [0, 0]
  const moving = () => {
    for (const tangent of tangents) tangent.total += dot(gradient, s * n, tangent.dy, 0, n)
    s++
  }
  while (s < rows.count && rows.step[s] < 0) moving()
  for (let i = 0; i < tape.count; i++) {
    if (h[i] === 0) continue
    const closing = stretches.closing[c]?.[0] === i ? stretches.closing[c++][1] : undefined
    const crossing = typeof closing === 'object' ? closing : undefined
    derivative.enter(t[i], h[i], end[i], y, i * n)
    const lengths = lengthsOf(sweep, { t: t[i], h: h[i] }, tangents, closing)
    const first = s
    while (s < rows.count && rows.step[s] === i && rows.positions[s] !== 1) s++
    tangents.forEach(({ dy, parameters, within }, k) => {
      within.first = first
      within.last = s
      if (lengths[k] !== 0) functions.lengthening.vary(t[i], lengths[k] / h[i])
      derivative.pushforward(dy, parameters, within)
      functions.lengthening.stop()
    })
    for (let row = first; row < s; row++) {
      derivative.slope(rows.positions[row], slope)
      hold(sweep, row, slope, tangents)
      tangents.forEach((tangent, k) => {
        const moved = tangent.parameters[p - 1] + rows.positions[row] * lengths[k]
        tangent.total +=
          dot(gradient, row * n, tangent.within.values, row * n, n) -
          moved * dot(gradient, row * n, slope, 0, n)
      })
    }
    for (; s < rows.count && rows.step[s] === i; ) {
      if (rows.moves[s]) {
        moving()
        continue
      }
      f(end[i], state(i + 1), slope, theta)
      hold(sweep, s, slope, tangents)
      const rate = dot(gradient, s * n, slope, 0, n)
      tangents.forEach((tangent, k) => {
        tangent.total -= (tangent.parameters[p - 1] + lengths[k]) * rate
      })
      moving()
    }
    if (crossing !== undefined) {
      throughCrossing(sweep, crossing, lengths, tangents)
      while (s < rows.count && rows.step[s] === i + 1 && h[i + 1] === 0) moving()
    } else if (closing !== undefined) for (const { parameters } of tangents) parameters[p - 1] = 0
  }
  return Float64Array.from(tangents, ({ total }) => total)
}

/** How the length of a step changes along each tangent; the step was entered. */
function lengthsOf(
  { functions, derivative, events }: Sweep,
  { t, h }: { readonly t: number; readonly h: number },
  tangents: readonly Tangent[],
  closing: Closing | undefined,
): Float64Array {
  const { n, p, theta, lengthening } = functions
  if (closing === undefined) return new Float64Array(tangents.length)
  if (typeof closing === 'string')
    return Float64Array.from(tangents, ({ parameters, dt1 }) =>
      closing === 'span' ? dt1 - parameters[p - 1] : -parameters[p - 1],
    )
  const surface = events[closing.events[0]].surface(closing.t, closing.y, theta)
  const nowhere: StepOutputs = { positions: none, values: none, first: 0, last: 0 }
  const dy = new Float64Array(n)
  lengthening.vary(t, 1 / h)
  derivative.pushforward(dy, new Float64Array(p), nowhere)
  lengthening.stop()
  const passing = closing.touches ? Number.NaN : dot(surface, 0, dy, 0, n) + surface[n + p - 1]
  return Float64Array.from(tangents, (tangent) => {
    dy.set(tangent.dy)
    derivative.pushforward(dy, tangent.parameters, nowhere)
    return -(dot(surface, 0, dy, 0, n) + dot(surface, n, tangent.parameters, 0, p)) / passing
  })
}

/** The loss's share in a crossing, the resets, and the start of the next stretch. */
function throughCrossing(
  { functions, events, loss }: Sweep,
  crossing: Crossing,
  lengths: Float64Array,
  tangents: readonly Tangent[],
): void {
  const { n, p, theta } = functions
  const on = loss.ofCrossing(crossing)
  const resets = crossing.events.flatMap((k) => events[k].reset ?? [])
  const both = new Float64Array(n + p)
  tangents.forEach((tangent, k) => {
    const { dy, parameters } = tangent
    parameters[p - 1] += lengths[k]
    tangent.total += on.t * parameters[p - 1] + dot(on.y, 0, dy, 0, n)
    let y = crossing.y
    for (const reset of resets) {
      both.set(dy)
      both.set(parameters, n)
      dy.set(reset.push(crossing.t, y, both, theta))
      y = reset.value(crossing.t, y, theta).slice()
    }
    tangent.total += dot(on.after, 0, dy, 0, n)
  })
}

/** A crossing that was only noted becomes a state at a constant time. */
function hold(
  { rows, loss, events, functions: { p, theta } }: Sweep,
  s: number,
  slope: Float64Array,
  tangents: readonly Tangent[],
): void {
  const crossing = rows.crossings[s]
  if (crossing === undefined) return
  const surface = events[crossing.events[0]].surface(crossing.t, crossing.y, theta)
  const mu = new Float64Array(p)
  holdCrossing(rows, s, slope, { crossing, onTime: loss.ofCrossing(crossing).t, surface }, mu)
  for (const tangent of tangents) tangent.total += dot(mu, 0, tangent.parameters, 0, p - 1)
}

const none = new Float64Array(0)

function dot(a: Float64Array, atA: number, b: Float64Array, atB: number, length: number): number {
  let sum = 0
  for (let i = 0; i < length; i++) sum += a[atA + i] * b[atB + i]
  return sum
}

function unit(length: number, k: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => (i === k ? 1 : 0))
}
