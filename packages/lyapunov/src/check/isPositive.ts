import {
  type Fraction,
  isLonger,
  monomialProduct,
  type Polynomial,
  plus,
  powersOf,
  reduced,
  times,
} from './polynomial.js'
import { demand } from './program.js'

/** Elimination lengthens the coefficients with each pivot. */
const mostBits = 8192n

interface Signs {
  /** variables that are known to be nonnegative */
  readonly isNonnegative?: (i: number) => boolean
  /** p is a polynomial in so many variables, and positive but at 0 */
  readonly strictIn?: number
  /** and p → ∞ with |x| */
  readonly isUnbounded?: boolean
}

/**
 * Whether p ≥ 0: beside a positive semidefinite quadratic form there are only terms that are nonnegative by their signs.
 * It is strict where the form is definite in those variables of which there is no pure power x⁴, x⁶, …, and unbounded
 * where the whole form is definite or diagonal as well.
 */
export function isPositive(
  p: Polynomial,
  { isNonnegative = () => false, strictIn = 0, isUnbounded = false }: Signs,
): boolean {
  const hasSign = ([m, c]: readonly [string, Fraction]) =>
    c[0] > 0n && powersOf(m).every(([i, e]) => e % 2 === 0 || isNonnegative(i))
  const isOfForm = ([m, c]: readonly [string, Fraction]) =>
    powersOf(m).reduce((s, [, e]) => s + e, 0) === 2 && !(m.includes(' ') && hasSign([m, c]))
  const form = new Map([...p].filter(isOfForm))
  const others = [...p].filter(([m]) => !form.has(m))
  const strict = Array.from({ length: strictIn }, (_, i) => i)
  const used = [...p.keys()].flatMap((m) => powersOf(m).map(([i]) => i))
  const half = (i: number, j: number) =>
    times(form.get(monomialProduct(`${i}^1`, `${j}^1`)) ?? [0n, 1n], [1n, 2n])
  const matrix = (axes: readonly number[]) =>
    axes.map((i) => axes.map((j) => (i === j ? plus(half(i, i), half(i, i)) : half(i, j))))
  const all = [...new Set([...strict, ...used])]
  const impure = strict.filter((i) => !others.some(([m]) => m.startsWith(`${i}^`) && !m.includes(' ')))
  const isDiagonal = [...form.keys()].every((m) => !m.includes(' '))
  return (
    others.every(hasSign) &&
    (strictIn === 0 || (used.every((i) => i < strictIn) && !p.has(''))) &&
    isDefinite(matrix(all), false) &&
    isDefinite(matrix(impure), true) &&
    (!isUnbounded || isDiagonal || isDefinite(matrix(all), true))
  )
}

/** Positive (semi)definite by exact elimination: pivots positive, or 0 with nothing beside them. */
function isDefinite([first, ...others]: readonly (readonly Fraction[])[], isStrict: boolean): boolean {
  if (first === undefined) return true
  const [pivot, ...tail] = first
  demand(!first.some((c) => isLonger(c, mostBits)), 'a form with coefficients that are too long')
  if (pivot[0] < 0n || (pivot[0] === 0n && (isStrict || tail.some((c) => c[0] !== 0n)))) return false
  const drop = (i: number, j: number): Fraction =>
    pivot[0] === 0n ? [0n, 1n] : times(times(tail[i], tail[j]), reduced(-pivot[1], pivot[0]))
  return isDefinite(
    others.map((row, i) => row.slice(1).map((c, j) => plus(c, drop(i, j)))),
    isStrict,
  )
}
