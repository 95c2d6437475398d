import { scalarize } from '../derive/scalarize.js'
import type { Field } from '../field.js'
import type { Binary, Node, Unary } from '../graph/node.js'
import { binaryCode, halfPowerCode, isHalfInteger, literal, powerCode, unaryCode } from './javascriptCode.js'

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

/** Operations that make a single number, or several, of vectors. */
const ofVectors: ReadonlySet<string> = new Set(['dot', 'sum', 'matvec', 'affine', 'outer', 'scatter'])

function isScalar(f: Field): boolean {
  return (
    f.nodes.every(
      (n, i) =>
        (n.size === 1 && !ofVectors.has(n.op)) ||
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
  if (node.op === 'pow') {
    const exponent = f.nodes[node.args[1] as number] as Node
    if (exponent.op === 'const' && exponent.size === 1 && isHalfInteger(exponent.values[0] as number))
      return { text: halfPowerCode(arg(0), exponent.values[0] as number), inline: false }
  }
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
