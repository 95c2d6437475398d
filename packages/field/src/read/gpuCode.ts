import type { Field } from '../field.js'
import { type Binary, binary, type Node, type Unary, unary } from '../graph/node.js'

/** What statements call the leaves of a field. */
export interface GpuLeaves {
  readonly state: (k: number) => string
  readonly time: string
}

/** A whole field as statements for a kernel of the caller's own, to be printed once for every evaluation. */
export interface GpuStatements {
  /** what the statements read as c0, c1, …: everything that is the same for the whole batch */
  readonly coefficients: Field
  /** how many of them the statements read as locals c0, c1, …; the others are read as c[k] */
  readonly locals: number
  readonly operations: number
  print(
    prefix: string,
    leaves: GpuLeaves,
  ): {
    readonly lines: readonly string[]
    readonly invalid: readonly string[]
    readonly outputs: readonly string[]
  }
}

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
 * sin and cos by a polynomial of our own, to 1.2e-7 for |x| ≤ 5000 and 6e-7 for |x| ≤ 50000: shading languages allow
 * theirs an error of 2⁻¹¹, and Chromium's software driver takes 1.9e-4 of it. x = mπ + r with |r| ≤ π/2, by
 * Cody and Waite's π = 201/64 + 9.676535898e-4 (the first part has 8 bits, so that its product with m is exact for
 * |m| < 2¹⁵); sin r = r + r³p(r²) with the minimax p of degree 3, to 4.6e-9.
 */
const periodic = (f: 'sin' | 'cos'): UnaryRule => {
  // sin(r + kπ) = (−1)ᵏ sin r and cos(r + (k + 1/2)π) = −(−1)ᵏ sin r
  const [nearest, multiple, sign] =
    f === 'sin'
      ? [
          (turns: string) => `Math.floor(${turns} + 0.5)`,
          (k: string) => k,
          (odd: string) => `1.0 - 2.0 * ${odd}`,
        ]
      : [
          (turns: string) => `Math.floor(${turns})`,
          (k: string) => `(${k} + 0.5)`,
          (odd: string) => `2.0 * ${odd} - 1.0`,
        ]
  return (x, name) => {
    const [k, m, r, q, s] = ['k', 'm', 'r', 'q', 's'].map((letter) => `${name}${f}${letter}`) as [
      string,
      string,
      string,
      string,
      string,
    ]
    return {
      before: [
        `var ${k} = ${nearest(`${x} * 0.31830989`)};`,
        `var ${m} = ${multiple(k)};`,
        `var ${r} = (${x} - ${m} * 3.140625) - ${m} * 0.00096765359;`,
        `var ${q} = ${r} * ${r};`,
        `var ${s} = ${r} + ${r} * ${q} * (((0.0000025999032 * ${q} - 0.00019806547) * ${q} + 0.0083330164) * ${q} - 0.16666657);`,
      ],
      value: `${s} * (${sign(`(${k} - 2.0 * Math.floor(${k} * 0.5))`)})`,
    }
  }
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
  sin: periodic('sin'),
  cos: periodic('cos'),
  tan: (x, name) => {
    const [s, c] = [periodic('sin')(x, name), periodic('cos')(x, name)]
    return { before: [...(s.before ?? []), ...(c.before ?? [])], value: `(${s.value}) / (${c.value})` }
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

const unaryOps: ReadonlySet<string> = new Set(unary)
const binaryOps: ReadonlySet<string> = new Set(binary)

/**
 * Code of an elementwise operation over identifiers; `name` is that of the result, `nodes` the graph that the node
 * stands in. Powers of constant half-integers, as in (q·q)^1.5, take a root and products: exact signs, short code.
 */
export function kernelExpression(
  node: Node,
  args: readonly string[],
  { name, nodes }: { readonly name: string; readonly nodes: readonly Node[] },
): KernelExpression {
  const [x, y] = args as [string, string]
  if (node.op === 'pow') {
    const twice = halvesOf(nodes[node.args[1] as number] as Node)
    if (twice !== undefined) return halfPowerKernelCode(x, twice, name)
  }
  if (unaryOps.has(node.op)) return unaryKernelCode[node.op as Unary](x, name)
  if (binaryOps.has(node.op)) return binaryKernelCode[node.op as Binary](x, y, name)
  if (node.op === 'powi') return powerKernelCode(x, node.exponent, name)
  throw new Error(`unreachable: ${node.op} is no elementwise operation`)
}

/** 2k for a constant exponent k that is an odd number of halves. */
function halvesOf(exponent: Node): number | undefined {
  if (exponent.op !== 'const' || exponent.size !== 1) return undefined
  const twice = 2 * (exponent.values[0] as number)
  return Number.isInteger(twice) && twice % 2 !== 0 && Math.abs(twice) < 64 ? twice : undefined
}

function halfPowerKernelCode(x: string, twice: number, name: string): KernelExpression {
  const root = `${name}root`
  const { before = [], value } = powerKernelCode(root, twice, name)
  return {
    before: [`var ${root} = Math.sqrt(Math.max(${x}, 0.0));`, ...before],
    value,
    invalid: twice > 0 ? `${x} < 0` : `${x} <= 0`,
  }
}
