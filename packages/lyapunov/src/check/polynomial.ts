import type { Arithmetic } from './program.js'

/** A rational number. */
type Fraction = readonly [bigint, bigint]
/** Coefficients by monomial: the exponents as digits of a text, joined by spaces. */
export type Polynomial = ReadonlyMap<string, Fraction>

const reduced = (top: bigint, bottom: bigint): Fraction => {
  let [a, b] = [top < 0n ? -top : top, bottom < 0n ? -bottom : bottom]
  while (b > 0n) [a, b] = [b, a % b]
  const sign = bottom < 0n ? -1n : 1n
  return [(sign * top) / a, (sign * bottom) / a]
}
const plus = (a: Fraction, b: Fraction) => reduced(a[0] * b[1] + b[0] * a[1], a[1] * b[1])
const times = (a: Fraction, b: Fraction) => reduced(a[0] * b[0], a[1] * b[1])

/** The decimal that is written, or the double itself: doubled until it is an integer. */
function fraction(value: number, exact: boolean): Fraction {
  let [x, twos] = [value, 0]
  if (exact) {
    for (; !Number.isInteger(x); x *= 2) twos++
    return reduced(BigInt(x), 1n << BigInt(twos))
  }
  const [, sign, whole, decimals = '', tens = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(
    String(value),
  ) as RegExpExecArray
  const scale = Number(tens) - decimals.length
  const digits = BigInt(sign + whole + decimals)
  return scale < 0 ? reduced(digits, 10n ** BigInt(-scale)) : [digits * 10n ** BigInt(scale), 1n]
}

/** Polynomials in n variables with exact coefficients; whatever leads out of them throws. */
export function polynomialArithmetic(
  n: number,
): Arithmetic<Polynomial> & { readonly variables: readonly Polynomial[] } {
  const one = new Array<number>(n).fill(0).join(' ')
  const constant = (c: Fraction): Polynomial => new Map(c[0] === 0n ? [] : [[one, c]])
  const collect = (terms: Iterable<readonly [string, Fraction]>): Polynomial => {
    const out = new Map<string, Fraction>()
    for (const [m, c] of terms) out.set(m, plus(out.get(m) ?? [0n, 1n], c))
    for (const [m, c] of out) if (c[0] === 0n) out.delete(m)
    if (out.size > 2000) throw new Error('a polynomial of too many terms')
    return out
  }
  const shift = (m: string, k: string) => {
    const [a, b] = [m.split(' '), k.split(' ')]
    return a.map((e, i) => Number(e) + Number(b[i])).join(' ')
  }
  const add = (p: Polynomial, q: Polynomial) => collect([...p, ...q])
  const mul = (p: Polynomial, q: Polynomial) =>
    collect([...p].flatMap(([m, c]) => [...q].map(([k, d]) => [shift(m, k), times(c, d)] as const)))
  const neg = (p: Polynomial) => mul(p, constant([-1n, 1n]))
  const refuse = (what: string): never => {
    throw new Error(`${what} in a polynomial`)
  }
  const div = (p: Polynomial, q: Polynomial) => {
    const c = q.size === 1 ? q.get(one) : undefined
    return c === undefined ? refuse('a quotient') : mul(p, constant(reduced(c[1], c[0])))
  }
  const power = (p: Polynomial, k: number) =>
    k < 0 || k > 20
      ? refuse('a power')
      : Array.from({ length: k }).reduce<Polynomial>((r) => mul(r, p), constant([1n, 1n]))
  return {
    add,
    mul,
    power,
    zero: new Map(),
    constant: (value, exact) => constant(fraction(value, exact)),
    unary: (op, p) => (op === 'neg' ? neg(p) : refuse(op)),
    binary: { add, sub: (p, q) => add(p, neg(q)), mul, div },
    variables: Array.from(
      { length: n },
      (_, i) =>
        new Map([[Array.from({ length: n }, (_v, j) => Number(i === j)).join(' '), [1n, 1n] as const]]),
    ),
  }
}

/** ∂p/∂xᵢ. */
export function partial(p: Polynomial, i: number): Polynomial {
  const terms = [...p].map(([m, c]) => {
    const exponents = m.split(' ').map(Number)
    const factor = exponents[i]
    exponents[i] -= 1
    return [exponents.join(' '), times(c, [BigInt(factor), 1n])] as const
  })
  return new Map(terms.filter(([, c]) => c[0] !== 0n))
}

/**
 * Whether p > 0 off 0: beside a positive semidefinite quadratic part only even monomials with positive coefficients, and
 * where all pure powers x^4, x^6, … vanish, what is left of the quadratic part is definite. Unbounded as well, if the
 * quadratic part is definite or diagonal.
 */
export function isPositive(p: Polynomial, n: number, isUnbounded: boolean): boolean {
  const at = (i: number, j: number): Fraction => {
    const m = Array.from({ length: n }, (_, k) => Number(k === i) + Number(k === j)).join(' ')
    const c = p.get(m) ?? [0n, 1n]
    return i === j ? c : times(c, [1n, 2n])
  }
  const exponents = [...p.keys()].map((m) => m.split(' ').map(Number))
  const degree = (e: readonly number[]) => e.reduce((s, v) => s + v, 0)
  const higher = exponents.filter((e) => degree(e) !== 2)
  const isEven = (e: readonly number[]) =>
    degree(e) > 2 && e.every((v) => v % 2 === 0) && (p.get(e.join(' ')) as Fraction)[0] > 0n
  const all = Array.from({ length: n }, (_, i) => i)
  const impure = all.filter((i) => !higher.some((e) => degree(e) === e[i]))
  const isDiagonal = all.every((i) => all.every((j) => i === j || at(i, j)[0] === 0n))
  const matrix = (indices: readonly number[]) => indices.map((i) => indices.map((j) => at(i, j)))
  const isFine = higher.every(isEven) && isDefinite(matrix(impure), true) && isDefinite(matrix(all), false)
  return isFine && (!isUnbounded || isDiagonal || isDefinite(matrix(all), true))
}

/** Positive (semi)definite by exact elimination: pivots positive, or 0 with nothing beside them. */
function isDefinite([first, ...others]: readonly (readonly Fraction[])[], strictly: boolean): boolean {
  if (first === undefined) return true
  const [pivot, ...tail] = first
  if (pivot[0] < 0n || (strictly && pivot[0] === 0n)) return false
  if (pivot[0] === 0n)
    return (
      tail.every((c) => c[0] === 0n) &&
      isDefinite(
        others.map((row) => row.slice(1)),
        false,
      )
    )
  const drop = (i: number, j: number) => times(times(tail[i], tail[j]), reduced(-pivot[1], pivot[0]))
  return isDefinite(
    others.map((row, i) => row.slice(1).map((c, j) => plus(c, drop(i, j)))),
    strictly,
  )
}
