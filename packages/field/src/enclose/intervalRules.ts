import { isExactDecimal } from '../graph/exact.js'
import type { Binary, NodeOf, Unary } from '../graph/node.js'
import * as e from './exponential.js'
import { down, relativeStep, smallestStep, sumDown, sumUp, up } from './rounding.js'
import * as t from './trigonometric.js'

/** [lo, hi], or NaN in both where the operation is undefined somewhere: NaN satisfies no inequality. */
export interface Interval {
  readonly lo: number
  readonly hi: number
}

const nothing: Interval = { lo: Number.NaN, hi: Number.NaN }
const isSound = (x: Interval) => x.lo <= x.hi
const monotone =
  (lower: (x: number) => number, upper: (x: number) => number) =>
  (x: Interval): Interval =>
    isSound(x) ? { lo: lower(x.lo), hi: upper(x.hi) } : nothing

/** The interval that a constant node means: a point, or one ulp about a double that stands for a decimal. */
export function constantInterval(value: number, exact: boolean): Interval {
  if (exact || isExactDecimal(value)) return { lo: value, hi: value }
  return { lo: down(value), hi: up(value) }
}

/** Whether constant bounds are one number, not 0: it can scale and divide. */
export function isFactor({ lo, hi }: Interval): boolean {
  return lo === hi && lo !== 0
}

/** Enclosure of each elementwise function of one argument. */
export const unaryInterval: { readonly [K in Unary]: (x: Interval) => Interval } = {
  neg: (x) => ({ lo: -x.hi, hi: -x.lo }),
  sqrt: (x) =>
    x.lo >= 0 && isSound(x) ? { lo: sumDown(Math.sqrt(x.lo)), hi: sumUp(Math.sqrt(x.hi)) } : nothing,
  exp: monotone(e.expDown, e.expUp),
  log: (x) => (x.lo > 0 && isSound(x) ? { lo: e.logDown(x.lo), hi: e.logUp(x.hi) } : nothing),
  sin: (x) => ({ lo: t.waveLow(x.lo, x.hi, 0), hi: t.waveHigh(x.lo, x.hi, 0) }),
  cos: (x) => ({ lo: t.waveLow(x.lo, x.hi, 1), hi: t.waveHigh(x.lo, x.hi, 1) }),
  tan: (x) => ({ lo: t.tanLow(x.lo, x.hi), hi: t.tanHigh(x.lo, x.hi) }),
  atan: monotone(t.atanDown, t.atanUp),
  sinh: monotone(e.sinhDown, e.sinhUp),
  cosh: (x) =>
    isSound(x) ? { lo: e.coshDown(mignitude(x.lo, x.hi)), hi: e.coshUp(Math.max(-x.lo, x.hi)) } : nothing,
  tanh: monotone(e.tanhDown, e.tanhUp),
  sigmoid: monotone(e.sigmoidDown, e.sigmoidUp),
  softplus: monotone(e.softplusDown, e.softplusUp),
  relu: (x) => (isSound(x) ? { lo: Math.max(x.lo, 0), hi: Math.max(x.hi, 0) } : nothing),
  abs: (x) => (isSound(x) ? { lo: mignitude(x.lo, x.hi), hi: Math.max(-x.lo, x.hi) } : nothing),
  // at a jump the whole gap, which is also the generalised derivative of |x| and max(x, 0) (Clarke 1983)
  sign: (x) => (isSound(x) ? { lo: x.lo > 0 ? 1 : -1, hi: x.hi < 0 ? -1 : 1 } : nothing),
  step: (x) => (isSound(x) ? { lo: x.lo > 0 ? 1 : 0, hi: x.hi < 0 ? 0 : 1 } : nothing),
}

/** Enclosure of each elementwise function of two arguments. */
export const binaryInterval: { readonly [K in Binary]: (x: Interval, y: Interval) => Interval } = {
  add: (x, y) => ({ lo: sumDown(x.lo + y.lo), hi: sumUp(x.hi + y.hi) }),
  sub: (x, y) => ({ lo: sumDown(x.lo - y.hi), hi: sumUp(x.hi - y.lo) }),
  mul: (x, y) => {
    const [p, q, r, s] = [x.lo * y.lo, x.lo * y.hi, x.hi * y.lo, x.hi * y.hi]
    if (isZero(x) || isZero(y)) return p + q + r + s === 0 ? { lo: 0, hi: 0 } : nothing
    return { lo: down(Math.min(p, q, r, s)), hi: up(Math.max(p, q, r, s)) }
  },
  div: (x, y) => {
    if (!(y.lo > 0 || y.hi < 0)) return nothing
    const [p, q, r, s] = [x.lo / y.lo, x.lo / y.hi, x.hi / y.lo, x.hi / y.hi]
    return { lo: down(Math.min(p, q, r, s)), hi: up(Math.max(p, q, r, s)) }
  },
  pow: (x, y) => ({ lo: e.powDown(x.lo, x.hi, y.lo, y.hi), hi: e.powUp(x.lo, x.hi, y.lo, y.hi) }),
  atan2: (y, x) => ({ lo: t.atan2Low(y.lo, y.hi, x.lo, x.hi), hi: t.atan2High(y.lo, y.hi, x.lo, x.hi) }),
  min: (x, y) =>
    isSound(x) && isSound(y) ? { lo: Math.min(x.lo, y.lo), hi: Math.min(x.hi, y.hi) } : nothing,
  max: (x, y) =>
    isSound(x) && isSound(y) ? { lo: Math.max(x.lo, y.lo), hi: Math.max(x.hi, y.hi) } : nothing,
}

const isZero = (x: Interval) => x.lo === 0 && x.hi === 0

/** Least |x| over [lo, hi]. */
function mignitude(lo: number, hi: number): number {
  return Math.max(lo, -hi, 0)
}

/**
 * Enclosure of xᵏ for an integer k: even powers are tight about 0, negative ones fail on 0.
 * Repeated squaring errs by (k − 1)u of the value, and by less than k·η through underflow.
 */
export function powerInterval(x: Interval, exponent: number): Interval {
  if (exponent < 0) return binaryInterval.div({ lo: 1, hi: 1 }, powerInterval(x, -exponent))
  if (!isSound(x)) return nothing
  if (exponent === 0) return { lo: 1, hi: 1 }
  const even = exponent % 2 === 0
  const [from, to] = even ? [mignitude(x.lo, x.hi), Math.max(-x.lo, x.hi)] : [x.lo, x.hi]
  const [p, q] = [power(from, exponent), power(to, exponent)]
  const low = p - (exponent * relativeStep * Math.abs(p) + exponent * smallestStep)
  const high = q + (exponent * relativeStep * Math.abs(q) + exponent * smallestStep)
  return { lo: even ? Math.max(0, low) : low, hi: high }
}

function power(x: number, exponent: number): number {
  if (exponent === 1) return x
  const half = power(x, exponent >> 1)
  return exponent & 1 ? half * half * x : half * half
}

type Structural = 'gather' | 'scatter' | 'concat' | 'sum' | 'dot' | 'matvec' | 'affine' | 'outer' | 'powi'
type Rule<K extends Structural> = (
  node: NodeOf<K>,
  args: readonly (readonly Interval[])[],
) => readonly Interval[]

const zero: Interval = { lo: 0, hi: 0 }
const { add, mul } = binaryInterval
const product = (x: readonly Interval[], y: readonly Interval[]) =>
  x.reduce((total, v, i) => add(total, mul(v, y[i] as Interval)), zero)
const row = (w: readonly Interval[], i: number, cols: number) => w.slice(i * cols, (i + 1) * cols)
const column = (w: readonly Interval[], j: number, cols: number) => w.filter((_v, k) => k % cols === j)
const count = (n: number) => Array.from({ length: n }, (_, i) => i)

/** Enclosure of each operation that moves or mixes entries. */
export const structuralInterval: { readonly [K in Structural]: Rule<K> } = {
  gather: (node, [x = []]) => node.indices.map((i) => x[i] as Interval),
  scatter: (node, [x = []]) => {
    const out: Interval[] = new Array(node.size).fill(zero)
    node.indices.forEach((at, i) => {
      out[at] = add(out[at] as Interval, x[i] as Interval)
    })
    return out
  },
  concat: (_node, args) => args.flat(),
  sum: (_node, [x = []]) => [x.reduce(add, zero)],
  dot: (_node, [x = [], y = []]) => [product(x, y)],
  matvec: ({ rows, cols, transposed }, [w = [], x = []]) =>
    transposed
      ? count(cols).map((j) => product(column(w, j, cols), x))
      : count(rows).map((i) => product(row(w, i, cols), x)),
  affine: ({ rows, cols }, [w = [], x = [], b = []]) =>
    count(rows).map((i) => add(product(row(w, i, cols), x), b[i] as Interval)),
  outer: (_node, [x = [], y = []]) => x.flatMap((u) => y.map((v) => mul(u, v))),
  powi: (node, [x = []]) => x.map((v) => powerInterval(v, node.exponent)),
}
