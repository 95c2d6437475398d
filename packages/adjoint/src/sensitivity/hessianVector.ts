import { Builder, embed, type Field, jvp, makeArray, makeField, misuse, show } from '@separatrix/field/core'
import {
  type Event,
  type EventRecord,
  type Method,
  partitioned,
  resolvePartition,
  type SolveStats,
  type Splitting,
} from '@separatrix/ode'
import type { NdArray } from 'ndarray'
import type { GradientOptions, Sensitivity } from './gradient.js'
import { integralProblem } from './integral.js'
import type { SolutionLoss } from './loss.js'
import { sensitivity, type Via } from './sensitivity.js'
import { tangentEvents } from './tangentEvents.js'

/** A point, or a direction, in the space of y₀ and θ. */
export interface StateAndParameters {
  readonly dy0: Float64Array
  readonly dtheta: Float64Array
}

export interface HessianVectorOptions extends GradientOptions {
  /** the vector; zero where left out */
  readonly direction: { readonly dy0?: ArrayLike<number>; readonly dtheta?: ArrayLike<number> }
  /** how the tangent solve is differentiated; `discrete` unless said */
  readonly via?: Via
}

export interface HessianVector {
  /** of the loss */
  readonly value: number
  readonly gradient: StateAndParameters
  /** gradient · direction */
  readonly slope: number
  /** Hessian · direction */
  readonly product: StateAndParameters
  /** of the solve with its tangent */
  readonly stats: SolveStats
  readonly status: Sensitivity['status']
  readonly message: string
}

/**
 * The Hessian of a loss of a solution in (y₀, θ), times a vector: forward over adjoint. The solution is carried
 * with its tangent, v′ = (∂f/∂x)v + (∂f/∂θ)dθ, of the same steps (the tangent does not count in the error
 * norm); the loss becomes its derivative along the tangent, ∇L·v, and the gradient of that is the product.
 * Runge–Kutta steps, implicit ones and splittings commute with tangents, so that with `via: 'discrete'` the
 * product is that of the computed solution, exact to rounding, and symmetric. Events that reset the state carry the
 * tangent over as the exact solution does: the product then is that solution's, up to the error of the steps. The
 * loss sees outputs only, not events, and has to give ∇²L·dy as `hessianVector`; an `integral` is differentiated by
 * itself. Errors: 'hessian-through-events' where an event ends the solve, or resets come together. Cost: a gradient of
 * twice the states.
 * @example
 * const decay = system({ state: ['x'], params: { k: 0.5 }, dynamics: { x: '-k*x' } })
 * const loss = {
 *   value: (y) => y.get(0, 0) ** 2,
 *   gradient: (y, dy) => dy.set(0, 0, 2 * y.get(0, 0)),
 *   hessianVector: (y, dy, out) => out.set(0, 0, 2 * dy.get(0, 0)),
 * }
 * const { product } = hessianVector(decay, [1], [0, 1], { method: rk4, step: 0.1, saveAt: 'end', loss, direction: { dtheta: [1] } })
 * product.dtheta[0] // ∂²/∂k² of e^(−2k): 4e^(−2k)
 */
export function hessianVector(
  field: Field,
  y0: ArrayLike<number>,
  span: readonly [number, number],
  { direction, via = 'discrete', ...given }: HessianVectorOptions,
): HessianVector {
  const n = y0.length
  const dy0 = vector('direction.dy0', direction.dy0, n)
  const dtheta = vector('direction.dtheta', direction.dtheta, field.theta.length)
  const { integral } = given
  if (integral === undefined) return tangentGradient(field, { y0, dy0, dtheta }, span, given, via)
  const problem = integralProblem(field, integral)
  const start = { y0: problem.start(y0), dy0: problem.start(dy0), dtheta }
  const result = tangentGradient(problem.field, start, span, problem.options(given, span[1]), via)
  const own = ({ dy0: all, dtheta: rest }: StateAndParameters) => ({ dy0: all.slice(0, n), dtheta: rest })
  return { ...result, gradient: own(result.gradient), product: own(result.product) }
}

function vector(name: string, values: ArrayLike<number> | undefined, length: number): Float64Array {
  if (values === undefined) return new Float64Array(length)
  if (values.length === length) return Float64Array.from(values)
  throw misuse({
    where: `hessianVector(${name})`,
    expected: `${length} numbers`,
    got: `${values.length}`,
    try: 'one for each state, and one for each entry of θ',
    code: 'wrong-dimension',
  })
}

interface Start extends StateAndParameters {
  readonly y0: ArrayLike<number>
}

function tangentGradient(
  field: Field,
  { y0, dy0, dtheta }: Start,
  span: readonly [number, number],
  { loss, method, weights, events = [], ...options }: GradientOptions,
  via: Via,
): HessianVector {
  const [n, p] = [field.stateSize, field.theta.length]
  const directional = directionalLoss(loss, n, events)
  const extended = withTangent(field)
  const theta = Float64Array.from(options.theta ?? field.theta)
  const twice = (tolerance: typeof options.rtol) =>
    tolerance === undefined || typeof tolerance === 'number'
      ? tolerance
      : [...Array.from(tolerance), ...Array.from(tolerance)]
  const counted = weights === undefined ? Array.from({ length: n }, () => 1) : Array.from(weights)
  const found = sensitivity(extended, [...Array.from(y0), ...dy0], span, {
    ...options,
    events: tangentEvents(field, extended, events),
    via,
    method: methodWithTangent(method, n),
    rtol: twice(options.rtol),
    atol: twice(options.atol),
    ...(options.step === undefined ? { weights: [...counted, ...new Array<number>(n).fill(0)] } : {}),
    theta: [...theta, ...dtheta],
    loss: directional.loss,
  })
  const part = (from: Float64Array, start: number, length: number) => from.slice(start, start + length)
  return {
    value: found.status === 'success' ? directional.value() : Number.NaN,
    slope: found.value,
    gradient: { dy0: part(found.dy0, n, n), dtheta: part(found.dtheta, p, p) },
    product: { dy0: part(found.dy0, 0, n), dtheta: part(found.dtheta, 0, p) },
    stats: found.stats,
    status: found.status,
    message: found.message,
  }
}

/** (y, v)′ = (f, (∂f/∂x)v + (∂f/∂θ)dθ), with dθ as parameters behind θ. */
function withTangent(field: Field): Field {
  const [n, p] = [field.stateSize, field.theta.length]
  const b = new Builder()
  const range = (from: number, length: number) => Array.from({ length }, (_, i) => from + i)
  const [all, parameters] = [b.leaf('state', 2 * n), b.leaf('theta', 2 * p)]
  const theta = b.gather(parameters, range(0, p))
  const rate = embed(b, field, { state: b.gather(all, range(0, n)), theta })
  const tangent = embed(b, jvp(field, { wrt: ['state', 'theta'] }), {
    state: b.concat([all, b.gather(parameters, range(p, p))]),
    theta,
  })
  return makeField(b, b.concat([rate, tangent]), {
    ...field,
    name: `tangent of ${field.name}`,
    stateNames: [...field.stateNames, ...field.stateNames.map((s) => `d${s}`)],
    theta: Float64Array.from([...field.theta, ...new Float64Array(p)]),
    layout: [
      ...field.layout,
      ...field.layout.map((block) => ({ ...block, name: `d${block.name}`, offset: block.offset + p })),
    ],
  })
}

/** Tangents of positions are positions, and those of momenta momenta. */
function methodWithTangent(method: Method, n: number): Method {
  if (method.family !== 'symplectic') return method
  const splitting = method as Splitting
  const { q, p } = resolvePartition(method.name, n, splitting.partition)
  const both = (list: readonly number[]) => [...list, ...list.map((i) => i + n)]
  return partitioned(splitting, { ...splitting.partition, q: both(q), p: both(p) })
}

/** ∇L(y)·v of outputs [y; v], whose gradient is (∇²L·v, ∇L). */
function directionalLoss(loss: SolutionLoss | undefined, n: number, events: readonly Event[]) {
  if (typeof loss?.hessianVector !== 'function')
    throw misuse({
      where: 'hessianVector',
      expected: 'a loss with hessianVector(y, dy, out), which writes ∇²L·dy',
      got: show(loss),
      try: 'hessianVector: (_y, dy, out) => … 2*dy for a sum of squares; it is zero for a linear loss',
      code: 'no-second-derivative',
    })
  const { hessianVector: second } = loss
  const none = { records: [], t: new Float64Array(0), y: empty(n), after: empty(n) }
  let value = Number.NaN
  const halves = ({ data, shape: [rows] }: NdArray<Float64Array>) => {
    const [y, v] = [new Float64Array(rows * n), new Float64Array(rows * n)]
    for (let s = 0; s < rows; s++) {
      y.set(data.subarray(2 * n * s, 2 * n * s + n), n * s)
      v.set(data.subarray(2 * n * s + n, 2 * n * (s + 1)), n * s)
    }
    return { y: makeArray(y, [rows, n]), v: makeArray(v, [rows, n]) }
  }
  const gradientAt = (y: NdArray<Float64Array>) => {
    const dy = makeArray(new Float64Array(y.data.length), y.shape)
    loss.gradient(y, dy, none, { t: none.t, y: empty(n), after: empty(n) })
    return dy.data
  }
  const directional: SolutionLoss = {
    value(both, { records }) {
      refuseTogether(events, records)
      const { y, v } = halves(both)
      value = loss.value(y, none)
      return gradientAt(y).reduce((sum, g, k) => sum + g * v.data[k], 0)
    },
    gradient(both, d) {
      const { y, v } = halves(both)
      const onV = gradientAt(y)
      const onY = makeArray(new Float64Array(onV.length), y.shape)
      second(y, v, onY)
      for (let s = 0; s < y.shape[0]; s++) {
        d.data.set(onY.data.subarray(n * s, n * (s + 1)), 2 * n * s)
        d.data.set(onV.subarray(n * s, n * (s + 1)), 2 * n * s + n)
      }
    },
  }
  return { loss: directional, value: () => value }
}

/** Of resets at one time the first moves it for all, which the tangent of the others does not know. */
function refuseTogether(events: readonly Event[], records: readonly EventRecord[]): void {
  const resets = records.filter(({ event }) => events[event].reset !== undefined)
  const both = resets.find(({ t }, k) => k > 0 && resets[k - 1].t === t)
  if (both === undefined) return
  throw misuse({
    where: 'hessianVector',
    expected: 'resets at different times',
    got: `two at ${both.t}`,
    try: 'one event whose reset does both',
    code: 'hessian-through-events',
  })
}

const empty = (n: number): NdArray<Float64Array> => makeArray(new Float64Array(0), [0, n])
