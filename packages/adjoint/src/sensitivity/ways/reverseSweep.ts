import type { DerivativeFunctions } from '../steps/derivativeFunctions.js'
import type { EventDerivative } from '../steps/eventDerivatives.js'
import type { StepDerivative } from '../steps/stepDerivative.js'
import type { Crossing } from './crossings.js'
import { type DifferentiatedLoss, holdCrossing, type LossRows } from './lossRows.js'
import { stepOutputs } from './outputTimes.js'
import { pullResets } from './pullResets.js'
import type { Segments } from './segments.js'
import type { Stretches } from './stretches.js'

/** A solve and its loss, ready to be differentiated. */
export interface Sweep {
  readonly stretches: Stretches
  readonly rows: LossRows
  readonly loss: DifferentiatedLoss
  readonly functions: DerivativeFunctions
  readonly derivative: StepDerivative
  readonly events: readonly EventDerivative[]
}

/** ∂L/∂y₀ as λ, ∂L/∂(θ, t₀) as μ, and ∂L/∂t₁. */
export interface SweptBack {
  readonly lambda: Float64Array
  readonly mu: Float64Array
  readonly dt1: number
}

/**
 * Goes back through the steps of a tape: λ ← (∂Φ/∂y)ᵀλ and μ ← μ + (∂Φ/∂θ)ᵀλ, the outputs' cotangents
 * entering where they were taken. The last entry of μ is ∂L/∂(start of the stretch), for which the length of
 * its closing step is differentiated too. Where an event closes it, that length is the root of g, so that its
 * cotangent has to vanish: λ + ν∇g, with ν = −(∂L/∂h + ∂L/∂t)/(∇g·Φ_h + g_t), which for small steps is the
 * saltation matrix.
 */
export function reverseSweep(sweep: Sweep, segments: Segments): SweptBack {
  const { stretches, rows, functions, derivative, events } = sweep
  const { n, p, theta } = functions
  const [lambda, mu] = [new Float64Array(n), new Float64Array(p)]
  const within = stepOutputs(rows, rows.values)
  const hold = heldRows(sweep, lambda, mu)
  const { pullbackSteps } = derivative
  let [s, c, dt1] = [rows.count - 1, stretches.closing.length - 1, 0]
  for (const { first, last, y, tape, base } of segments())
    for (let i = last - 1; i >= first; ) {
      const at = (i - first) * n
      const [t, h, end] = [tape.t[i - base], tape.h[i - base], tape.end[i - base]]
      const closing = c >= 0 && stretches.closing[c][0] === i ? stretches.closing[c][1] : undefined
      if (h === 0) {
        // a reset; its outputs enter where the step before it is closed
        i--
        continue
      }
      const crossing = typeof closing === 'object' ? closing : undefined
      if (crossing !== undefined) {
        for (; s >= 0 && rows.step[s] > i; s--) hold.moving(s)
        pullResets({ n, theta, events, on: sweep.loss.ofCrossing(crossing) }, crossing, lambda, mu)
      }
      // when the step ends is given, or comes from g: what follows it moves that time, and not its start
      const onEnd = closing === undefined ? 0 : mu[p - 1] + (crossing ? sweep.loss.ofCrossing(crossing).t : 0)
      if (closing !== undefined) mu[p - 1] = 0
      let onLength = 0
      for (; s >= 0 && rows.step[s] === i && rows.positions[s] === 1; s--)
        onLength -= rows.moves[s] ? hold.moving(s) : hold.atEnd(s, end, y, at + n)
      within.last = s + 1
      while (s >= 0 && rows.step[s] === i) s--
      within.first = s + 1
      if (closing === undefined && pullbackSteps !== undefined && within.first === within.last) {
        // up to the step of the next output, whose end that may be, or to the next that closes a stretch
        const output = s >= 0 ? rows.step[s] : -1
        const next = Math.max(first, 1 + Math.max(output, c >= 0 ? stretches.closing[c][0] : -1))
        pullbackSteps({ first: next - base, last: i + 1 - base, from: first - base }, tape, y, lambda, mu)
        i = next - 1
        continue
      }
      derivative.enter(t, h, end, y, at)
      for (let k = within.first; k < within.last; k++) onLength -= hold.inside(k)
      if (closing === undefined) derivative.pullback(lambda, mu, within)
      else {
        functions.lengthening.measure(t)
        derivative.pullback(lambda, mu, within)
        onLength += functions.lengthening.measured() / h
        if (crossing !== undefined) throughCrossing(sweep, crossing, { t, h, lambda, mu, onLength, onEnd })
        else mu[p - 1] -= onLength
        if (closing === 'span') dt1 = onLength
        c--
      }
      i--
    }
  for (; s >= 0; s--) hold.moving(s)
  return { lambda, mu, dt1 }
}

/** Adds rows of the loss to λ; a constant time, seen from a step that moves, moves the other way. */
function heldRows(
  { rows, loss, functions, derivative, events }: Sweep,
  lambda: Float64Array,
  mu: Float64Array,
) {
  const { n, p, f, theta } = functions
  const [slope, point] = [new Float64Array(n), new Float64Array(n)]
  const settle = (s: number): number => {
    const crossing = rows.crossings[s]
    if (crossing !== undefined) {
      const surface = events[crossing.events[0]].surface(crossing.t, crossing.y, theta)
      holdCrossing(rows, s, slope, { crossing, onTime: loss.ofCrossing(crossing).t, surface }, mu)
    }
    let rate = 0
    for (let m = 0; m < n; m++) rate += slope[m] * rows.values[s * n + m]
    mu[p - 1] -= rate
    return rate
  }
  const add = (s: number) => {
    for (let m = 0; m < n; m++) lambda[m] += rows.values[s * n + m]
  }
  return {
    moving(s: number): number {
      add(s)
      return 0
    },
    atEnd(s: number, time: number, y: Float64Array, at: number): number {
      for (let m = 0; m < n; m++) point[m] = y[at + m]
      f(time, point, slope, theta)
      const rate = settle(s)
      add(s)
      return rate
    },
    inside(s: number): number {
      derivative.slope(rows.positions[s], slope)
      return rows.positions[s] * settle(s)
    },
  }
}

interface AtCrossing {
  /** the closing step */
  readonly t: number
  readonly h: number
  readonly lambda: Float64Array
  readonly mu: Float64Array
  /** ∂L/∂h of the closing step at constant start, its end's time apart */
  readonly onLength: number
  /** ∂L/∂ of the time it ends at */
  readonly onEnd: number
}

/** Adds the multiplier of g = 0: the closing step was entered, and λ pulled back through it. */
function throughCrossing(
  { functions, derivative, events }: Sweep,
  crossing: Crossing,
  { t, h, lambda, mu, onLength, onEnd }: AtCrossing,
): void {
  const { n, p, theta, lengthening } = functions
  const surface = events[crossing.events[0]].surface(crossing.t, crossing.y, theta)
  const [normal, ofNormal] = [surface.slice(0, n), new Float64Array(p)]
  lengthening.measure(t)
  derivative.pullback(normal, ofNormal, { positions: none, values: none, first: 0, last: 0 })
  const passing = lengthening.measured() / h + surface[n + p - 1]
  const multiplier = crossing.touches ? Number.NaN : -(onLength + onEnd) / passing
  for (let m = 0; m < n; m++) lambda[m] += multiplier * normal[m]
  for (let k = 0; k < p; k++) mu[k] += multiplier * (ofNormal[k] + surface[n + k])
  mu[p - 1] += onEnd
}

const none = new Float64Array(0)
