import { affine, coordinate } from './affine.js'
import { add, centre, type Interval, intervals, mul, never, sub, width, zero } from './interval.js'
import { demand } from './program.js'
import { type Formula, type Formulas, jets, variables } from './ring.js'

export type Box = readonly Interval[]
export type Matrix = readonly (readonly Interval[])[]

export interface Budget {
  left: number
}

const greatest = (list: readonly number[]) => list.indexOf(Math.max(...list))
export const widest = (box: Box) => greatest(box.map(width))
const textOf = (box: Box) => box.map(({ lo, hi }) => `[${lo}, ${hi}]`).join(' × ')

/**
 * Bounds of a formula over a part of a box, and the axis to bisect: nobody knows which axes the rest is from, and it is
 * shared out by how little they have been bisected. In even shares, the least slope could halve one axis for ever.
 */
export function bounds(g: Formula, box: Box, whole = box): Interval & { readonly axis: number } {
  const { lo, hi, slopes, rest } = g(affine, box.map(coordinate))
  const shares = box.map((side, i) => (width(side) > 0 ? width(side) / width(whole[i]) : 0))
  const most = Math.max(...shares)
  const variation = shares.map((share, i) =>
    share > 0 ? Math.abs(slopes[i] ?? 0) + ((rest / 8) * share) / most : 0,
  )
  const isTold = variation.every((v) => v < Infinity) && variation.some((v) => v > 0)
  return { lo, hi, axis: isTold ? greatest(variation) : widest(box) }
}

/** Bisects a box until all parts are closed: `open` names the axis along which a part is to be bisected that is not. */
export function prove(start: Box, budget: Budget, open: (box: Box) => number | undefined): void {
  const stack = [start]
  for (let box = stack.pop(); box !== undefined; box = stack.pop()) {
    const axis = open(box)
    if (axis === undefined) continue
    demand(budget.left-- > 0, `not proved on ${textOf(box)}`)
    stack.push(...bisect(box, axis))
  }
}

export const replaced = <T>(list: readonly T[], at: number, by: T) => list.map((v, i) => (i === at ? by : v))

function bisect(box: Box, axis: number): readonly [Box, Box] {
  const { lo, hi } = box[axis]
  const middle = centre(box[axis])
  demand(middle > lo && middle < hi, `a box without inside: ${textOf(box)}`)
  return [replaced(box, axis, { lo, hi: middle }), replaced(box, axis, { lo: middle, hi })]
}

/** The leaves of a bisection in preorder, which cover the box: an entry ≥ 0 halves along that axis, another is a leaf. */
export function walk(root: Box, tree: readonly number[], leaf: (box: Box, kind: number) => void): void {
  const stack = [root]
  for (const entry of tree) {
    const box = stack.pop()
    demand(box !== undefined, 'the tree has too many entries')
    if (entry < 0) leaf(box, entry)
    else stack.push(...[...bisect(box, entry)].reverse())
  }
  demand(stack.length === 0, 'the tree has too few entries')
}

export const square = (n: number, entry: (i: number, j: number) => Interval): Matrix =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_v, j) => entry(i, j)))

export const sum = (count: number, term: (i: number) => Interval) =>
  Array.from({ length: count }, (_, i) => term(i)).reduce(add, zero)

/** AᵀB */
export const product = (A: Matrix, B: Matrix): Matrix =>
  square(A.length, (i, j) => sum(A.length, (k) => mul(A[k][i], B[k][j])))

/** Values and slopes of formulas over a box: one row each, [value, slope in x₁, slope in x₂, …]. */
export const linearized = (g: Formulas, box: Box): Matrix =>
  g(jets(intervals, box.length), variables(intervals, box)).map(({ value, slopes }) => [
    value,
    ...slopes.map((s) => s ?? zero),
  ])

/** Second derivatives of a formula over a box, in the first n variables; none where it is undefined. */
export function hessian(g: Formula, box: Box, n: number): Matrix {
  const first = jets(intervals, box.length)
  const { value, slopes } = g(jets(first, box.length), variables(first, variables(intervals, box)))
  const isDefined = value.value.lo <= value.value.hi
  return square(n, (i, j) => (isDefined ? (slopes[i]?.slopes[j] ?? zero) : never))
}

/** Whether every symmetric matrix within is positive definite: its pivots are positive throughout. */
export function isDefinite([first, ...others]: Matrix): boolean {
  if (first === undefined) return true
  const [pivot, ...tail] = first
  if (!(pivot.lo > 0)) return false
  const inverse = intervals.inverse(pivot)
  return isDefinite(
    others.map((row, i) => row.slice(1).map((v, j) => sub(v, mul(mul(tail[i], tail[j]), inverse)))),
  )
}
