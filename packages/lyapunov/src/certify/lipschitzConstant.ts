import {
  constantInterval,
  enclose,
  expectField,
  type Field,
  freeze,
  type Interval,
  jacobian,
  misuse,
  type Node,
  roundDown,
  roundSumUp,
  roundUp,
  show,
} from '@separatrix/field/core'
import { midpoint } from './bisectionTree.js'
import type { Interval as Side } from './box.js'
import { widestOf } from './boxBounds.js'
import { boxQueue } from './boxQueue.js'
import { readDomain } from './prepare.js'
import { type IntervalArray, spectralNorm } from './spectralNorm.js'

/** The norm in which inputs and outputs are measured: Euclidean, or the largest entry. */
export type Norm = 2 | 'max'

export interface LipschitzOptions {
  /** a convex domain, as a box; all of Rⁿ without it */
  readonly domain?: readonly Side[]
  readonly norm?: Norm
  /** relative gap between the bounds at which the bisection of the domain ends; 0.05 */
  readonly tolerance?: number
  /** boxes after which it ends as well; 500 */
  readonly maxBoxes?: number
}

export interface LipschitzConstant {
  /** |f(x) − f(y)| ≤ upper·|x − y| for all x, y of the domain: proved; ∞ where no bound is found */
  readonly upper: number
  /** the largest norm of a Jacobian that was met at a point; not proved, 0 without a domain */
  readonly lower: number
}

/**
 * A proved upper bound of the Lipschitz constant of a field in its state. Over all of Rⁿ the product of its layers: norms
 * of the weights by Gram iteration, the slopes of the activations by 1 (sigmoid by ¼), sums added up. Over a box the
 * norm of the interval Jacobian, the box bisected where it is largest, and the product where that is less. All rounded
 * outward; weights mean their doubles. Cost over a box: one enclosure of the Jacobian per box, n·m entries.
 * @example
 * const f = network({ widths: [2, 16, 2], activation: 'tanh', seed: 1 })
 * const everywhere = lipschitzConstant(f).upper
 * lipschitzConstant(f, { domain: [[-1, 1], [-1, 1]] }).upper <= everywhere // true
 */
export function lipschitzConstant(
  field: Field,
  { domain, norm = 2, tolerance = 0.05, maxBoxes = 500 }: LipschitzOptions = {},
): LipschitzConstant {
  const where = 'lipschitzConstant'
  const f = checkedNetwork(where, field, norm)
  const everywhere = layerBound(f, norm)
  if (domain === undefined) return { upper: everywhere, lower: 0 }
  const box = readDomain(where, domain, f.stateSize)
  const local = overDomain(f, { ...box, norm, tolerance, maxBoxes })
  return { ...local, upper: Math.min(everywhere, local.upper) }
}

/** A field without inputs, time or jumps, its parameters frozen. */
export function checkedNetwork(where: string, field: Field, norm: Norm): Field {
  expectField(where, field)
  const isFine = field.inputSize === 0 && !field.nodes.some(({ op }) => ['time', 'step', 'sign'].includes(op))
  if (!isFine)
    throw misuse({
      where,
      expected: 'a continuous function of the state alone',
      got: `${field.name} with inputs, time, or jumps`,
      try: 'closeLoop, or relu in place of step',
    })
  if (norm !== 2 && norm !== 'max')
    throw misuse({ where, expected: "the norm 2 or 'max'", got: show(norm), try: 'norm: 2' })
  return freeze(field)
}

/** Bounds of the slopes of functions on all of R. */
const slopes: Readonly<Record<string, number>> = {
  neg: 1, relu: 1, abs: 1, tanh: 1, softplus: 1, sin: 1, cos: 1, atan: 1, sigmoid: 0.25,
} // biome-ignore format: one table

/** The bound over all of Rⁿ, node by node. */
export function layerBound({ nodes, output }: Field, norm: Norm): number {
  const bounds: number[] = []
  for (const node of nodes) bounds.push(nodeBound(node, { nodes, bounds, norm }))
  return bounds[output]
}

interface Known {
  readonly nodes: readonly Node[]
  readonly bounds: readonly number[]
  readonly norm: Norm
}

function nodeBound(node: Node, { nodes, bounds, norm }: Known): number {
  const of = node.args.map((a) => bounds[a])
  const joined = (list: readonly number[]) => (norm === 2 ? rootOfSquares(list) : Math.max(0, ...list))
  const total = of.reduce((s, v) => roundSumUp(s + v), 0)
  if (node.op === 'state') return 1
  if (total === 0) return 0
  if (node.op in slopes) return roundUp(slopes[node.op] * of[0])
  const rootUp = (x: number) => roundSumUp(Math.sqrt(x))
  const constant = (k: number) => constantsOf(nodes[node.args[k]])
  switch (node.op) {
    case 'concat':
      return norm === 2 ? concatBound(node.args, { nodes, bounds }) : joined(of)
    case 'min':
    case 'max':
      return joined(of)
    case 'add':
    case 'sub':
      return total
    case 'gather':
      return norm === 2 ? roundUp(rootUp(repeats(node.indices)) * of[0]) : of[0]
    case 'scatter':
      return roundUp((norm === 2 ? rootUp(repeats(node.indices)) : repeats(node.indices)) * of[0])
    case 'sum': {
      const { size } = nodes[node.args[0]]
      return roundUp((norm === 2 ? rootUp(size) : size) * of[0])
    }
    case 'matvec':
    case 'affine': {
      const weights = constant(0)
      if (weights === undefined) return Infinity
      const { rows, cols } = node
      const isTurned = node.op === 'matvec' && node.transposed
      const product = roundUp(matrixNorm({ rows, cols, ...weights }, norm, isTurned) * of[1])
      return roundSumUp(product + (of[2] ?? 0))
    }
    case 'mul': {
      const factors = constant(0) ?? constant(1)
      return factors === undefined ? Infinity : roundUp(largestOf(factors) * total)
    }
    case 'div': {
      const divisors = constant(1)
      const least = divisors?.lo.reduce((s, v, i) => Math.min(s, Math.max(v, -divisors.hi[i])), Infinity)
      return least !== undefined && least > 0 ? roundUp(of[0] / least) : Infinity
    }
    default:
      return Infinity
  }
}

/** How often the entry that is taken most often is taken. */
function repeats(indices: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const i of indices) counts.set(i, (counts.get(i) ?? 0) + 1)
  return Math.max(0, ...counts.values())
}

/**
 * Of parts side by side, in the Euclidean norm: (max(p, q), min(p, q)) permutes the entries of (p, q), so that it is no
 * further apart; and parts of one vector without repetition are not longer than it. So GroupSort has the bound 1.
 */
function concatBound(args: readonly number[], { nodes, bounds }: Omit<Known, 'norm'>): number {
  const parts = [...args]
  const isSorted = (k: number, op: 'max' | 'min', pair: readonly number[]) =>
    nodes[k].op === op && nodes[k].args.join() === pair.join()
  for (const arg of args) {
    const pair = nodes[arg].args
    const other = parts.findIndex((k) => isSorted(k, 'min', pair))
    if (nodes[arg].op !== 'max' || other < 0) continue
    parts.splice(other, 1)
    parts.splice(parts.indexOf(arg), 1, ...pair)
  }
  const sources = new Map<number, number[]>()
  const apart: number[] = []
  for (const k of parts) {
    const node = nodes[k]
    if (node.op === 'gather')
      sources.set(node.args[0], [...(sources.get(node.args[0]) ?? []), ...node.indices])
    else apart.push(bounds[k])
  }
  for (const [source, indices] of sources)
    apart.push(roundUp(roundSumUp(Math.sqrt(repeats(indices))) * bounds[source]))
  return rootOfSquares(apart)
}

const rootOfSquares = (list: readonly number[]) =>
  roundSumUp(Math.sqrt(list.reduce((s, v) => roundSumUp(s + roundUp(v * v)), 0)))

interface Ends {
  readonly lo: readonly number[]
  readonly hi: readonly number[]
}

function constantsOf(node: Node): Ends | undefined {
  if (node.op !== 'const') return undefined
  const sides = node.values.map((v): Interval => constantInterval(v, node.exact === true))
  return { lo: sides.map(({ lo }) => lo), hi: sides.map(({ hi }) => hi) }
}

const largestOf = ({ lo, hi }: Ends) => lo.reduce((most, v, i) => Math.max(most, -v, hi[i]), 0)

/** ‖W‖ for every W within the intervals, or ‖Wᵀ‖. */
export function matrixNorm(w: IntervalArray, norm: Norm, isTurned = false): number {
  if (norm === 2) return spectralNorm(w)
  const { rows, cols, lo, hi } = w
  const sums = new Float64Array(isTurned ? cols : rows)
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < cols; j++) {
      const k = isTurned ? j : i
      sums[k] = roundSumUp(sums[k] + Math.max(-lo[i * cols + j], hi[i * cols + j]))
    }
  const most = sums.reduce((m, v) => Math.max(m, v), 0)
  return Number.isNaN(most) ? Infinity : most
}

/** The largest norm of the Jacobian over a box, by bisection of the part with the largest bound. */
function overDomain(
  f: Field,
  {
    lo,
    hi,
    norm,
    tolerance,
    maxBoxes,
  }: {
    readonly lo: Float64Array
    readonly hi: Float64Array
    readonly norm: Norm
    readonly tolerance: number
    readonly maxBoxes: number
  },
): LipschitzConstant {
  const [n, m] = [f.stateSize, f.outputSize]
  const [value, read] = [enclose(f), enclose(jacobian(f))]
  const [low, high] = [new Float64Array(n * m), new Float64Array(n * m)]
  const bound = (from: Float64Array, to: Float64Array) => {
    // slopes do not show where f itself is undefined or jumps (atan2)
    value(from, to, low, high)
    for (let i = 0; i < m; i++) if (!(low[i] <= high[i])) return Infinity
    read(from, to, low, high)
    return matrixNorm({ rows: m, cols: n, lo: low, hi: high }, norm)
  }
  const queue = boxQueue(n)
  let lower = 0
  const look = (from: Float64Array, to: Float64Array) => {
    const centre = from.map((v, i) => midpoint(v, to[i]))
    const there = bound(centre, centre)
    if (there < Infinity) lower = Math.max(lower, there)
    queue.push(from, to, { key: -bound(from, to), node: 0, axis: widestOf(from, to) })
  }
  look(lo, hi)
  const [from, to] = [new Float64Array(n), new Float64Array(n)]
  for (let boxes = 1; boxes < maxBoxes; boxes += 2) {
    if (-queue.least() <= (1 + tolerance) * lower) break
    const { axis, key } = queue.pop(from, to)
    const middle = midpoint(from[axis], to[axis])
    if (!(middle > from[axis] && middle < to[axis])) return { upper: -key, lower }
    const split = to.slice()
    split[axis] = middle
    look(from.slice(), split)
    from[axis] = middle
    look(from.slice(), to.slice())
  }
  return { upper: -queue.least(), lower: Math.min(roundDown(lower), -queue.least()) }
}
