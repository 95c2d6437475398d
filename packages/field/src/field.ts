import { misuse, show } from './error.js'
import type { Builder, Ref } from './graph/builder.js'
import type { Node } from './graph/node.js'

/** One named block of θ. Weights are what training changes by default; parameters are physics and stay. */
export interface ThetaBlock {
  readonly name: string
  readonly offset: number
  readonly shape: readonly number[]
  readonly kind: 'parameter' | 'weight'
}

/**
 * A map f(t, x, θ): R × Rⁿ × Rᵖ → Rᵐ as data: a flat, topologically sorted array of vector operations.
 * An open plant also reads an input u ∈ Rᵏ. Fields are immutable; {@link withTheta} gives a changed copy.
 */
export interface Field {
  readonly name: string
  readonly nodes: readonly Node[]
  /** position in `nodes` of the value of the map */
  readonly output: number
  readonly stateSize: number
  readonly inputSize: number
  readonly outputSize: number
  readonly stateNames: readonly string[]
  readonly inputNames: readonly string[]
  /** all parameters, flat; `layout` names its blocks */
  readonly theta: Float64Array
  readonly layout: readonly ThetaBlock[]
}

/** What a field needs beside its graph. */
export interface FieldHeader {
  readonly name: string
  readonly stateNames: readonly string[]
  readonly inputNames: readonly string[]
  readonly theta: Float64Array
  readonly layout: readonly ThetaBlock[]
}

/** Freezes what a builder holds into a field, keeping only nodes that the output needs. */
export function sealField(b: Builder, output: Ref, header: FieldHeader): Field {
  const { nodes, position } = reachable(b.nodes, output)
  return Object.freeze({
    ...header,
    nodes: Object.freeze(nodes),
    output: position[output] as number,
    stateSize: header.stateNames.length,
    inputSize: header.inputNames.length,
    outputSize: b.size(output),
  })
}

function reachable(nodes: readonly Node[], output: Ref) {
  const needed = new Uint8Array(nodes.length)
  needed[output] = 1
  for (let i = output; i >= 0; i--) {
    if (needed[i]) for (const a of (nodes[i] as Node).args) needed[a] = 1
  }
  const position = new Int32Array(nodes.length).fill(-1)
  const kept: Node[] = []
  nodes.forEach((node, i) => {
    if (!needed[i]) return
    position[i] = kept.length
    kept.push(Object.freeze({ ...node, args: node.args.map((a) => position[a] as number) }) as Node)
  })
  return { nodes: kept, position }
}

/** The same field with other parameters; length p is required. */
export function withTheta(field: Field, theta: ArrayLike<number>): Field {
  expectField('withTheta', field)
  if (theta.length !== field.theta.length) {
    throw misuse({
      where: 'withTheta',
      expected: `${field.theta.length} parameters (${field.layout.map((b) => b.name).join(', ') || 'none'})`,
      got: `${theta.length}`,
      try: 'a copy of field.theta with entries changed',
    })
  }
  return Object.freeze({ ...field, theta: Float64Array.from(theta) })
}

/** The same field with some parameters changed by name. */
export function withParams(
  field: Field,
  params: Readonly<Record<string, number | readonly number[]>>,
): Field {
  expectField('withParams', field)
  const theta = Float64Array.from(field.theta)
  for (const [name, value] of Object.entries(params)) {
    const block = field.layout.find((b) => b.name === name)
    if (block === undefined) {
      throw misuse({
        where: 'withParams',
        expected: `one of ${field.layout.map((b) => b.name).join(', ') || '(the field has no parameters)'}`,
        got: show(name),
        try: 'field.layout for the names',
      })
    }
    const values = typeof value === 'number' ? [value] : value
    if (values.length !== blockSize(block)) {
      throw misuse({
        where: `withParams(${name})`,
        expected: `${blockSize(block)} values`,
        got: `${values.length}`,
        try: `shape [${block.shape.join(', ')}] in row-major order`,
      })
    }
    theta.set(values, block.offset)
  }
  return withTheta(field, theta)
}

export function blockSize(block: ThetaBlock): number {
  return block.shape.reduce((product, n) => product * n, 1)
}

/** Concatenates the parameters of several fields; equal names get a number. */
export function mergeTheta(fields: readonly Field[]): {
  theta: Float64Array
  layout: ThetaBlock[]
  offsets: number[]
} {
  const theta = new Float64Array(fields.reduce((total, f) => total + f.theta.length, 0))
  const layout: ThetaBlock[] = []
  const offsets: number[] = []
  const taken = new Set<string>()
  let offset = 0
  for (const field of fields) {
    offsets.push(offset)
    theta.set(field.theta, offset)
    for (const block of field.layout) {
      let name = block.name
      for (let k = 2; taken.has(name); k++) name = `${block.name}#${k}`
      taken.add(name)
      layout.push({ ...block, name, offset: block.offset + offset })
    }
    offset += field.theta.length
  }
  return { theta, layout, offsets }
}

export function isField(value: unknown): value is Field {
  return (
    typeof value === 'object' &&
    value !== null &&
    'nodes' in value &&
    'output' in value &&
    'stateSize' in value
  )
}

/**
 * Refuses what is no field, at the door of everything that needs to see the equations: a plain function has
 * values, but neither derivatives nor enclosures.
 */
export function expectField(where: string, value: unknown): asserts value is Field {
  if (isField(value)) return
  const isStored = typeof value === 'object' && value !== null && 'format' in value
  throw misuse({
    where,
    expected: 'a field: system(…), expression(…), network(…) or one derived from them',
    got: isStored ? 'its JSON' : show(value),
    try: isStored
      ? 'fromJSON(…)'
      : 'writing the equations as system({ … }), since derivatives and enclosures have to see them',
    code: 'not-a-field',
  })
}

/**
 * Refuses two fields of the same state that name its entries in different orders: states are matched by
 * position, so a name that both use has to stand at the same place.
 */
export function expectSameOrder(where: string, reference: Field, other: Field): void {
  const names = reference.stateNames
  const misplaced = other.stateNames.find((name, i) => names.includes(name) && names[i] !== name)
  if (misplaced === undefined) return
  throw misuse({
    where,
    expected: `states in the order of ${reference.name} (${names.join(', ')})`,
    got: other.stateNames.join(', '),
    try: `moving ${misplaced}`,
    code: 'wrong-order',
  })
}
