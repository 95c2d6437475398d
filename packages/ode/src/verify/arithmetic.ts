/** The arithmetic that order conditions are summed in. */
export interface Arithmetic<T> {
  readonly zero: T
  readonly one: T
  from(value: number): T
  add(a: T, b: T): T
  multiply(a: T, b: T): T
  /** |a − 1/density·θ| as a double */
  distance(a: T, b: T): number
  inverse(n: number): T
}

export interface Rational {
  readonly numerator: bigint
  readonly denominator: bigint
}

function reduced(numerator: bigint, denominator: bigint): Rational {
  let [a, b] = [numerator < 0n ? -numerator : numerator, denominator]
  while (b !== 0n) [a, b] = [b, a % b]
  return a === 0n
    ? { numerator: 0n, denominator: 1n }
    : { numerator: numerator / a, denominator: denominator / a }
}

/** Largest numerator times denominator at which a fraction is still the only simple one near its double. */
const simplest = 2 ** 50

/**
 * The simplest fraction that rounds to a double, by continued fractions; undefined where it is not simple
 * enough to be certain (an irrational coefficient, or one with more digits than a double holds).
 */
export function simplestFraction(value: number): Rational | undefined {
  let [p0, q0, p1, q1] = [0, 1, 1, 0]
  let rest = Math.abs(value)
  for (let k = 0; k < 40; k++) {
    const whole = Math.floor(rest)
    ;[p0, p1] = [p1, whole * p1 + p0]
    ;[q0, q1] = [q1, whole * q1 + q0]
    if (p1 * q1 > simplest) return undefined
    if (p1 / q1 === Math.abs(value))
      return { numerator: BigInt(value < 0 ? -p1 : p1), denominator: BigInt(q1) }
    rest = 1 / (rest - whole)
  }
  return undefined
}

/** Exact arithmetic, for coefficients that are recognised as fractions. */
export const exactArithmetic: Arithmetic<Rational> = {
  zero: { numerator: 0n, denominator: 1n },
  one: { numerator: 1n, denominator: 1n },
  from: (value) => simplestFraction(value) as Rational,
  add: (a, b) =>
    reduced(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator),
  multiply: (a, b) => reduced(a.numerator * b.numerator, a.denominator * b.denominator),
  distance: (a, b) => {
    const gap = a.numerator * b.denominator - b.numerator * a.denominator
    return Math.abs(Number(gap) / Number(a.denominator * b.denominator))
  },
  inverse: (n) => ({ numerator: 1n, denominator: BigInt(n) }),
}

export const doubleArithmetic: Arithmetic<number> = {
  zero: 0,
  one: 1,
  from: (value) => value,
  add: (a, b) => a + b,
  multiply: (a, b) => a * b,
  distance: (a, b) => Math.abs(a - b),
  inverse: (n) => 1 / n,
}
