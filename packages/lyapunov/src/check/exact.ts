import * as I from './interval.js'
import type { Jet } from './jet.js'
import type { Arithmetic } from './program.js'
import type { Ring } from './ring.js'

type Fraction = readonly [bigint, bigint]
type Bounds = Jet<I.Interval>

/** Coefficients by monomial, a text such as "0^2 3^1": x₀²x₃. Equal polynomials have equal entries; zeros have none. */
export type Exact = ReadonlyMap<string, Fraction>

/** A value that is no polynomial, under a variable of its own: a function of polynomials. */
interface Atom {
  readonly op: string
  readonly args: readonly Exact[]
}

export interface ExactRing extends Ring<Exact> {
  readonly variable: (i: number) => Exact
  /** −1, 0 or 1 of a number; undefined of what is none */
  readonly signOf: (p: Exact) => number | undefined
  /** whether every term is nonnegative where the variables that `isNonnegative` names are */
  readonly hasSigns: (p: Exact, isNonnegative: (i: number) => boolean) => boolean
  /** the bounds and slopes of p, given those of the variables */
  readonly evaluate: (p: Exact, arithmetic: Arithmetic<Bounds>, variables: readonly Bounds[]) => Bounds
}

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

type Powers = readonly (readonly [number, number])[]
/** The variables of a monomial with their exponents, in their order. */
export const powersOf = (monomial: string): Powers =>
  monomial === '' ? [] : monomial.split(' ').map((part) => part.split('^').map(Number) as [number, number])
const monomialOf = (powers: Powers) =>
  powers
    .filter(([, e]) => e !== 0)
    .sort(([i], [j]) => i - j)
    .map(([i, e]) => `${i}^${e}`)
    .join(' ')

function monomialProduct(m: string, k: string): string {
  if (m === '' || k === '') return m + k
  const powers = new Map(powersOf(m))
  for (const [i, e] of powersOf(k)) powers.set(i, (powers.get(i) ?? 0) + e)
  return monomialOf([...powers])
}

/** Terms beyond which a polynomial gets a variable of its own instead of being expanded further. */
const mostTerms = 200

const knownAtZero: Readonly<Record<string, number>> = Object.fromEntries([
  ...['sqrt', 'sin', 'tan', 'atan', 'sinh', 'tanh', 'abs', 'relu'].map((name) => [name, 0]),
  ...['exp', 'cos', 'cosh'].map((name) => [name, 1]),
])

/**
 * Real numbers and functions by their exact normal forms: polynomials with rational coefficients in `count` variables and
 * in atoms, which are equal where their operations and arguments are. What has the normal form 0 is 0 wherever it is
 * defined; whether it is, intervals must tell.
 */
export function exactRing(count: number): ExactRing {
  const atoms: Atom[] = []
  const known = new Map<string, number>()
  const constantOf = (c: Fraction): Exact => new Map(c[0] === 0n ? [] : [['', c]])
  const variable = (i: number): Exact => new Map([[`${i}^1`, [1n, 1n]]])
  const numberOf = (p: Exact): Fraction | undefined =>
    p.size === 0 ? [0n, 1n] : p.size === 1 ? p.get('') : undefined
  const text = (p: Exact) =>
    [...p]
      .map(([m, [top, bottom]]) => `${m}*${top}/${bottom}`)
      .sort()
      .join()
  const atom = (op: string, ...args: readonly Exact[]): Exact => {
    const key = `${op}(${args.map(text).join(';')})`
    const found = known.get(key) ?? count + atoms.push({ op, args }) - 1
    known.set(key, found)
    return variable(found)
  }
  const collect = (terms: Iterable<readonly [string, Fraction]>): Exact => {
    const out = new Map<string, Fraction>()
    for (const [m, c] of terms) out.set(m, plus(out.get(m) ?? [0n, 1n], c))
    for (const [m, c] of out) if (c[0] === 0n) out.delete(m)
    return out.size > mostTerms ? atom('sum', out) : out
  }
  const add = (p: Exact, q: Exact) => collect([...p, ...q])
  const mul = (p: Exact, q: Exact) =>
    collect([...p].flatMap(([m, c]) => [...q].map(([k, d]) => [monomialProduct(m, k), times(c, d)] as const)))
  const sub = (p: Exact, q: Exact) => add(p, mul(constantOf([-1n, 1n]), q))
  const div = (p: Exact, q: Exact): Exact => {
    const c = numberOf(q)
    if (c === undefined) return mul(p, atom('inverse', q))
    if (c[0] === 0n) throw new Error('a quotient by 0')
    return mul(p, constantOf(reduced(c[1], c[0])))
  }
  const power = (p: Exact, k: number): Exact => {
    if (k < 0) return div(constantOf([1n, 1n]), power(p, -k))
    if (k > 20 && p.size > 1) return atom(`power ${k}`, p)
    return Array.from({ length: k }).reduce<Exact>((r) => mul(r, p), constantOf([1n, 1n]))
  }
  const call = (op: string, p: Exact): Exact => {
    const c = numberOf(p)
    if (c?.[0] === 0n && Object.hasOwn(knownAtZero, op)) return constantOf([BigInt(knownAtZero[op]), 1n])
    if (c === undefined || c[0] === 0n || !['relu', 'step', 'abs', 'sign'].includes(op)) return atom(op, p)
    const slope = c[0] > 0n ? 1n : op === 'abs' || op === 'sign' ? -1n : 0n
    return constantOf(op === 'step' || op === 'sign' ? [slope, 1n] : times(c, [slope, 1n]))
  }
  const coefficients = new Map<Fraction, Bounds>()
  const coefficient = (c: Fraction): Bounds => {
    const bounds = coefficients.get(c) ?? [I.div(integer(c[0]), integer(c[1]))]
    coefficients.set(c, bounds)
    return bounds
  }
  const evaluate: ExactRing['evaluate'] = (p, a, variables) => {
    const values = new Map(variables.map((v, i) => [i, v]))
    const valueAt = (i: number): Bounds => {
      const value = values.get(i) ?? atomValue(atoms[i - count])
      values.set(i, value)
      return value
    }
    const atomValue = ({ op, args }: Atom): Bounds => {
      const [x, y] = args.map(whole)
      if (op === 'sum') return x
      if (op === 'inverse') return a.power(x, -1)
      if (op === 'angle') return a.binary.atan2(x, y)
      const [, exponent] = op.split(' ')
      return exponent === undefined ? a.unary(op, x) : a.power(x, Number(exponent))
    }
    const factor = ([i, e]: readonly [number, number]) => (e === 1 ? valueAt(i) : a.power(valueAt(i), e))
    const term = (m: string, c: Fraction) =>
      powersOf(m).reduce((t, power) => a.mul(t, factor(power)), coefficient(c))
    const whole = (q: Exact) => [...q].reduce((s, [m, c]) => a.add(s, term(m, c)), a.zero)
    return whole(p)
  }
  return {
    constant: (value, exact) => constantOf(fraction(value, exact)),
    add,
    sub,
    mul,
    div,
    power,
    call,
    angle: (y, x) => atom('angle', y, x),
    variable,
    evaluate,
    signOf: (p) => {
      const c = numberOf(p)
      return c && (c[0] > 0n ? 1 : c[0] < 0n ? -1 : 0)
    },
    hasSigns: (p, isNonnegative) =>
      [...p].every(([m, c]) => c[0] > 0n && powersOf(m).every(([i, e]) => e % 2 === 0 || isNonnegative(i))),
  }
}

/** Bounds of an integer, by its parts of 24 bits, which are doubles. */
function integer(value: bigint): I.Interval {
  if (value < 0n) return I.neg(integer(-value))
  const high = value >> 24n
  const low = I.point(Number(value & 0xffffffn))
  return high === 0n ? low : I.add(I.mul(integer(high), I.point(2 ** 24)), low)
}

/** The coefficients of p in the first n variables, where p is affine in these and contains nothing else. */
export function linearPart(p: Exact, n: number): readonly Exact[] | undefined {
  const isAffine = [...p.keys()]
    .map(powersOf)
    .every(([first, ...others]) =>
      first === undefined ? true : others.length === 0 && first[1] === 1 && first[0] < n,
    )
  const coefficient = (i: number) => p.get(`${i}^1`)
  const list = Array.from({ length: n }, (_, i): Exact => {
    const c = coefficient(i)
    return new Map(c === undefined ? [] : [['', c]])
  })
  return isAffine && list.some((c) => c.size > 0) ? list : undefined
}

/** p = m·q with m the greatest monomial of even exponents that divides every term: q. */
export function withoutSquares(p: Exact): Exact {
  const all = [...p.keys()].map((m) => new Map(powersOf(m)))
  const least = (i: number) => Math.min(...all.map((powers) => powers.get(i) ?? 0))
  const lowered = (m: string) =>
    monomialOf(powersOf(m).map(([i, e]) => [i, e - least(i) + (least(i) % 2)] as const))
  return new Map([...p].map(([m, c]) => [lowered(m), c]))
}

/**
 * Whether p ≥ 0 by signs: beside a positive semidefinite quadratic part only even monomials with positive coefficients.
 * `isStrict`, for polynomials in n variables without atoms: p > 0 but at 0, since where all pure powers x^4, x^6, …
 * vanish, what is left of the quadratic part is definite; `isUnbounded`: and p → ∞, the quadratic part being definite or
 * diagonal.
 */
export function isPositive(
  p: Exact,
  n: number,
  { isStrict = false, isUnbounded = false }: { readonly isStrict?: boolean; readonly isUnbounded?: boolean },
): boolean {
  const terms = [...p].map(([m, c]) => ({ powers: powersOf(m), c }))
  const used = new Set(terms.flatMap(({ powers }) => powers.map(([i]) => i)))
  if (isStrict && [...used].some((i) => i >= n)) return false
  const all = isStrict ? Array.from({ length: n }, (_, i) => i) : [...used]
  const degree = (powers: Powers) => powers.reduce((s, [, e]) => s + e, 0)
  const higher = terms.filter(({ powers }) => degree(powers) !== 2)
  const isEven = higher.every(
    ({ powers, c }) => powers.length > 0 && c[0] > 0n && powers.every(([, e]) => e % 2 === 0),
  )
  const at = (i: number, j: number): Fraction => {
    const c = p.get(i === j ? `${i}^2` : monomialOf([[i, 1], [j, 1]])) ?? [0n, 1n] // biome-ignore format: a monomial
    return i === j ? c : times(c, [1n, 2n])
  }
  const matrix = (indices: readonly number[]) => indices.map((i) => indices.map((j) => at(i, j)))
  const impure = all.filter((i) => !higher.some(({ powers }) => powers.length === 1 && powers[0][0] === i))
  const isDiagonal = all.every((i) => all.every((j) => i === j || at(i, j)[0] === 0n))
  return (
    isEven &&
    isDefinite(matrix(all), false) &&
    (!isStrict || isDefinite(matrix(impure), true)) &&
    (!isUnbounded || isDiagonal || isDefinite(matrix(all), true))
  )
}

/** Positive (semi)definite by exact elimination: pivots positive, or 0 with nothing beside them. */
function isDefinite([first, ...others]: readonly (readonly Fraction[])[], isStrict: boolean): boolean {
  if (first === undefined) return true
  const [pivot, ...tail] = first
  if (pivot[0] < 0n || (pivot[0] === 0n && (isStrict || tail.some((c) => c[0] !== 0n)))) return false
  const drop = (i: number, j: number): Fraction =>
    pivot[0] === 0n ? [0n, 1n] : times(times(tail[i], tail[j]), reduced(-pivot[1], pivot[0]))
  return isDefinite(
    others.map((row, i) => row.slice(1).map((c, j) => plus(c, drop(i, j)))),
    isStrict,
  )
}
