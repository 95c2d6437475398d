import { type Arithmetic, doubleArithmetic, exactArithmetic, simplestFraction } from './arithmetic.js'
import { rootedTrees, type Tree } from './trees.js'

export interface OrderResult {
  /** largest p whose conditions all hold */
  readonly order: number
  /** whether the conditions were verified in exact fractions */
  readonly exact: boolean
  /** largest |Σ bᵢ Φᵢ(t) − 1/γ(t)| over the trees of orders up to p; 0 when exact */
  readonly residual: number
}

/** Trees beyond this order are not enumerated: 1842 of order 11 would cost seconds and no method needs them. */
const highestOrder = 10

/**
 * The order of weights b on a tableau a: Σᵢ bᵢ Φᵢ(t) = 1/γ(t) for all rooted trees t of order ≤ p (Butcher;
 * Hairer, Nørsett & Wanner, Solving ODEs I, theorem II.2.13). In exact fractions where all coefficients are
 * simple ones; otherwise in doubles, a condition counting as met within the rounding of the coefficients, times
 * `loss` where these were computed from printed ones.
 */
export function orderOf(
  a: Matrix,
  b: readonly number[],
  { single = a, loss = 1 }: OrderOptions = {},
): OrderResult {
  const simple = [...a.flat(), ...single.flat(), ...b].every((v) => simplestFraction(v) !== undefined)
  const matrices = { a, single, loss }
  return simple ? holds(exactArithmetic, matrices, b, true) : holds(doubleArithmetic, matrices, b, false)
}

export type Matrix = readonly (readonly number[])[]

export interface OrderOptions {
  /**
   * stands in for a at vertices with a single branch: α + Γ of a Rosenbrock method, α being a (Hairer & Wanner,
   * Solving ODEs II, theorem IV.7.4)
   */
  readonly single?: Matrix
  readonly loss?: number
}

const absolute = (a: Matrix) => a.map((row) => row.map(Math.abs))

function holds<T>(
  field: Arithmetic<T>,
  { a, single, loss }: { readonly a: Matrix; readonly single: Matrix; readonly loss: number },
  b: readonly number[],
  exact: boolean,
): OrderResult {
  const weights = elementaryWeights(field, a, single)
  const bounds = elementaryWeights(doubleArithmetic, absolute(a), absolute(single))
  const coefficients = b.map(field.from)
  let residual = 0
  const trees = rootedTrees(highestOrder)
  for (let order = 1; order <= highestOrder; order++) {
    let worst = 0
    for (const tree of trees[order] as readonly Tree[]) {
      const distance = field.distance(dot(field, coefficients, weights(tree)), field.inverse(tree.density))
      const size = dot(doubleArithmetic, b.map(Math.abs), bounds(tree))
      // every coefficient is off by half a unit in the last place, and a condition multiplies `order` of them
      const allowed = exact ? 0 : 8 * order * Number.EPSILON * size * loss
      if (distance > allowed) return { order: order - 1, exact, residual }
      worst = Math.max(worst, distance)
    }
    residual = Math.max(residual, worst)
  }
  return { order: highestOrder, exact, residual }
}

/** Φᵢ(t) = Π over the children s of Σⱼ a_ij Φⱼ(s), remembered per tree. */
function elementaryWeights<T>(
  field: Arithmetic<T>,
  a: Matrix,
  single: Matrix = a,
): (tree: Tree) => readonly T[] {
  const [many, one] = [a, single].map((matrix) => matrix.map((row) => row.map(field.from))) as [T[][], T[][]]
  const known = new Map<Tree, readonly T[]>()
  const weights = (tree: Tree): readonly T[] => {
    const found = known.get(tree)
    if (found !== undefined) return found
    const rows = tree.children.length === 1 ? one : many
    const parts = tree.children.map((child) => {
      const inner = weights(child)
      return rows.map((row) => dot(field, row, inner))
    })
    const value = rows.map((_, i) =>
      parts.reduce((product, part) => field.multiply(product, part[i] as T), field.one),
    )
    known.set(tree, value)
    return value
  }
  return weights
}

function dot<T>(field: Arithmetic<T>, x: readonly T[], y: readonly T[]): T {
  return x.reduce((total, v, i) => field.add(total, field.multiply(v, y[i] as T)), field.zero)
}

/**
 * The order of a continuous extension: Σ bᵢ(θ) Φᵢ(t) = θ^|t|/γ(t), tried at θ = .123, .5 and .77, in doubles.
 */
export function denseOrderOf(
  a: Matrix,
  polynomials: Matrix,
  { single = a, loss = 1 }: OrderOptions = {},
): number {
  const orders = [0.123, 0.5, 0.77].map((theta) => {
    const b = polynomials.map((row) => row.reduce((sum, v, j) => sum + v * theta ** (j + 1), 0))
    const size = polynomials.map((row) => row.reduce((sum, v, j) => sum + Math.abs(v) * theta ** (j + 1), 0))
    const weights = elementaryWeights(doubleArithmetic, a, single)
    const bounds = elementaryWeights(doubleArithmetic, absolute(a), absolute(single))
    const trees = rootedTrees(highestOrder)
    for (let order = 1; order <= highestOrder; order++)
      for (const tree of trees[order] as readonly Tree[]) {
        const gap = Math.abs(dot(doubleArithmetic, b, weights(tree)) - theta ** order / tree.density)
        if (gap > 8 * order * Number.EPSILON * loss * dot(doubleArithmetic, size, bounds(tree)))
          return order - 1
      }
    return highestOrder
  })
  return Math.min(...orders)
}
