import type { Binary, Unary } from '../graph/node.js'
import { powerCode } from '../read/javascriptCode.js'
import * as exponential from './exponential.js'
import { type Interval, powerInterval } from './intervalRules.js'
import { relativeStep, smallestStep } from './rounding.js'
import * as trigonometric from './trigonometric.js'

/** What is known of an interval's sign while printing: 1 for lo ≥ 0, −1 for hi ≤ 0 (or NaN in either case). */
type Sign = -1 | 0 | 1

/** An interval in generated code: identifiers or literals. */
export interface Operand {
  readonly lo: string
  readonly hi: string
  readonly sign: Sign
  /** the bounds, where the operand is a constant */
  readonly value?: Interval
}

/** Code for one operation: bounds as expressions, after locals that they share (`$` is the node's suffix). */
export interface IntervalCode {
  readonly locals?: readonly string[]
  readonly lo: string
  readonly hi: string
  readonly sign: Sign
}

/** Rounds the locals m$ and M$ outward by one rounding or several; `eta` where the operation can underflow. */
function outward(locals: readonly string[], sign: Sign, eta: boolean, roundings = 1): IntervalCode {
  const size = (s: string) => (sign === 1 ? s : sign === -1 ? `-${s}` : `abs(${s})`)
  const [E, T] = [roundings * relativeStep, roundings * smallestStep]
  const step = (s: string) => (eta ? `(${E} * ${size(s)} + ${T})` : `${E} * ${size(s)}`)
  const [lo, hi] = [`m$ - ${step('m$')}`, `M$ + ${step('M$')}`]
  return {
    locals,
    lo: eta && sign === 1 ? `max(0, ${lo})` : lo,
    hi: eta && sign === -1 ? `min(0, ${hi})` : hi,
    sign,
  }
}

const pair = (lo: string, hi: string) => [`m$ = ${lo}`, `M$ = ${hi}`]
const call = (lo: string, hi: string, sign: Sign): IntervalCode => ({ lo, hi, sign })
const monotone =
  (name: string, sign: Sign = 0) =>
  (x: Operand) =>
    call(`${name}Down(${x.lo})`, `${name}Up(${x.hi})`, sign)
const odd = (name: string) => (x: Operand) => call(`${name}Down(${x.lo})`, `${name}Up(${x.hi})`, x.sign)

/** Least and greatest |x|. */
function magnitudes(x: Operand): readonly [string, string] {
  if (x.sign === 1) return [x.lo, x.hi]
  return x.sign === -1 ? [`-${x.hi}`, `-${x.lo}`] : [`max(${x.lo}, -${x.hi}, 0)`, `max(-${x.lo}, ${x.hi})`]
}

/** Code for each elementwise function of one argument. */
export const unaryIntervalCode: { readonly [K in Unary]: (x: Operand) => IntervalCode } = {
  neg: (x) => ({ lo: negated(x.hi), hi: negated(x.lo), sign: opposite(x.sign) }),
  sqrt: (x) => ({
    ...outward(pair(`sqrt(${x.lo})`, `${x.lo} >= 0 ? sqrt(${x.hi}) : NaN`), 1, false),
  }),
  exp: monotone('exp', 1),
  log: (x) => call(`logDown(${x.lo})`, `${x.lo} > 0 ? logUp(${x.hi}) : NaN`, 0),
  sin: (x) => call(`waveLow(${x.lo}, ${x.hi}, 0)`, `waveHigh(${x.lo}, ${x.hi}, 0)`, 0),
  cos: (x) => call(`waveLow(${x.lo}, ${x.hi}, 1)`, `waveHigh(${x.lo}, ${x.hi}, 1)`, 0),
  tan: (x) => call(`tanLow(${x.lo}, ${x.hi})`, `tanHigh(${x.lo}, ${x.hi})`, 0),
  atan: odd('atan'),
  sinh: odd('sinh'),
  cosh: (x) => {
    const [least, greatest] = magnitudes(x)
    return call(`coshDown(${least})`, `coshUp(${greatest})`, 1)
  },
  tanh: odd('tanh'),
  sigmoid: monotone('sigmoid', 1),
  softplus: monotone('softplus', 1),
  relu: (x) => call(`max(${x.lo}, 0)`, `max(${x.hi}, 0)`, 1),
  abs: (x) => {
    const [lo, hi] = magnitudes(x)
    return call(lo, hi, 1)
  },
  sign: (x) =>
    call(`${x.lo} > 0 ? 1 : ${x.lo} <= 0 ? -1 : NaN`, `${x.hi} < 0 ? -1 : ${x.hi} >= 0 ? 1 : NaN`, 0),
  step: (x) =>
    call(`${x.lo} > 0 ? 1 : ${x.lo} <= 0 ? 0 : NaN`, `${x.hi} < 0 ? 0 : ${x.hi} >= 0 ? 1 : NaN`, 1),
}

/** Code for each elementwise function of two arguments. */
export const binaryIntervalCode: { readonly [K in Binary]: (x: Operand, y: Operand) => IntervalCode } = {
  add: (x, y) =>
    outward(pair(`${x.lo} + ${y.lo}`, `${x.hi} + ${y.hi}`), x.sign === y.sign ? x.sign : 0, false),
  sub: (x, y) =>
    outward(pair(`${x.lo} - ${y.hi}`, `${x.hi} - ${y.lo}`), x.sign === -y.sign ? x.sign : 0, false),
  mul: (x, y) =>
    x.value !== undefined
      ? productWithConstant(x, y)
      : y.value !== undefined
        ? productWithConstant(y, x)
        : product(x, y),
  div: (x, y) => quotient(x, y),
  pow: (x, y) => {
    const all = `${x.lo}, ${x.hi}, ${y.lo}, ${y.hi}`
    return call(`powDown(${all})`, `powUp(${all})`, 1)
  },
  atan2: (y, x) => {
    const all = `${y.lo}, ${y.hi}, ${x.lo}, ${x.hi}`
    return call(`atan2Low(${all})`, `atan2High(${all})`, 0)
  },
  min: (x, y) => call(`min(${x.lo}, ${y.lo})`, `min(${x.hi}, ${y.hi})`, x.sign === y.sign ? x.sign : 0),
  max: (x, y) => call(`max(${x.lo}, ${y.lo})`, `max(${x.hi}, ${y.hi})`, x.sign === y.sign ? x.sign : 0),
}

/** c·x. A power of two above 1 only shifts the exponent: no rounding, no underflow, though overflow. */
function productWithConstant(c: Operand, x: Operand): IntervalCode {
  const { lo, hi } = c.value as Interval
  const sign = (c.sign * x.sign) as Sign
  if (lo !== hi || lo === 0) return product(c, x)
  const [from, to] = lo > 0 ? [x.lo, x.hi] : [x.hi, x.lo]
  const ends = [`${c.lo} * ${from}`, `${c.lo} * ${to}`] as const
  if (Math.abs(lo) >= 1 && isPowerOfTwo(Math.abs(lo)))
    return call(`min(${ends[0]}, ${Number.MAX_VALUE})`, `max(${ends[1]}, ${-Number.MAX_VALUE})`, sign)
  return outward(pair(...ends), sign, true)
}

function isPowerOfTwo(x: number): boolean {
  let y = x
  while (y > 1) y /= 2
  return y === 1
}

/** The products that can be extreme, given the signs. */
function product(x: Operand, y: Operand): IntervalCode {
  if (x.sign === 0 && y.sign !== 0) return product(y, x)
  const sign = (x.sign * y.sign) as Sign
  if (x.sign === 0) {
    const locals = [
      `p$ = ${x.lo} * ${y.lo}`,
      `q$ = ${x.lo} * ${y.hi}`,
      `r$ = ${x.hi} * ${y.lo}`,
      `s$ = ${x.hi} * ${y.hi}`,
      ...pair('min(min(p$, q$), min(r$, s$))', 'max(max(p$, q$), max(r$, s$))'),
    ]
    return outward(locals, 0, true)
  }
  // |x| times y, turned round where x is negative
  const [near, far] = magnitudes(x)
  const [from, to] = x.sign === 1 ? [y.lo, y.hi] : [negated(y.hi), negated(y.lo)]
  const turned = (y.sign * x.sign) as Sign
  const low =
    turned === 1
      ? `${near} * ${from}`
      : turned === -1
        ? `${far} * ${from}`
        : `min(${near} * ${from}, ${far} * ${from})`
  const high =
    turned === 1
      ? `${far} * ${to}`
      : turned === -1
        ? `${near} * ${to}`
        : `max(${near} * ${to}, ${far} * ${to})`
  return outward(pair(low, high), sign, true)
}

function quotient(x: Operand, y: Operand): IntervalCode {
  const sign = (x.sign * y.sign) as Sign
  if (y.value !== undefined && y.value.lo === y.value.hi && y.value.lo !== 0) {
    const [from, to] = y.value.lo > 0 ? [x.lo, x.hi] : [x.hi, x.lo]
    return outward(pair(`${from} / ${y.lo}`, `${to} / ${y.lo}`), sign, true)
  }
  const locals = [
    `z$ = ${y.lo} > 0 || ${y.hi} < 0 ? 1 : NaN`,
    `p$ = ${x.lo} / ${y.lo} * z$`,
    `q$ = ${x.lo} / ${y.hi} * z$`,
    `r$ = ${x.hi} / ${y.lo} * z$`,
    `s$ = ${x.hi} / ${y.hi} * z$`,
    ...pair('min(min(p$, q$), min(r$, s$))', 'max(max(p$, q$), max(r$, s$))'),
  ]
  return outward(locals, sign, true)
}

/** xᵏ; see powerInterval for the error bound. Negative powers are rare and call the rule itself. */
export function powerIntervalCode(x: Operand, exponent: number): IntervalCode {
  if (exponent < 0)
    return call(`powerLow(${x.lo}, ${x.hi}, ${exponent})`, `powerHigh(${x.lo}, ${x.hi}, ${exponent})`, 0)
  if (exponent === 0) {
    // NaN where x is undefined, as everywhere
    const one = `${x.lo} <= ${x.hi} ? 1 : NaN`
    return call(one, one, 1)
  }
  const even = exponent % 2 === 0
  const [from, to] = even ? magnitudes(x) : [x.lo, x.hi]
  const ends = [`p$ = ${from}`, `q$ = ${to}`, ...pair(powerCode('p$', exponent), powerCode('q$', exponent))]
  return outward(ends, even ? 1 : x.sign, true, exponent)
}

export function constantOperand(value: Interval): Operand {
  return {
    lo: signed(value.lo),
    hi: signed(value.hi),
    sign: value.lo >= 0 ? 1 : value.hi <= 0 ? -1 : 0,
    value,
  }
}

const signed = (v: number) => (v < 0 ? `(${v})` : String(v))
const negated = (name: string) => (name.startsWith('(-') ? name.slice(2, -1) : `(-${name})`)
const opposite = (sign: Sign) => -sign as Sign

/** What generated code calls by name. */
export const intervalHelpers: Readonly<Record<string, unknown>> = {
  ...exponential,
  ...trigonometric,
  powerLow: (lo: number, hi: number, exponent: number) => powerInterval({ lo, hi }, exponent).lo,
  powerHigh: (lo: number, hi: number, exponent: number) => powerInterval({ lo, hi }, exponent).hi,
  min: Math.min,
  max: Math.max,
  abs: Math.abs,
  sqrt: Math.sqrt,
}
