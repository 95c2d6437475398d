import * as I from './interval.js'
import { type Jet, jetArithmetic } from './jet.js'
import { type Program, run } from './program.js'
import { type Box, demand, type Problem } from './readCertificate.js'
import { intervals } from './ring.js'

/** Bounds of a function over a box, with those of its slopes (order 1) or without. */
export type Reading = (box: Box, order: 0 | 1) => Jet<I.Interval>

export const [zero, one] = [I.point(0), I.point(1)]

/** The jets of variables up to an order. */
export function variables<T>(values: readonly T[], order: 0 | 1 | 2, [none, unit]: readonly T[]): Jet<T>[] {
  const n = values.length
  const length = [1, 1 + n, 1 + n + (n * (n + 1)) / 2][order]
  return values.map((v, i) => Array.from({ length }, (_, k) => (k === 0 ? v : k === i + 1 ? unit : none)))
}

export const over = (program: Program, box: Box, order: 0 | 1 | 2) =>
  run(jetArithmetic(intervals, box.length), program, variables(box, order, [zero, one]))

/** The field over a box, or f in the deviation from the equilibrium, of a map less the equilibrium itself. */
export function motion({ f, states: n, isMap, isMoved }: Problem, box: Box, order: 0 | 1) {
  if (!isMoved) return over(f, box, order)
  const J = jetArithmetic(intervals, box.length)
  const all = variables(box, order, [zero, one])
  const y = run(J, f, [...all.slice(0, n).map((v, i) => J.add(v, all[n + i])), ...all.slice(2 * n)])
  return isMap ? y.map((v, i) => J.binary.sub(v, all[n + i])) : y
}

export const sum = (count: number, term: (i: number) => I.Interval) =>
  Array.from({ length: count }).reduce<I.Interval>((s, _, i) => I.add(s, term(i)), zero)

/** ∂²w/∂xᵢ∂xⱼ of a jet of order 2 in n variables. */
export const hessianEntry = (w: Jet<I.Interval>, n: number, i: number, j: number) => {
  const [p, q] = [Math.max(i, j), Math.min(i, j)]
  return w[1 + n + (p * (p + 1)) / 2 + q] ?? zero
}

export type Matrix = readonly (readonly I.Interval[])[]
export const square = (n: number, entry: (i: number, j: number) => I.Interval): Matrix =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_v, j) => entry(i, j)))

/** Symmetric elimination in intervals: positive pivots throughout prove every matrix within positive definite. */
export function hasPositivePivots([first, ...others]: Matrix): boolean {
  if (first === undefined) return true
  const [pivot, ...tail] = first
  if (!(pivot.lo > 0)) return false
  const product = (i: number, j: number) => (i === j ? I.power(tail[i], 2) : I.mul(tail[i], tail[j]))
  return hasPositivePivots(
    others.map((row, i) => row.slice(1).map((v, j) => I.sub(v, I.div(product(i, j), pivot)))),
  )
}

/** W over boxes. */
export const candidateOf =
  ({ W }: Problem): Reading =>
  (box, order) =>
    over(W, box, order)[0]

/** W's rate over boxes: Ẇ + κW, or W∘f − W + κW of a map. */
export function rateOf(problem: Problem): Reading {
  const { W, states: n, decay, isMap } = problem
  return (box, order) => {
    const f = motion(problem, box, order)
    const J = jetArithmetic(intervals, box.length)
    const slopes = order === 0 ? 0 : box.length
    const decayOf = (w: Jet<I.Interval>) => J.mul([I.point(decay)], w.slice(0, 1 + slopes))
    const [w] = over(W, box, isMap || order === 0 ? (isMap ? order : 1) : 2)
    if (isMap) return J.add(J.binary.sub(run(J, W, f)[0], w), decayOf(w))
    const gradient = (i: number) => [
      w[1 + i] ?? zero,
      ...Array.from({ length: slopes }, (_, j) => hessianEntry(w, box.length, i, j)),
    ]
    const terms = f.slice(0, n).map((v, i) => J.mul(gradient(i), v))
    return terms.reduce((s, v) => J.add(s, v), decayOf(w))
  }
}

/** A natural enclosure, intersected with the mean-value form, and the axis to bisect. */
export function sharpened(read: Reading, box: Box) {
  // halving an odd subnormal rounds: a side of no width is its own centre
  const centre = box.map(({ lo, hi }) => I.point(lo === hi ? lo : lo / 2 + hi / 2))
  const [[natural, ...slopes], [value]] = [read(box, 1), read(centre, 0)]
  const slope = (i: number) => slopes[i] ?? zero
  const offset = sum(box.length, (i) => I.mul(slope(i), I.sub(box[i], centre[i])))
  const variation = box.map(({ lo, hi }, i) => Math.max(-slope(i).lo, slope(i).hi) * (hi - lo))
  const isTold = variation.every((v) => v < Infinity) && variation.some((v) => v > 0)
  return { bounds: meet(natural, I.add(value, offset)), axis: isTold ? greatest(variation) : widest(box) }
}

/** Both hold; an undefined natural enclosure stays undefined. */
const meet = (a: I.Interval, b: I.Interval): I.Interval =>
  Number.isNaN(b.lo) ? a : { lo: Math.max(a.lo, b.lo), hi: Math.min(a.hi, b.hi) }

const greatest = (list: readonly number[]) => list.indexOf(Math.max(...list))
export const widest = (box: Box) => greatest(box.map(({ lo, hi }) => hi - lo))

/** Bisects a box until `open` names no axis for any part: it returns the axis to bisect where a part is not proved. */
export function cover(start: Box, budget: { left: number }, open: (box: Box) => number | undefined): void {
  const stack = [start]
  for (let box = stack.pop(); box !== undefined; box = stack.pop()) {
    const axis = open(box)
    if (axis === undefined) continue
    demand(budget.left-- > 0, `not proved on ${textOf(box)}`)
    stack.push(...bisect(box, axis))
  }
}

const textOf = (box: Box) => box.map(({ lo, hi }) => `[${lo}, ${hi}]`).join(' × ')

export function bisect(box: Box, axis: number): readonly [Box, Box] {
  const { lo, hi } = box[axis]
  const middle = lo / 2 + hi / 2
  demand(middle > lo && middle < hi, `a box without inside: ${textOf(box)}`)
  const half = (part: I.Interval) => box.map((side, i) => (i === axis ? part : side))
  return [half({ lo, hi: middle }), half({ lo: middle, hi })]
}

/** The leaves of a bisection in preorder. */
export function walk(root: Box, tree: readonly number[], leaf: (box: Box) => void): void {
  const stack = [root]
  for (const entry of tree) {
    const box = stack.pop()
    demand(box !== undefined, 'the tree has too many entries')
    if (entry < 0) leaf(box)
    else stack.push(...[...bisect(box, entry)].reverse())
  }
  demand(stack.length === 0, 'the tree has too few entries')
}
