import { decompose, type Field, scalarize } from '@separatrix/field/core'

/** A rational number in lowest terms, the denominator positive. */
export interface Rational {
  readonly top: bigint
  readonly bottom: bigint
}

/** Coefficients by monomial, the exponents joined by commas; no zeros. */
export type Polynomial = ReadonlyMap<string, Rational>

const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? (a < 0n ? -a : a) : gcd(b, a % b))

export function rational(top: bigint, bottom = 1n): Rational {
  const common = gcd(top, bottom) * (bottom < 0n ? -1n : 1n)
  return { top: top / common, bottom: bottom / common }
}

export const plus = (a: Rational, b: Rational) =>
  rational(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom)
export const times = (a: Rational, b: Rational) => rational(a.top * b.top, a.bottom * b.bottom)
export const over = (a: Rational, b: Rational) => rational(a.top * b.bottom, a.bottom * b.top)

/** The real that a constant means: its decimal, or the very double. */
function constantValue(value: number, exact: boolean): Rational {
  if (exact) {
    const { significand, exponent } = decompose(Math.abs(value))
    const signed = value < 0 ? -significand : significand
    return exponent >= 0 ? rational(signed << BigInt(exponent)) : rational(signed, 1n << BigInt(-exponent))
  }
  const [mantissa, tens = '0'] = String(value).split('e')
  const [whole, decimals = ''] = mantissa.split('.')
  const scale = Number(tens) - decimals.length
  const digits = BigInt(whole + decimals)
  return scale >= 0 ? rational(digits * 10n ** BigInt(scale)) : rational(digits, 10n ** BigInt(-scale))
}

function sum(p: Polynomial, q: Polynomial, sign: 1n | -1n = 1n): Polynomial {
  const out = new Map(p)
  for (const [monomial, c] of q) {
    const total = plus(out.get(monomial) ?? rational(0n), times(c, rational(sign)))
    if (total.top === 0n) out.delete(monomial)
    else out.set(monomial, total)
  }
  return out
}

function product(p: Polynomial, q: Polynomial): Polynomial {
  let out: Polynomial = new Map()
  for (const [m, c] of p) {
    const shifted = [...q].map(([k, d]): readonly [string, Rational] => [monomialProduct(m, k), times(c, d)])
    out = sum(out, new Map(shifted))
  }
  return out
}

const monomialProduct = (m: string, k: string) => {
  const [a, b] = [exponentsOf(m), exponentsOf(k)]
  return a.map((e, i) => e + b[i]).join()
}

export const exponentsOf = (monomial: string): number[] => monomial.split(',').map(Number)

/** Terms beyond which a polynomial is not expanded. */
const termLimit = 2000

/** A scalar field as a polynomial with exact coefficients; `undefined` where it is none, or too long a one. */
export const polynomialOf = (field: Field) => polynomialIn(scalarize(field), [])

/**
 * A scalarized field as a polynomial in its states, its inputs, and the values of its nodes `atoms`; `undefined` where it
 * is none, or too long a one.
 */
export function polynomialIn(f: Field, atoms: readonly number[]): Polynomial | undefined {
  const [n, k] = [f.stateSize, f.inputSize]
  const size = n + k + atoms.length
  const one = new Array<number>(size).fill(0).join()
  const constant = (value: Rational): Polynomial => new Map(value.top === 0n ? [] : [[one, value]])
  const variable = (i: number): Polynomial =>
    new Map([[Array.from({ length: size }, (_, j) => Number(i === j)).join(), rational(1n)]])
  const values: Polynomial[] = []
  for (const [at, node] of f.nodes.entries()) {
    const [p, q] = node.args.map((a) => values[a])
    if (atoms.includes(at)) {
      values.push(variable(n + k + atoms.indexOf(at)))
      continue
    }
    switch (node.op) {
      case 'const':
        values.push(constant(constantValue(node.values[0], node.exact === true)))
        break
      case 'state':
      case 'input':
        values.push(variable(node.op === 'state' ? 0 : n))
        break
      case 'gather':
        values.push(variable(node.indices[0] + (f.nodes[node.args[0]].op === 'input' ? n : 0)))
        break
      case 'neg':
        values.push(sum(new Map(), p, -1n))
        break
      case 'add':
      case 'sub':
        values.push(sum(p, q, node.op === 'add' ? 1n : -1n))
        break
      case 'mul':
        values.push(product(p, q))
        break
      case 'div': {
        const divisor = q.get(one)
        if (q.size !== 1 || divisor === undefined) return undefined
        values.push(product(p, constant(over(rational(1n), divisor))))
        break
      }
      case 'powi': {
        if (node.exponent < 0 || node.exponent > 20) return undefined
        values.push(
          Array.from({ length: node.exponent }).reduce<Polynomial>(
            (r) => product(r, p),
            constant(rational(1n)),
          ),
        )
        break
      }
      default:
        return undefined
    }
    if ((values.at(-1)?.size ?? 0) > termLimit) return undefined
  }
  return values[f.output]
}

/**
 * Whether p(x) > 0 for all x ≠ 0, by signs alone: its quadratic part is positive semidefinite by exact elimination (LDLᵀ),
 * every other monomial is even in each variable with a positive coefficient, and the variables without a pure power
 * x^(2k), k ≥ 2, have a positive definite quadratic part. `isUnbounded` asks for p(x) → ∞ with |x| as well; without
 * `isStrict` p ≥ 0 is enough.
 */
export function isPositive(p: Polynomial, n: number, { isUnbounded = false, isStrict = true } = {}): boolean {
  const quadratic = Array.from({ length: n }, () => Array.from({ length: n }, () => rational(0n)))
  const pure = new Array<boolean>(n).fill(false)
  for (const [monomial, c] of p) {
    const exponents = exponentsOf(monomial)
    const involved = exponents.flatMap((e, i) => (e > 0 ? [i] : []))
    if (exponents.reduce((s, e) => s + e, 0) === 2) {
      const [i, j] = involved.length === 1 ? [involved[0], involved[0]] : involved
      const entry = i === j ? c : over(c, rational(2n))
      quadratic[i][j] = quadratic[j][i] = entry
      continue
    }
    if (involved.length === 0 || c.top < 0n || exponents.some((e) => e % 2 !== 0)) return false
    if (involved.length === 1) pure[involved[0]] = true
  }
  const rest = pure.flatMap((has, i) => (has ? [] : [i]))
  const part = (indices: readonly number[]) => indices.map((i) => indices.map((j) => quadratic[i][j]))
  const isDefinite = pivotSigns(part(rest)) === 'definite'
  const whole = pivotSigns(quadratic)
  if ((isStrict && !isDefinite) || whole === 'indefinite') return false
  // p ≥ its quadratic part, and ≥ each pure power where the quadratic part is a sum of squares of single variables
  const isDiagonal = quadratic.every((row, i) => row.every((c, j) => i === j || c.top === 0n))
  return !isUnbounded || whole === 'definite' || isDiagonal
}

/** The signs of the pivots of a symmetric rational matrix, by symmetric elimination; zero rows may be left over. */
function pivotSigns(matrix: readonly (readonly Rational[])[]): 'definite' | 'semidefinite' | 'indefinite' {
  let rest = matrix
  let answer: 'definite' | 'semidefinite' = 'definite'
  while (rest.length > 0) {
    const [first, ...others] = rest
    const [pivot, ...tail] = first
    if (pivot.top < 0n) return 'indefinite'
    if (pivot.top === 0n) {
      if (tail.some((c) => c.top !== 0n)) return 'indefinite'
      answer = 'semidefinite'
      rest = others.map((row) => row.slice(1))
    } else
      rest = others.map((row, i) =>
        row.slice(1).map((c, j) => plus(c, times(rational(-1n), over(times(tail[i], tail[j]), pivot)))),
      )
  }
  return answer
}
