import { scalarCount, scalarize } from '../derive/scalarize.js'
import type { Field } from '../field.js'
import type { Binary, Node, Unary } from '../graph/node.js'
import { interpret } from './interpret.js'
import { printLoops } from './javascriptLoops.js'

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

export const literal = (value: number) => (value < 0 || Object.is(value, -0) ? `(${value})` : String(value))

/** Names under which printed statements find the leaves. */
export interface LeafNames {
  readonly time: string
  readonly state: (i: number) => string
  readonly theta: (i: number) => string
  readonly input: (i: number) => string
}

/** Straight-line code for a field. */
export interface Statements {
  /** `const` statements that do not depend on time, state or input: run them once per solve. */
  readonly invariant: readonly string[]
  readonly body: readonly string[]
  /** an identifier or literal per output entry */
  readonly outputs: readonly string[]
}

/**
 * Prints a field as straight-line JavaScript over scalar locals named `prefix + number`. The same field can
 * be printed several times into one function (once per Runge–Kutta stage) with different prefixes;
 * `invariantPrefix` keeps the parts that depend on θ only shared among them.
 */
export function printStatements(
  field: Field,
  names: LeafNames,
  { prefix, invariantPrefix = prefix }: { readonly prefix: string; readonly invariantPrefix?: string },
): Statements {
  const f = isScalar(field) ? field : scalarize(field)
  const invariant: string[] = []
  const body: string[] = []
  const fixed: boolean[] = []
  const code: string[] = []
  f.nodes.forEach((node, i) => {
    fixed.push(
      node.op === 'const' ||
        node.op === 'theta' ||
        (node.args.length > 0 && node.args.every((a) => fixed[a])),
    )
    const expression = scalarCode(node, code, names, f)
    if (expression === undefined) {
      code.push('')
    } else if (expression.inline) {
      code.push(expression.text)
    } else {
      const name = `${fixed[i] ? invariantPrefix : prefix}${i}`
      ;(fixed[i] ? invariant : body).push(`const ${name} = ${expression.text}`)
      code.push(name)
    }
  })
  const out = f.nodes[f.output] as Node
  const outputs =
    out.op === 'concat' ? flattenOutputs(f, f.output, code, names) : leafOutputs(f, f.output, code, names)
  return { invariant, body, outputs }
}

function isScalar(f: Field): boolean {
  return (
    f.nodes.every(
      (n, i) =>
        n.size === 1 ||
        i === f.output ||
        n.op === 'state' ||
        n.op === 'theta' ||
        n.op === 'input' ||
        n.op === 'const',
    ) && (f.nodes[f.output] as Node).op === 'concat'
  )
}

function flattenOutputs(f: Field, at: number, code: readonly string[], names: LeafNames): string[] {
  return (f.nodes[at] as Node).args.flatMap((a) => leafOutputs(f, a, code, names))
}

/** Outputs of a node that may be a whole leaf (a field that returns its state) or a constant vector. */
function leafOutputs(f: Field, at: number, code: readonly string[], names: LeafNames): string[] {
  const node = f.nodes[at] as Node
  const each = (name: (i: number) => string) => Array.from({ length: node.size }, (_, i) => name(i))
  if (node.op === 'const') return node.values.map(literal)
  if (node.op === 'state') return each(names.state)
  if (node.op === 'theta') return each(names.theta)
  if (node.op === 'input') return each(names.input)
  if (node.op === 'gather')
    return node.indices.map((k) => leafName(f.nodes[node.args[0] as number] as Node, k, names))
  return [code[at] as string]
}

function leafName(leaf: Node, index: number, names: LeafNames): string {
  if (leaf.op === 'state' || leaf.op === 'theta' || leaf.op === 'input') return names[leaf.op](index)
  return names.time
}

function scalarCode(
  node: Node,
  code: readonly string[],
  names: LeafNames,
  f: Field,
): { text: string; inline: boolean } | undefined {
  const arg = (k: number) => code[node.args[k] as number] as string
  if (node.op in unaryCode) return { text: unaryCode[node.op as Unary](arg(0)), inline: false }
  if (node.op in binaryCode) return { text: binaryCode[node.op as Binary](arg(0), arg(1)), inline: false }
  switch (node.op) {
    case 'powi':
      return { text: powerCode(arg(0), node.exponent), inline: false }
    case 'const':
      return node.size === 1 ? { text: literal(node.values[0] as number), inline: true } : undefined
    case 'time':
      return { text: names.time, inline: true }
    case 'state':
    case 'theta':
    case 'input':
      return node.size === 1 ? { text: names[node.op](0), inline: true } : undefined
    case 'gather':
      return node.size === 1
        ? {
            text: leafName(f.nodes[node.args[0] as number] as Node, node.indices[0] as number, names),
            inline: true,
          }
        : undefined
    default:
      return undefined
  }
}

/**
 * Scalar operations up to which a field is unrolled into locals. V8 stops optimising a function at about
 * 58 KB of source (a 20× cliff); a scalar statement prints to about 25 characters, and the bound leaves
 * room for the six or seven stages of a method around one copy each.
 */
export const unrollLimit = 1500

/** Whether this engine may run generated code (a page's content security policy can forbid it). */
export function canGenerateCode(): boolean {
  try {
    return new Function('return true')() as boolean
  } catch {
    return false
  }
}

/**
 * Compiles a field to one fused function: scalars in locals where it unrolls to few operations, loops over
 * typed arrays otherwise. Where generated code is forbidden the interpreter takes its place.
 * @example
 * const f = compile(system({ state: ['x'], params: { a: 2 }, dynamics: { x: '-a*x' } }))
 * const out = new Float64Array(1)
 * f(0, Float64Array.of(3), out) // out is [-6]
 */
export function compile(field: Field): CompiledField {
  if (!canGenerateCode()) {
    return (t, x, out, theta, input) => out.set(interpret(field, t, x, theta, input).subarray(0, out.length))
  }
  if (scalarCount(field) > unrollLimit) return printLoops(field)
  return new Function('theta0', `'use strict'\n${compileSource(field)}`)(field.theta) as CompiledField
}

/** The source that {@link compile} runs for a field that unrolls. */
export function compileSource(field: Field): string {
  const { invariant, body, outputs } = printStatements(
    field,
    { time: 't', state: (i) => `x[${i}]`, theta: (i) => `theta[${i}]`, input: (i) => `input[${i}]` },
    { prefix: 'v' },
  )
  const lines = [...loadOnce(['x', 'theta', 'input'], [...invariant, ...body], outputs)]
  return `return function(t, x, out, theta = theta0, input) {\n${lines.join('\n')}\n}`
}

/** Reads each array entry into a local once, then runs the statements and stores the outputs. */
function loadOnce(
  arrays: readonly string[],
  statements: readonly string[],
  outputs: readonly string[],
): string[] {
  const text = [...statements, ...outputs].join('\n')
  const loads: string[] = []
  let replaced = statements
  let stores = outputs
  for (const array of arrays) {
    const used = [...new Set(text.match(new RegExp(`\\b${array}\\[\\d+\\]`, 'g')))]
    for (const reference of used) {
      const local = reference.replace('[', '_').replace(']', '')
      loads.push(`const ${local} = ${reference}`)
    }
    const rename = (line: string) => line.replace(new RegExp(`\\b${array}\\[(\\d+)\\]`, 'g'), `${array}_$1`)
    replaced = replaced.map(rename)
    stores = stores.map(rename)
  }
  return [...loads, ...replaced, ...stores.map((value, i) => `out[${i}] = ${value}`)]
}
