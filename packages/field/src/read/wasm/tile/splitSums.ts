import { type Field, sealField } from '../../../field.js'
import { applyNode, Builder, type Ref } from '../../../graph/builder.js'
import type { Node } from '../../../graph/node.js'

/** A sum over states that lanes have to take: of the rows of nodes, or of the outer products of pairs. */
export interface SumLeaf {
  readonly kind: 'rows' | 'outer'
  /** nodes of one size each, or one after another the pairs whose products are added up */
  readonly args: readonly Ref[]
  /** first entry among all sums */
  readonly at: number
  readonly size: number
}

/**
 * Rows that one sum reads at most where it takes several terms at once, so that their accumulators are added across
 * lanes only once; beyond that they would leave the cache before they are read (see bench/training).
 */
const mostRowsAtOnce = 512

/** Sums over states as few leaves, and what is made of them afterwards. */
export interface SplitSums {
  readonly leaves: readonly SumLeaf[]
  /** entries of all leaves */
  readonly size: number
  /** (·, [all leaves], θ) ↦ the sums that were asked for */
  readonly finish: Field
}

/** Which nodes depend on parameters only, hence are the same for every state. */
export function uniformNodes(nodes: readonly Node[]): boolean[] {
  const uniform: boolean[] = []
  for (const { op, args } of nodes)
    uniform.push(
      op === 'const' || op === 'theta' || (args.length > 0 && args.every((a) => uniform[a] === true)),
    )
  return uniform
}

/**
 * Σ over states of a node, pushed through all that is linear: scatters, concats, products with what is the same
 * for every state. What remains are sums of rows and of outer products w·xᵀ; the latter are the gradients of
 * weights, which no state needs to hold for itself.
 */
export function splitSums(nodes: readonly Node[], wanted: Ref, theta: Float64Array): SplitSums {
  const uniform = uniformNodes(nodes)
  const leaves: SumLeaf[] = []
  let total = 0
  const isZero = (ref: Ref) => {
    const node = nodes[ref]
    return node.op === 'const' && node.values.every((v) => v === 0)
  }
  const knowledge = { uniform, isZero }
  /** What one accumulator takes: a sum over lanes, or several that are only added to one another. */
  const termsOf = (ref: Ref): Omit<SumLeaf, 'at'>[] | undefined => {
    const node = nodes[ref]
    if (!isLinear(node, knowledge)) {
      const isOuter = node.op === 'outer' && node.args.every((a) => !uniform[a])
      return [{ kind: isOuter ? 'outer' : 'rows', args: isOuter ? node.args : [ref], size: node.size }]
    }
    if (node.op !== 'add' || node.args.some(isZero)) return undefined
    const parts = node.args.map(termsOf)
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined
  }
  const plans = new Map<Ref, Plan>()
  const plan = (ref: Ref): Plan => {
    const made = plans.get(ref) ?? makePlan(ref, nodes[ref])
    plans.set(ref, made)
    return made
  }
  const makePlan = (ref: Ref, node: Node): Plan => {
    if (isZero(ref)) return { kind: 'zero' }
    const terms = termsOf(ref)
    if (terms === undefined) {
      const args = node.args.map((a) => (isCoefficient(node, a, uniform) ? undefined : plan(a)))
      return { kind: 'linear', args }
    }
    const at = total
    total += node.size
    for (const term of together(terms, nodes)) leaves.push({ ...term, at })
    return { kind: 'leaf', at }
  }
  plan(wanted)
  const b = new Builder()
  const sums = b.leaf('state', total)
  const copies = new Map<Ref, Ref>()
  const copy = (ref: Ref): Ref => {
    const node = nodes[ref]
    const made = copies.get(ref) ?? applyNode(b, node, node.args.map(copy))
    copies.set(ref, made)
    return made
  }
  const built = new Map<Ref, Ref>()
  const build = (ref: Ref): Ref => {
    const known = built.get(ref)
    if (known !== undefined) return known
    const node = nodes[ref]
    const p = plan(ref)
    const made =
      p.kind === 'zero'
        ? b.zeros(node.size)
        : p.kind === 'leaf'
          ? b.gather(
              sums,
              Array.from({ length: node.size }, (_, i) => p.at + i),
            )
          : applyNode(
              b,
              node,
              node.args.map((a, i) => (p.args[i] === undefined ? copy(a) : build(a))),
            )
    built.set(ref, made)
    return made
  }
  const output = build(wanted)
  const finish = sealField(b, output, {
    name: 'sums',
    stateNames: Array.from({ length: total }, (_, i) => `s${i}`),
    inputNames: [],
    theta,
    layout: [],
  })
  return { leaves, size: total, finish }
}

/** Terms of the same shape, as many together as may be. */
function together(terms: readonly Omit<SumLeaf, 'at'>[], nodes: readonly Node[]): Omit<SumLeaf, 'at'>[] {
  const rowsOf = (args: readonly Ref[]) => args.reduce((sum, a) => sum + nodes[a].size, 0)
  const open = new Map<string, number>()
  const joined: Omit<SumLeaf, 'at'>[] = []
  for (const term of terms) {
    const shape = `${term.kind} ${term.args.map((a) => nodes[a].size)}`
    const k = open.get(shape)
    if (k !== undefined && rowsOf([...joined[k].args, ...term.args]) <= mostRowsAtOnce)
      joined[k] = { ...joined[k], args: [...joined[k].args, ...term.args] }
    else open.set(shape, joined.push(term) - 1)
  }
  return joined
}

type Plan =
  | { readonly kind: 'zero' }
  | { readonly kind: 'leaf'; readonly at: number }
  | { readonly kind: 'linear'; readonly args: readonly (Plan | undefined)[] }

interface Knowledge {
  readonly uniform: readonly boolean[]
  readonly isZero: (ref: Ref) => boolean
}

/** Arguments that are factors, the same for every state. */
function isCoefficient(node: Node, arg: Ref, uniform: readonly boolean[]): boolean {
  return ['mul', 'div', 'matvec', 'outer', 'dot'].includes(node.op) && uniform[arg] === true
}

/** Whether the sum over states of a node is the same operation on the sums of its arguments. */
function isLinear(node: Node, { uniform, isZero }: Knowledge): boolean {
  const varies = (arg: Ref) => !uniform[arg] || isZero(arg)
  const [x, y] = node.args as readonly [Ref, Ref]
  switch (node.op) {
    case 'add':
    case 'sub':
    case 'neg':
    case 'scatter':
    case 'concat':
    case 'sum':
    case 'gather':
      return node.args.every(varies)
    case 'mul':
    case 'matvec':
    case 'outer':
    case 'dot':
      return uniform[x] !== uniform[y]
    case 'div':
      return uniform[y] === true && !uniform[x]
    default:
      return false
  }
}
