import { misuse, show } from '../error.js'
import { type Field, makeField, type ThetaBlock } from '../field.js'
import { applyNode, Builder } from '../graph/builder.js'
import { binary, leaves, type Node, unary } from '../graph/node.js'

/** A field as plain JSON. Doubles are written so that they read back bit for bit. */
export interface FieldJson {
  readonly format: 'separatrix-field'
  readonly version: 1
  readonly name: string
  readonly state: readonly string[]
  readonly input: readonly string[]
  readonly theta: readonly number[]
  readonly layout: readonly ThetaBlock[]
  readonly nodes: readonly Node[]
  readonly output: number
}

/** @example fromJSON(JSON.stringify(toJSON(expression('x^2', ['x'])))) // the same field */
export function toJSON(field: Field): FieldJson {
  return {
    format: 'separatrix-field',
    version: 1,
    name: field.name,
    state: field.stateNames,
    input: field.inputNames,
    theta: Array.from(field.theta),
    layout: field.layout,
    nodes: field.nodes,
    output: field.output,
  }
}

const knownOps: ReadonlySet<string> = new Set([
  ...leaves,
  ...unary,
  ...binary,
  'gather',
  'scatter',
  'concat',
  'sum',
  'dot',
  'matvec',
  'affine',
  'outer',
  'powi',
])

function parseText(text: string, bad: (expected: string, got: unknown) => Error): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw bad('JSON text', text.slice(0, 60))
  }
}

/** Reads a field back, checking shapes and references; throws a teaching error on anything else. */
export function fromJSON(json: unknown): Field {
  const bad = (expected: string, got: unknown) =>
    misuse({ where: 'fromJSON', expected, got: show(got), try: 'a file written by toJSON' })
  const j = (typeof json === 'string' ? parseText(json, bad) : json) as Partial<FieldJson>
  if (j?.format !== 'separatrix-field' || j.version !== 1)
    throw bad("format 'separatrix-field', version 1", j?.format ?? json)
  if (!Array.isArray(j.nodes) || !Array.isArray(j.state) || !Array.isArray(j.theta))
    throw bad('nodes, state and theta as lists', j)
  if (!j.theta.every((v) => typeof v === 'number' && Number.isFinite(v)))
    throw bad('finite numbers in theta', j.theta)
  const sizes: Record<string, number> = {
    time: 1,
    state: j.state.length,
    input: j.input?.length ?? 0,
    theta: j.theta.length,
  }
  const b = new Builder()
  const at: number[] = []
  const nodes: readonly Node[] = j.nodes
  nodes.forEach((node, i) => {
    if (!knownOps.has(node?.op)) throw bad(`a known operation in node ${i}`, node?.op)
    if (!Array.isArray(node.args) || !node.args.every((a) => Number.isInteger(a) && a >= 0 && a < i))
      throw bad(`arguments of node ${i} that name earlier nodes`, node.args)
    if (node.op in sizes && node.size !== sizes[node.op])
      throw bad(`node ${i} (${node.op}) of length ${sizes[node.op]}`, node.size)
    at.push(
      applyNode(
        b,
        node,
        node.args.map((a) => at[a] as number),
      ),
    )
    if (b.size(at[i] as number) !== node.size)
      throw bad(`node ${i} (${node.op}) of length ${b.size(at[i] as number)}`, node.size)
  })
  const output = at[j.output as number]
  if (output === undefined) throw bad('an output that names a node', j.output)
  return makeField(b, output, {
    name: j.name ?? 'field',
    stateNames: j.state,
    inputNames: j.input ?? [],
    theta: Float64Array.from(j.theta),
    layout: j.layout ?? [],
  })
}
