import type { Binary, Unary } from '../graph/node.js'

/** A compiled field: writes f(t, x, θ[, u]) into `out`. Nothing is allocated by a call. */
export type CompiledField = (
  t: number,
  x: ArrayLike<number>,
  out: Float64Array,
  theta?: ArrayLike<number>,
  input?: ArrayLike<number>,
) => void

/** JavaScript for each elementwise function; arguments are identifiers or literals. */
export const unaryCode: { readonly [K in Unary]: (x: string) => string } = {
  neg: (x) => `-${x}`,
  sqrt: (x) => `Math.sqrt(${x})`,
  exp: (x) => `Math.exp(${x})`,
  log: (x) => `Math.log(${x})`,
  sin: (x) => `Math.sin(${x})`,
  cos: (x) => `Math.cos(${x})`,
  tan: (x) => `Math.tan(${x})`,
  atan: (x) => `Math.atan(${x})`,
  sinh: (x) => `Math.sinh(${x})`,
  cosh: (x) => `Math.cosh(${x})`,
  tanh: (x) => `Math.tanh(${x})`,
  sigmoid: (x) => `1 / (1 + Math.exp(-${x}))`,
  softplus: (x) => `Math.max(${x}, 0) + Math.log1p(Math.exp(-Math.abs(${x})))`,
  relu: (x) => `Math.max(${x}, 0)`,
  abs: (x) => `Math.abs(${x})`,
  sign: (x) => `Math.sign(${x})`,
  step: (x) => `(${x} > 0 ? 1 : ${x} <= 0 ? 0 : NaN)`,
}

export const binaryCode: { readonly [K in Binary]: (x: string, y: string) => string } = {
  add: (x, y) => `${x} + ${y}`,
  sub: (x, y) => `${x} - ${y}`,
  mul: (x, y) => `${x} * ${y}`,
  div: (x, y) => `${x} / ${y}`,
  pow: (x, y) => `Math.pow(${x}, ${y})`,
  atan2: (x, y) => `Math.atan2(${x}, ${y})`,
  min: (x, y) => `Math.min(${x}, ${y})`,
  max: (x, y) => `Math.max(${x}, ${y})`,
}

/** xᵏ from products only, by squaring: `Math.pow` costs four times as much. */
export function powerCode(x: string, exponent: number): string {
  if (exponent < 0) return `1 / (${powerCode(x, -exponent)})`
  if (exponent === 0) return '1'
  if (exponent === 1) return x
  const half = powerCode(x, exponent >> 1)
  const square = exponent >> 1 === 1 ? `${x} * ${x}` : `(${half}) * (${half})`
  return exponent & 1 ? `${square} * ${x}` : square
}

/** Whether xᵉ is worth printing by a square root: e = ±½, ±3/2, … ±15/2. */
export const isHalfInteger = (exponent: number): boolean =>
  Number.isInteger(2 * exponent) && !Number.isInteger(exponent) && Math.abs(exponent) < 8

/** x^(k + ½) = xᵏ √x: a square root costs a third of `Math.pow`. */
export function halfPowerCode(x: string, exponent: number): string {
  if (exponent < 0) return `1 / (${halfPowerCode(x, -exponent)})`
  const whole = exponent - 0.5
  return whole === 0 ? `Math.sqrt(${x})` : `(${powerCode(x, whole)}) * Math.sqrt(${x})`
}

export const literal = (value: number) => (value < 0 || Object.is(value, -0) ? `(${value})` : String(value))
