import { type Field, sealField } from '../field.js'
import { applyNode, Builder, type Ref } from '../graph/builder.js'
import type { Node, Op } from '../graph/node.js'

/** Operations dear enough to be computed once for all who use them, wherever they stand in a vector. */
const dear: ReadonlySet<Op> = new Set<Op>([
  'div', 'pow', 'atan2', 'sqrt', 'exp', 'log', 'sin', 'cos', 'tan', 'atan', 'sinh', 'cosh', 'tanh',
  'sigmoid', 'softplus',
]) // biome-ignore format: one table

const commutative: ReadonlySet<Op> = new Set<Op>(['add', 'mul', 'min', 'max'])

/** Equations from which a search for vectors pays. */
const fewest = 8

/** Longest chain of operations that the search follows; a sum of more terms, written out, stays as it is. */
const deepest = 2000

/**
 * The reverse of {@link scalarize}: equations of one shape become one equation between vectors, their leaves
 * gathers. A thousand equations of a stencil, written one by one, are then a few loops. The field means the
 * same function, up to the order of commuting operands; one that is not written in single numbers, or is
 * small, comes back as it is. Cost: a few visits of each operation.
 * @example
 * const names = Array.from({ length: 50 }, (_, i) => `x${i}`)
 * const ring = system({ state: names, dynamics: Object.fromEntries(names.map((x, i) => [x, `x${(i + 1) % 50} - ${x}`])) })
 * vectorize(ring).nodes.length // 3: the state, its neighbours, their difference
 */
export function vectorize(field: Field): Field {
  const output = field.nodes[field.output] as Node
  if (output.op !== 'concat' || output.args.length < fewest || !isWrittenOut(field)) return field
  const shapes = shapesOf(field.nodes)
  if (shapes === undefined) return field
  const b = new Builder()
  const { kind } = shapes
  const groups = groupsOf(output.args, kind)
  const lists = groups.map((group) => group.map((i) => output.args[i] as number))
  const families = sharedFamilies(field.nodes, shapes, lists)
  const rolled = new Map<string, Ref>()
  const once = (key: string, make: () => Ref): Ref => {
    const made = rolled.get(key) ?? make()
    rolled.set(key, made)
    return made
  }
  const roll = (list: readonly number[]): Ref => once(list.join(), () => rollAnew(list))
  const rollAnew = (list: readonly number[]): Ref => {
    const node = field.nodes[list[0] as number] as Node
    if (list.length > 1 && list.every((i) => i === list[0]))
      return b.broadcast(roll(list.slice(0, 1)), list.length)
    const family = families.get(kind[list[0] as number] as number)
    if (family === undefined) return rollNode(node, list)
    const whole = once(`all ${family[0]}`, () => rollNode(node, family))
    const place = new Map(family.map((i, k) => [i, k]))
    return b.gather(
      whole,
      list.map((i) => place.get(i) as number),
    )
  }
  const rollNode = (node: Node, list: readonly number[]): Ref => {
    const members = list.map((i) => field.nodes[i] as Node)
    if (node.op === 'const')
      return b.constant(
        members.map((m) => (m.op === 'const' ? (m.values[0] as number) : 0)),
        members.some((m) => m.op === 'const' && m.exact === true),
      )
    if (node.op === 'gather') {
      const leaf = field.nodes[node.args[0] as number] as Node
      const vector = applyNode(b, leaf, [])
      return b.gather(
        vector,
        members.map((m) => (m.op === 'gather' ? (m.indices[0] as number) : 0)),
      )
    }
    const columns = list.map((i) => shapes.args(i))
    return applyNode(
      b,
      node,
      node.args.map((_, k) => roll(columns.map((args) => args[k] as number))),
    )
  }
  const parts = lists.map(roll)
  // each output at its place again
  const order = new Array<number>(output.args.length)
  groups.flat().forEach((i, place) => {
    order[i] = place
  })
  return sealField(b, b.gather(b.concat(parts), order), field)
}

/** Positions of outputs of one shape. */
function groupsOf(outputs: readonly number[], kind: Int32Array): readonly (readonly number[])[] {
  const groups = new Map<number, number[]>()
  outputs.forEach((node, i) => {
    append(groups, kind[node] as number, i)
  })
  return [...groups.values()]
}

/**
 * Dear operations that several vectors have in common, by their kind, in the order in which they are first
 * wanted: one vector of them all is computed once. Those that no two vectors share stay where they are used.
 */
function sharedFamilies(
  nodes: readonly Node[],
  { kind, args }: Shapes,
  lists: readonly (readonly number[])[],
): ReadonlyMap<number, readonly number[]> {
  const wanted = new Map<number, { readonly members: Set<number>; count: number }>()
  const seen = new Set<string>()
  const walk = (list: readonly number[]): void => {
    const key = list.join()
    if (seen.has(key)) return
    seen.add(key)
    const node = nodes[list[0] as number] as Node
    if (dear.has(node.op)) {
      const family = wanted.get(kind[list[0] as number] as number) ?? { members: new Set(), count: 0 }
      for (const i of list) family.members.add(i)
      family.count += new Set(list).size
      wanted.set(kind[list[0] as number] as number, family)
    }
    if (node.op === 'gather') return
    const columns = list.map(args)
    node.args.forEach((_, k) => {
      walk(columns.map((c) => c[k] as number))
    })
  }
  for (const list of lists) walk(list)
  return new Map(
    [...wanted]
      .filter(([, { members, count }]) => count > members.size)
      .map(([of, { members }]) => [of, [...members]]),
  )
}

function append(lists: Map<number, number[]>, key: number, value: number): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}

/** Whether vectors appear only as leaves and as the output. */
function isWrittenOut(field: Field): boolean {
  return field.nodes.every((node, i) => {
    if (i === field.output || node.size === 1) return true
    return node.op === 'state' || node.op === 'theta' || node.op === 'input'
  })
}

/** The shape of each node as a number, and its arguments in the order of their shapes where they commute. */
interface Shapes {
  readonly kind: Int32Array
  args(node: number): readonly number[]
}

function shapesOf(nodes: readonly Node[]): Shapes | undefined {
  const kind = new Int32Array(nodes.length)
  const depth = new Int32Array(nodes.length)
  const known = new Map<string, number>()
  const args = (i: number): readonly number[] => {
    const node = nodes[i] as Node
    if (!commutative.has(node.op)) return node.args
    const [a, b] = node.args as readonly [number, number]
    return (kind[a] as number) <= (kind[b] as number) ? node.args : [b, a]
  }
  for (const [i, node] of nodes.entries()) {
    const key = shapeOf(
      nodes,
      node,
      args(i).map((a) => kind[a] as number),
    )
    kind[i] = known.get(key) ?? known.size
    known.set(key, kind[i] as number)
    depth[i] = node.args.reduce((most, a) => Math.max(most, (depth[a] as number) + 1), 0)
    if ((depth[i] as number) > deepest) return undefined
  }
  return { kind, args }
}

function shapeOf(nodes: readonly Node[], node: Node, kinds: readonly number[]): string {
  if (node.op === 'powi') return `powi ${node.exponent} ${kinds}`
  const exponent = node.op === 'pow' ? (nodes[node.args[1] as number] as Node) : undefined
  // powers of halves are printed as roots, each of its own kind
  if (exponent?.op === 'const') return `pow ${exponent.values[0]} ${kinds}`
  return `${node.op} ${kinds}`
}
