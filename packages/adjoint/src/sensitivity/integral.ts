import {
  Builder,
  embed,
  expectField,
  type Field,
  makeArray,
  makeField,
  misuse,
  shareTheta,
  show,
} from '@separatrix/field/core'
import type { Event, Method, Tolerance } from '@separatrix/ode'
import type { NdArray } from 'ndarray'
import type { GradientOptions, PreparedSensitivity, Way } from './gradient.js'
import type { LossCrossings, LossEvents, SolutionLoss } from './loss.js'

const range = (length: number) => Array.from({ length }, (_, i) => i)

/**
 * The running cost as one more state, z′ = c(t, y, θ) from z(t₀) = 0, so that every way differentiates
 * ∫c dt like anything else: the solver's own error estimate counts it, and L gets z(t₁) added.
 */
export interface IntegralProblem {
  readonly field: Field
  start(y0: ArrayLike<number>): Float64Array
  options(options: GradientOptions, t1: number): GradientOptions
}

/** Adds a running cost to a field. */
export function integralProblem(field: Field, integral: Field): IntegralProblem {
  expectField('sensitivity(integral)', integral)
  const n = field.stateSize
  if (integral.stateSize !== n || integral.outputSize !== 1)
    throw misuse({
      where: 'sensitivity(integral)',
      expected: `a scalar field on ${n} states`,
      got: show(integral),
      try: "expression('x^2', ['x', …])",
      code: 'wrong-dimension',
    })
  const b = new Builder()
  const state = b.gather(b.leaf('state', n + 1), range(n))
  const rate = [field, shareTheta(integral, field)].map((f) => embed(b, f, { state }))
  const augmented = makeField(b, b.concat(rate), {
    ...field,
    name: `${field.name} with ∫${integral.name}`,
    stateNames: [...field.stateNames, `∫${integral.name}`],
  })
  const lift = liftedEvents(n)
  return {
    field: augmented,
    start: (y0) => Float64Array.from([...Array.from(y0), 0]),
    options({ integral: _integral, loss, saveAt, events, rtol, atol, weights, ...rest }, t1) {
      const times = saveAt === undefined || saveAt === 'end' ? saveAt : withEnd(saveAt, t1)
      const given = typeof saveAt === 'object' && 'length' in saveAt ? saveAt.length : undefined
      return {
        ...rest,
        saveAt: times,
        rtol: spread(rtol),
        atol: spread(atol),
        ...(weights === undefined ? {} : { weights: [...Array.from(weights), 1] }),
        ...(events === undefined ? {} : { events: events.map(lift) }),
        loss: totalLoss(n, loss, given),
      }
    },
  }
}

/** A way that also takes `integral`. */
export function withIntegral(way: Way, field: Field, method: Method): PreparedSensitivity {
  const plain = way(field, method)
  const known = new WeakMap<Field, { problem: IntegralProblem; prepared: PreparedSensitivity }>()
  return (y0, span, options) => {
    const { integral } = options
    if (integral === undefined) return plain(y0, span, options)
    refuseSplitting(method)
    let found = known.get(integral)
    if (found === undefined) {
      const problem = integralProblem(field, integral)
      found = { problem, prepared: way(problem.field, method) }
      known.set(integral, found)
    }
    const { problem, prepared } = found
    const result = prepared(problem.start(y0), span, problem.options(options, span[1]))
    return { ...result, dy0: result.dy0.slice(0, field.stateSize) }
  }
}

function refuseSplitting({ name, family }: Method): void {
  if (family !== 'symplectic') return
  throw misuse({
    where: `sensitivity(${name})`,
    expected: 'a method that is not split, for an integral is neither a position nor a momentum',
    got: name,
    try: 'implicitMidpoint, which is symplectic as well, or a sum over outputs in the loss',
    code: 'integral-with-splitting',
  })
}

/** Components have tolerances of their own: the integral gets the tightest. */
function spread(tolerance: Tolerance | undefined): Tolerance | undefined {
  if (tolerance === undefined || typeof tolerance === 'number') return tolerance
  const list = Array.from(tolerance)
  return [...list, Math.min(...list)]
}

/** The end has to be among the outputs, since the integral is read there. */
function withEnd(saveAt: NonNullable<GradientOptions['saveAt']>, t1: number): number[] {
  if (typeof saveAt === 'object' && 'length' in saveAt) return [...Array.from(saveAt), t1]
  throw misuse({
    where: 'sensitivity(integral)',
    expected: "chosen times, 'end', or every step",
    got: show(saveAt),
    try: "saveAt: 'end'",
    code: 'bad-times',
  })
}

/** Events of the state, on the state and the integral, which resets leave alone. */
function liftedEvents(n: number): (event: Event) => Event {
  const lifted = new WeakMap<Field, Field>()
  const lift = (given: Field, isReset: boolean): Field => {
    const found = lifted.get(given)
    if (found !== undefined) return found
    const b = new Builder()
    const all = b.leaf('state', n + 1)
    const value = embed(b, given, { state: b.gather(all, range(n)) })
    const field = makeField(b, isReset ? b.concat([value, b.gather(all, [n])]) : value, {
      ...given,
      stateNames: [...given.stateNames, '∫'],
    })
    lifted.set(given, field)
    return field
  }
  return (event) => {
    const { when, reset } = event
    return {
      ...event,
      when: typeof when === 'function' ? when : lift(when, false),
      ...(reset === undefined ? {} : { reset: typeof reset === 'function' ? reset : lift(reset, true) }),
    }
  }
}

/**
 * The loss of the first n columns, plus the integral where the solve ended: in the last output; or, where a
 * terminal event came before chosen times, of which there are then fewer than `given` and the end, at that.
 */
function totalLoss(n: number, loss: SolutionLoss | undefined, given: number | undefined): SolutionLoss {
  const shown = ({ shape: [times] }: NdArray) => (given === undefined ? times : Math.min(times, given))
  const arrived = ({ shape: [times] }: NdArray) => given === undefined || times === given + 1
  return {
    value(y, events) {
      const end = arrived(y) ? y : events.y
      const integral = end.get(end.shape[0] - 1, n)
      if (loss === undefined) return integral
      return loss.value(first(y, shown(y), n), firstOfEvents(events, n)) + integral
    },
    gradient(y, dy, events, devents) {
      const end = arrived(y) ? dy : devents.y
      end.set(end.shape[0] - 1, n, 1)
      if (loss === undefined) return
      const zeros = (shape: readonly number[]) =>
        makeArray(new Float64Array(shape[0] * shape[1]), [shape[0], shape[1]])
      const rows = shown(y)
      const inner = {
        dy: zeros([rows, n]),
        t: devents.t,
        y: zeros([devents.t.length, n]),
        after: zeros([devents.t.length, n]),
      }
      loss.gradient(first(y, rows, n), inner.dy, firstOfEvents(events, n), inner)
      add(inner.dy, dy)
      add(inner.y, devents.y)
      add(inner.after, devents.after)
    },
    // the integral enters linearly
    hessianVector(y, dy, out) {
      if (loss === undefined) return
      if (loss.hessianVector === undefined)
        throw misuse({
          where: 'hessianVector',
          expected: 'a loss with hessianVector(y, dy, out), which writes ∇²L·dy',
          got: 'one without',
          try: 'hessianVector: (_y, dy, out) => … 2*dy for a sum of squares; it is zero for a linear loss',
          code: 'no-second-derivative',
        })
      const rows = shown(y)
      const inner = makeArray(new Float64Array(rows * n), [rows, n])
      loss.hessianVector(first(y, rows, n), first(dy, rows, n), inner)
      add(inner, out)
    },
  }
}

/** The first columns of the first rows, copied. */
function first({ data, shape }: NdArray<Float64Array>, rows: number, n: number): NdArray<Float64Array> {
  const width = shape[1]
  return makeArray(
    Float64Array.from({ length: rows * n }, (_, i) => data[Math.floor(i / n) * width + (i % n)]),
    [rows, n],
  )
}

function firstOfEvents(events: LossEvents, n: number): LossEvents {
  const { length } = events.t
  return { ...events, y: first(events.y, length, n), after: first(events.after, length, n) }
}

function add(from: LossCrossings['y'], to: LossCrossings['y']): void {
  const [rows, n] = from.shape
  for (let s = 0; s < rows; s++) for (let m = 0; m < n; m++) to.set(s, m, to.get(s, m) + from.get(s, m))
}
