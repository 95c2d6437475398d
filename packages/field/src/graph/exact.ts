/**
 * Constant folding that is exact or does not happen: a graph means real numbers, and a rounded fold would
 * silently change what a certificate talks about.
 */
import type { Binary, Unary } from './node.js'

/**
 * Whether the shortest decimal that prints as `x` is exactly `x` (integers below 2⁵³, dyadic fractions such
 * as 0.375). Other constants stand for a decimal near the double, and enclosures widen them.
 */
export function isExactDecimal(x: number): boolean {
  if (Number.isSafeInteger(x)) return true
  if (!Number.isFinite(x)) return false
  const text = Math.abs(x).toString()
  return mayEqualDecimal(x, text) && equalsDecimal(Math.abs(x), text)
}

/** False where k decimals after the point cannot be x: then x·10ᵏ, hence x·2ᵏ, would be whole. Most constants end here. */
function mayEqualDecimal(x: number, text: string): boolean {
  const point = text.indexOf('.')
  // scaling by a power of two is exact; without an exponent there are at most 23 decimals
  return point < 0 || text.includes('e') || Number.isInteger(x * 2 ** (text.length - point - 1))
}

/** Whether the double x ≥ 0 is exactly the decimal written in `text` (digits, point, exponent). */
export function equalsDecimal(x: number, text: string): boolean {
  const [mantissa, exponentText = '0'] = text.toLowerCase().split('e') as [string, string?]
  const [whole, fraction = ''] = mantissa.split('.') as [string, string?]
  const digits = BigInt(`0${whole}${fraction}`)
  const tens = Number(exponentText) - fraction.length
  const { significand, exponent } = decompose(x)
  // digits·10^tens = significand·2^exponent, cleared of negative powers
  const left = digits * 10n ** BigInt(Math.max(tens, 0)) * 2n ** BigInt(Math.max(-exponent, 0))
  const right = significand * 2n ** BigInt(Math.max(exponent, 0)) * 10n ** BigInt(Math.max(-tens, 0))
  return left === right
}

/** x = significand·2^exponent exactly, for finite x ≥ 0. */
export function decompose(x: number): { readonly significand: bigint; readonly exponent: number } {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, x)
  const raw = bits.getBigUint64(0)
  const biased = Number((raw >> 52n) & 0x7ffn)
  const fraction = raw & 0xfffffffffffffn
  return biased === 0
    ? { significand: fraction, exponent: -1074 }
    : { significand: fraction | 0x10000000000000n, exponent: biased - 1075 }
}

/** a ∘ b when the double result is the exact real result, else undefined. */
export function foldBinary(op: Binary, a: number, b: number): number | undefined {
  switch (op) {
    case 'add':
      return exactSum(a, b)
    case 'sub':
      return exactSum(a, -b)
    case 'mul':
      return exactProduct(a, b)
    case 'div': {
      const q = a / b
      return b !== 0 && Number.isFinite(q) && exactProduct(q, b) === a ? q : undefined
    }
    case 'min':
      return Math.min(a, b)
    case 'max':
      return Math.max(a, b)
    case 'pow':
    case 'atan2':
      return undefined
  }
}

const foldUnaryRules: { readonly [K in Unary]: (x: number) => number | undefined } = {
  neg: (x) => -x,
  sqrt: (x) => {
    const r = Math.sqrt(x)
    return x >= 0 && exactProduct(r, r) === x ? r : undefined
  },
  exp: (x) => (x === 0 ? 1 : undefined),
  log: (x) => (x === 1 ? 0 : undefined),
  sin: (x) => (x === 0 ? 0 : undefined),
  cos: (x) => (x === 0 ? 1 : undefined),
  tan: (x) => (x === 0 ? 0 : undefined),
  atan: (x) => (x === 0 ? 0 : undefined),
  sinh: (x) => (x === 0 ? 0 : undefined),
  cosh: (x) => (x === 0 ? 1 : undefined),
  tanh: (x) => (x === 0 ? 0 : undefined),
  sigmoid: (x) => (x === 0 ? 0.5 : undefined),
  softplus: () => undefined,
  relu: (x) => Math.max(x, 0),
  abs: (x) => Math.abs(x),
  sign: (x) => Math.sign(x),
  step: (x) => (x > 0 ? 1 : 0),
}

/** f(x) when it is a double known exactly, else undefined. */
export function foldUnary(op: Unary, x: number): number | undefined {
  return foldUnaryRules[op](x)
}

/** xᵏ when exact, else undefined. */
export function foldPower(x: number, exponent: number): number | undefined {
  if (exponent < 0) {
    const positive = foldPower(x, -exponent)
    return positive === undefined ? undefined : foldBinary('div', 1, positive)
  }
  let result: number | undefined = 1
  for (let i = 0; i < exponent && result !== undefined; i++) {
    if (i > 64) return undefined
    result = exactProduct(result, x)
  }
  return result
}

/** Knuth's TwoSum: the sum when its rounding error is zero. */
function exactSum(a: number, b: number): number | undefined {
  const s = a + b
  const bb = s - a
  const error = a - (s - bb) + (b - bb)
  return Number.isFinite(s) && error === 0 ? s : undefined
}

/** The product when its rounding error (by BigInt, so that underflow cannot hide it) is zero. */
function exactProduct(a: number, b: number): number | undefined {
  const p = a * b
  if (!Number.isFinite(p)) return undefined
  if (a === 0 || b === 0) return 0
  if (p === 0) return undefined
  // whole factors: a product below 2⁵³ is exact, and a rounded one is not below it
  if (Number.isSafeInteger(p) && Number.isInteger(a) && Number.isInteger(b)) return p
  const [da, db, dp] = [decompose(Math.abs(a)), decompose(Math.abs(b)), decompose(Math.abs(p))]
  const shift = da.exponent + db.exponent - dp.exponent
  const left = da.significand * db.significand * 2n ** BigInt(Math.max(shift, 0))
  const right = dp.significand * 2n ** BigInt(Math.max(-shift, 0))
  return left === right ? p : undefined
}
