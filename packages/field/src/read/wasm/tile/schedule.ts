import type { Ref } from '../../../graph/builder.js'
import { binary, type Node, unary } from '../../../graph/node.js'
import type { SumLeaf } from './splitSums.js'

/** One piece of work on a tile: elementwise operations in one loop, another operation, or a sum over lanes. */
export type Work =
  | { readonly kind: 'elementwise'; readonly nodes: readonly Ref[]; readonly size: number }
  | { readonly kind: 'node'; readonly node: Ref }
  | { readonly kind: 'sum'; readonly leaf: SumLeaf }

const elementwise: ReadonlySet<string> = new Set([...unary, ...binary, 'powi'])

export interface ScheduleRequest {
  readonly nodes: readonly Node[]
  /** nodes that are there: leaves, and what is the same for all states */
  readonly given: readonly boolean[]
  /** nodes that are read where their argument is */
  readonly views: readonly boolean[]
  readonly outputs: readonly Ref[]
  readonly leaves: readonly SumLeaf[]
}

/**
 * Orders the work, from the end: of what nobody waits for any more, the node that stands last in the graph comes
 * last. An elementwise node takes those of its arguments that only it and its companions still wait for into its
 * loop, so that a derivative is computed where it is used and never stored.
 */
export function schedule({ nodes, given, views, outputs, leaves }: ScheduleRequest): Work[] {
  const argumentsOf = (i: Ref): readonly Ref[] => (given[i] ? [] : nodes[i].args)
  const { needed, waiting } = countWaiting(nodes.length, argumentsOf, [
    ...outputs,
    ...leaves.flatMap((l) => l.args),
  ])
  for (const o of outputs) waiting[o]--
  const pendingLeaves = [...leaves].sort((a, b) => Math.max(...a.args) - Math.max(...b.args))
  const done: boolean[] = nodes.map((_, i) => !needed[i])
  const backwards: Work[] = []
  const release = (args: readonly Ref[]) => {
    for (const a of args) waiting[a]--
  }
  const isFree = (i: Ref) => !done[i] && waiting[i] === 0
  for (let i = nodes.length - 1; i >= 0; ) {
    // a sum stands right after the last of what it needs
    const leaf = pendingLeaves.at(-1)
    if (leaf !== undefined && Math.max(...leaf.args) >= i) {
      backwards.push({ kind: 'sum', leaf })
      release(leaf.args)
      pendingLeaves.pop()
      continue
    }
    if (!isFree(i)) {
      i--
      continue
    }
    const node = nodes[i]
    if (given[i] || !elementwise.has(node.op)) {
      if (!given[i] && !views[i]) backwards.push({ kind: 'node', node: i })
      done[i] = true
      release(argumentsOf(i))
      continue
    }
    const group: Ref[] = []
    const queue: Ref[] = [i]
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (!isFree(next)) continue
      done[next] = true
      group.push(next)
      const { args } = nodes[next]
      release(args)
      for (const a of args) {
        const { op, size } = nodes[a]
        if (!given[a] && elementwise.has(op) && size === node.size && isFree(a)) queue.push(a)
      }
    }
    backwards.push({ kind: 'elementwise', nodes: group.sort((a, b) => a - b), size: node.size })
  }
  return backwards.reverse()
}

/** Which nodes the wanted ones need, and how many uses of each are outstanding. */
function countWaiting(count: number, argumentsOf: (i: Ref) => readonly Ref[], wanted: readonly Ref[]) {
  const needed = new Array<boolean>(count).fill(false)
  const waiting = new Int32Array(count)
  for (const w of wanted) {
    needed[w] = true
    waiting[w]++
  }
  for (let i = count - 1; i >= 0; i--) {
    if (!needed[i]) continue
    for (const a of argumentsOf(i)) {
      needed[a] = true
      waiting[a]++
    }
  }
  return { needed, waiting }
}
