import type { Binary, Unary } from '../graph/node.js'

/** A rule's answer: an expression, statements that must come before it, and where it has no finite value. */
export interface KernelExpression {
  readonly value: string
  readonly before?: readonly string[]
  /** a condition under which the operation leaves its domain; the whole kernel then answers `invalid` */
  readonly invalid?: string
}

type UnaryRule = (x: string, name: string) => KernelExpression
type BinaryRule = (x: string, y: string, name: string) => KernelExpression

const plain = (value: string): KernelExpression => ({ value })

/**
 * x reduced to [−π, π] by Cody and Waite's two-part 2π = 201/32 + 0.0019353072 (the first part has 8 bits, so
 * that k·201/32 is exact for k < 2¹⁶). WGSL bounds the error of sin and cos on [−π, π] only.
 */
const reduced = (f: 'sin' | 'cos'): UnaryRule => {
  return (x, name) => ({
    before: [
      `var ${name}k = Math.floor(${x} * 0.15915494 + 0.5);`,
      `var ${name}r = (${x} - ${name}k * 6.28125) - ${name}k * 0.0019353072;`,
    ],
    value: `Math.${f}(${name}r)`,
  })
}

/**
 * Kernel code for each elementwise function, over identifiers. The guards are there because devices differ:
 * tanh(50) is NaN on some drivers, logarithms of negatives and quotients by 0 are anything.
 */
export const unaryKernelCode: { readonly [K in Unary]: UnaryRule } = {
  neg: (x) => plain(`-${x}`),
  sqrt: (x) => ({ value: `Math.sqrt(Math.max(${x}, 0.0))`, invalid: `${x} < 0` }),
  exp: (x) => plain(`Math.exp(${x})`),
  log: (x) => ({ value: `Math.log(${x})`, invalid: `${x} <= 0` }),
  sin: reduced('sin'),
  cos: reduced('cos'),
  tan: (x, name) => {
    const [s, c] = [reduced('sin')(x, name), reduced('cos')(x, name)]
    return { before: s.before, value: `${s.value} / ${c.value}` }
  },
  atan: (x) => plain(`Math.atan(${x})`),
  sinh: (x) => plain(`Math.sinh(${x})`),
  cosh: (x) => plain(`Math.cosh(${x})`),
  // 1 − tanh(10) = 4e-9 is below half an ulp of f32, so the clamp loses nothing
  tanh: (x) => plain(`Math.tanh(Math.max(-10, Math.min(10, ${x})))`),
  // e^88 is the last finite power in f32
  sigmoid: (x) => plain(`1 / (1 + Math.exp(Math.min(88, -${x})))`),
  softplus: (x) => plain(`Math.max(${x}, 0) + Math.log(1 + Math.exp(-Math.abs(${x})))`),
  relu: (x) => plain(`Math.max(${x}, 0)`),
  abs: (x) => plain(`Math.abs(${x})`),
  sign: (x) => plain(`Math.sign(${x})`),
  step: (x) => plain(`${x} > 0 ? 1.0 : 0.0`),
}

export const binaryKernelCode: { readonly [K in Binary]: BinaryRule } = {
  add: (x, y) => plain(`${x} + ${y}`),
  sub: (x, y) => plain(`${x} - ${y}`),
  mul: (x, y) => plain(`${x} * ${y}`),
  div: (x, y) => ({ value: `${x} / ${y}`, invalid: `${y} == 0` }),
  pow: (x, y, name) => signedPower(x, y, name),
  atan2: (x, y) => plain(`Math.atan2(${x}, ${y})`),
  min: (x, y) => plain(`Math.min(${x}, ${y})`),
  max: (x, y) => plain(`Math.max(${x}, ${y})`),
}

/** |x|^y with the sign put back: devices answer NaN or a wrong sign for a negative base. */
function signedPower(x: string, y: string, name: string): KernelExpression {
  return {
    before: [
      `var ${name}o = Math.abs(${y} - 2 * Math.floor(${y} * 0.5));`,
      `var ${name}s = 1.0;`,
      `if (${x} < 0 && ${name}o == 1) { ${name}s = -1.0; }`,
      `var ${name}a = Math.abs(${x});`,
      `var ${name}m = 0.0;`,
      `if (${name}a > 0) { ${name}m = Math.pow(${name}a, ${y}); }`,
      `if (${name}a == 0 && ${y} == 0) { ${name}m = 1.0; }`,
    ],
    value: `${name}s * ${name}m`,
    invalid: `(${x} < 0 && ${name}o != 0 && ${name}o != 1) || (${x} == 0 && ${y} < 0)`,
  }
}

/** xᵏ from products only, one statement per squaring. */
export function powerKernelCode(x: string, exponent: number, name: string): KernelExpression {
  if (exponent === 0) return plain('1.0')
  const before: string[] = []
  const raise = (k: number): string => {
    if (k === 1) return x
    const half = raise(k >> 1)
    const local = `${name}p${k}`
    before.push(`var ${local} = ${half} * ${half}${k & 1 ? ` * ${x}` : ''};`)
    return local
  }
  const power = raise(Math.abs(exponent))
  return exponent > 0 ? { before, value: power } : { before, value: `1 / ${power}`, invalid: `${x} == 0` }
}
