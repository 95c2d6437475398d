import { demand } from './program.js'
import type { Ring } from './ring.js'

export type Fraction = readonly [bigint, bigint]
/** Coefficients by monomial, a text such as "0^2 3^1": x₀²x₃. Equal polynomials have equal entries; zeros have none. */
export type Polynomial = ReadonlyMap<string, Fraction>

/** Products of terms that a ring may take, weighed by their length, and bits of a coefficient: a forged file cannot take hours. */
const mostWork = 1e6
const mostBits = 16_384n

export function reduced(top: bigint, bottom: bigint): Fraction {
  let [a, b] = [top, bottom]
  while (b !== 0n) [a, b] = [b, a % b]
  return a < 0n === bottom < 0n ? [top / a, bottom / a] : [-top / a, -bottom / a]
}
export const plus = (a: Fraction, b: Fraction) => reduced(a[0] * b[1] + b[0] * a[1], a[1] * b[1])
export const times = (a: Fraction, b: Fraction) => reduced(a[0] * b[0], a[1] * b[1])
export const isLonger = ([top, bottom]: Fraction, bits: bigint) =>
  top >> bits > 0n || -top >> bits > 0n || bottom >> bits > 0n

/** The decimal that is written, or the double itself, doubled until it is an integer. */
function fraction(value: number, exact: boolean): Fraction {
  let [x, twos] = [value, 0]
  for (; exact && !Number.isInteger(x); x *= 2) twos++
  if (exact) return reduced(BigInt(x), 1n << BigInt(twos))
  const [mantissa, tens = '0'] = String(value).split('e')
  const [whole, decimals = ''] = mantissa.split('.')
  const scale = BigInt(tens) - BigInt(decimals.length)
  const digits = BigInt(whole + decimals)
  return scale < 0n ? reduced(digits, 10n ** -scale) : [digits * 10n ** scale, 1n]
}

type Powers = readonly (readonly [number, number])[]
export const powersOf = (monomial: string): Powers =>
  monomial === '' ? [] : monomial.split(' ').map((part) => part.split('^').map(Number) as [number, number])

export function monomialProduct(m: string, k: string): string {
  if (m === '' || k === '') return m + k
  const powers = new Map(powersOf(m))
  for (const [i, e] of powersOf(k)) powers.set(i, (powers.get(i) ?? 0) + e)
  return [...powers].sort(([i], [j]) => i - j).map(([i, e]) => `${i}^${e}`).join(' ') // biome-ignore format: one line
}

const atZero: Readonly<Record<string, bigint>> = { sqrt: 0n, sin: 0n, tan: 0n, atan: 0n, tanh: 0n, abs: 0n, relu: 0n, exp: 1n, cos: 1n } // biome-ignore format: one line

/** The slopes of relu and abs, and the values of step and sign, below and above 0. */
const kinks: Readonly<Record<string, readonly [bigint, bigint]>> = { relu: [0n, 1n], step: [0n, 1n], abs: [-1n, 1n], sign: [-1n, 1n] } // biome-ignore format: one line

/** √c where it is rational, and not too long for a double to find it. */
function rationalRoot([top, bottom]: Fraction): Fraction | undefined {
  const [r, s] = [top, bottom].map((v) =>
    v > 0n && v < 1n << 100n ? BigInt(Math.round(Math.sqrt(Number(v)))) : 0n,
  )
  return s > 0n && r * r === top && s * s === bottom ? [r, s] : undefined
}

export interface PolynomialRing extends Ring<Polynomial> {
  readonly variable: (i: number) => Polynomial
  readonly hasNoAtoms: () => boolean
}

/**
 * Real functions by exact normal forms: polynomials with rational coefficients in `count` variables and in atoms, values
 * of other functions, which are the same where their operations and arguments are; one of more than `mostTerms` terms
 * becomes an atom. What has the normal form 0 is 0 wherever it is defined; whether it is, intervals must tell.
 */
export function polynomials(count: number, mostTerms = 200): PolynomialRing {
  let work = 0
  const atoms = new Map<string, number>()
  const constant = (c: Fraction): Polynomial => new Map(c[0] === 0n ? [] : [['', c]])
  const variable = (i: number): Polynomial => new Map([[`${i}^1`, [1n, 1n]]])
  const spend = (steps: number) => {
    work += steps
    demand(work <= mostWork, 'formulas that are too long')
  }
  const atom = (op: string, p: Polynomial): Polynomial => {
    // its name is as long as p
    spend(p.size)
    const key = `${op}(${[...p].map(([m, c]) => `${m}*${c.join('/')}`).sort().join()})` // biome-ignore format: one line
    atoms.set(key, atoms.get(key) ?? count + atoms.size)
    return variable(atoms.get(key) as number)
  }
  const collect = (terms: Iterable<readonly [string, Fraction]>): Polynomial => {
    const out = new Map<string, Fraction>()
    for (const [m, c] of terms) {
      // reducing a fraction takes the square of its length
      spend(isLonger(c, 2048n) ? 400 : isLonger(c, 256n) ? 20 : 1)
      demand(!isLonger(c, mostBits), 'formulas that are too long')
      out.set(m, plus(out.get(m) ?? [0n, 1n], c))
    }
    for (const [m, c] of out) if (c[0] === 0n) out.delete(m)
    return out.size > mostTerms ? atom('sum', out) : out
  }
  const mul = (p: Polynomial, q: Polynomial) => collect(products(p, q))
  const inverse = (p: Polynomial) => {
    const c = numberOf(p)
    demand(p.size > 0, 'a quotient by 0')
    return c ? constant(reduced(c[1], c[0])) : atom('inverse', p)
  }
  const power = (p: Polynomial, k: number): Polynomial => {
    if (k < 0) return inverse(power(p, -k))
    if (k > 20 && p.size > 1) return atom(`power ${k}`, p)
    return Array.from({ length: k }).reduce<Polynomial>((product) => mul(product, p), constant([1n, 1n]))
  }
  return {
    constant: (value, exact) => constant(fraction(value, exact)),
    variable,
    add: (p, q) => collect([...p, ...q]),
    linear: (w, exact, x) => collect(x.flatMap((v, i) => [...mul(constant(fraction(w[i], exact)), v)])),
    neg: (p) => mul(constant([-1n, 1n]), p),
    mul,
    inverse,
    power,
    call: (op, p) => {
      const c = numberOf(p)
      if (c?.[0] === 0n && Object.hasOwn(atZero, op)) return constant([atZero[op], 1n])
      const root = c && op === 'sqrt' && rationalRoot(c)
      if (root) return constant(root)
      if (op === 'log' && c?.[0] === 1n && c[1] === 1n) return constant([0n, 1n])
      if (!c || c[0] === 0n || !Object.hasOwn(kinks, op)) return atom(op, p)
      const side: Fraction = [kinks[op][c[0] > 0n ? 1 : 0], 1n]
      return constant(op === 'relu' || op === 'abs' ? times(c, side) : side)
    },
    hasNoAtoms: () => atoms.size === 0,
  }
}

/** One by one, so that what is too long ends before it fills the memory. */
function* products(p: Polynomial, q: Polynomial) {
  for (const [m, c] of p) for (const [k, d] of q) yield [monomialProduct(m, k), times(c, d)] as const
}

/** The value of what is a number. */
export const numberOf = (p: Polynomial): Fraction | undefined =>
  p.size === 0 ? [0n, 1n] : p.size === 1 ? p.get('') : undefined
