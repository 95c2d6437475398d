import type { Field } from '../field.js'
import type { Binary, Node, Unary } from '../graph/node.js'
import {
  binaryIntervalCode,
  constantOperand,
  type IntervalCode,
  type Operand,
  powerIntervalCode,
  unaryIntervalCode,
} from './intervalCode.js'
import { constantInterval } from './intervalRules.js'

/**
 * Scalar operations in one generated function. Interval code prints to about 150 characters an operation,
 * and V8 stops optimising at about 58 KB; past it the code is cut into functions that share arrays.
 */
const chunkSize = 150

/**
 * Prints the enclosure of a scalarized field as JavaScript: straight-line code whose locals x3, X3 are the
 * bounds of variable 3 and l7, h7 those of node 7. Long code becomes several functions, which hand values
 * on in the arrays L and H.
 */
export function printEnclosure(field: Field): string {
  const statements = field.nodes.map((_, i) => i).filter((i) => needsStatement(field.nodes[i] as Node))
  const home = new Map(statements.map((i, k) => [i, Math.floor(k / chunkSize)]))
  const chunks = Math.max(1, Math.ceil(statements.length / chunkSize))
  const signs = new Map<number, Operand['sign']>()
  const crossing = new Set<number>()
  const operand = (i: number, chunk: number): Operand => {
    const node = field.nodes[i] as Node
    if (node.op === 'const')
      return constantOperand(constantInterval(node.values[0] as number, node.exact === true))
    if (node.op === 'neg') return unaryIntervalCode.neg(operand(node.args[0] as number, chunk))
    const k = variableOf(field, node, 0)
    if (k !== undefined) return { lo: `x${k}`, hi: `X${k}`, sign: 0 }
    const sign = signs.get(i) ?? 0
    if (home.get(i) === chunk) return { lo: `l${i}`, hi: `h${i}`, sign }
    crossing.add(i)
    return { lo: `L[${i}]`, hi: `H[${i}]`, sign }
  }
  const lines: string[][] = Array.from({ length: chunks }, () => [])
  for (const i of statements) {
    const chunk = home.get(i) as number
    const code = codeOf(
      field.nodes[i] as Node,
      (field.nodes[i] as Node).args.map((a) => operand(a, chunk)),
    )
    signs.set(i, code.sign)
    lines[chunk]?.push(statement(i, code))
  }
  const last = chunks === 1 ? 0 : -1
  const outputs = outputNodes(field).flatMap((i) => outputOperands(field, i, (k) => operand(k, last)))
  const stores = outputs.flatMap((o, k) => [`outLo[${k}] = ${o.lo}`, `outHi[${k}] = ${o.hi}`])
  const header = 'return (lo, hi, outLo, outHi) => {'
  if (chunks === 1) return [header, ...withLoads([...(lines[0] as string[]), ...stores]), '}'].join('\n')
  for (const i of crossing) lines[home.get(i) as number]?.push(`L[${i}] = l${i}; H[${i}] = h${i}`)
  const parts = lines.map((part, k) => [`const part${k} = (lo, hi) => {`, ...withLoads(part), '}'].join('\n'))
  return [...parts, header, ...lines.map((_, k) => `part${k}(lo, hi)`), ...withLoads(stores), '}'].join('\n')
}

/** Whether a node computes: leaves, constants and negations are written where they are used. */
function needsStatement(node: Node): boolean {
  return node.size === 1 && !['const', 'time', 'state', 'input', 'gather', 'concat', 'neg'].includes(node.op)
}

/** Position in the box of the entry of a leaf that a node is: state, then input, then time. */
function variableOf(field: Field, node: Node, entry: number): number | undefined {
  if (node.op === 'state') return entry
  if (node.op === 'input') return field.stateSize + entry
  if (node.op === 'time') return field.stateSize + field.inputSize
  if (node.op !== 'gather') return undefined
  return variableOf(field, field.nodes[node.args[0] as number] as Node, node.indices[entry] as number)
}

function codeOf(node: Node, args: readonly Operand[]): IntervalCode {
  const [x, y] = args as readonly [Operand, Operand]
  if (node.op === 'powi') return powerIntervalCode(x, node.exponent)
  return node.op in unaryIntervalCode
    ? unaryIntervalCode[node.op as Unary](x)
    : binaryIntervalCode[node.op as Binary](x, y)
}

function statement(i: number, { locals = [], lo, hi }: IntervalCode): string {
  const all = [...locals, `l${i} = ${lo}`, `h${i} = ${hi}`].join(', ')
  return `const ${all.replaceAll('$', `_${i}`)}`
}

function outputNodes(field: Field): readonly number[] {
  const output = field.nodes[field.output] as Node
  return output.op === 'concat' ? output.args : [field.output]
}

/** Bounds of each entry of an output node, which may still be a whole leaf or a constant vector. */
function outputOperands(field: Field, i: number, operand: (i: number) => Operand): Operand[] {
  const node = field.nodes[i] as Node
  return Array.from({ length: node.size }, (_, entry) => {
    if (node.op === 'const')
      return constantOperand(constantInterval(node.values[entry] as number, node.exact === true))
    const k = variableOf(field, node, entry)
    return k === undefined ? operand(i) : { lo: `x${k}`, hi: `X${k}`, sign: 0 as const }
  })
}

/** Reads each bound that the statements mention into a local, once. */
function withLoads(statements: readonly string[]): string[] {
  const used = [...new Set(statements.join('\n').match(/\b[xX]\d+\b/g))]
  return [
    ...used.map((name) => `const ${name} = ${name[0] === 'x' ? 'lo' : 'hi'}[${name.slice(1)}]`),
    ...statements,
  ]
}
