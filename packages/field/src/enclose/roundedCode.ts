/** Straight-line arithmetic as it is printed: into vectors of WebAssembly, or into locals of JavaScript. */
export interface LineCode<V> {
  readonly constant: (value: number) => V
  readonly op: (name: 'add' | 'sub' | 'mul' | 'div' | 'neg' | 'abs', ...args: readonly V[]) => V
}

/**
 * A number s = ±value, and what is known of its error. With s⁺ for s where every leaf is replaced by a bound of its size and
 * every − by +:
 *
 *     |s̃ − s| ≤ ((1 + u)^roundings − 1)·s⁺   and   s⁺ ≥ 2^least,   u = 2⁻⁵³.
 */
export interface Rounded<V> {
  readonly value: V
  /** whether −value is meant */
  readonly isMinus: boolean
  /** whether value ≥ 0, or NaN */
  readonly isSize: boolean
  readonly roundings: number
  readonly least: number
}

/** A number, or the 0 that is known while printing. */
export type Sparse<V> = Rounded<V> | undefined

/** Arithmetic that counts its roundings; see {@link roundedCode}. */
export interface RoundedCode<V> {
  /** a number ≥ 0 that is known up to some roundings of s⁺ ≥ 2^least */
  readonly size: (value: V, roundings: number, least: number) => Rounded<V>
  readonly plus: (x: Sparse<V>, y: Sparse<V>) => Sparse<V>
  readonly times: (x: Sparse<V>, y: Sparse<V>) => Sparse<V>
  /** x/c for a constant c ≠ 0 that is exactly its double */
  readonly over: (x: Sparse<V>, c: number) => Sparse<V>
  readonly half: (x: Sparse<V>) => Sparse<V>
  readonly negated: (x: Sparse<V>) => Sparse<V>
  readonly absolute: (x: Sparse<V>) => Sparse<V>
  /** what stands for it in code */
  readonly printed: (x: Sparse<V>) => V
  /** whether so far the counts hold and can be used: nothing that counts underflows, and they are not too many */
  readonly holds: () => boolean
}

/** Exponent from which numbers count as normal: far above −1022, so that a relative error of them is normal too. */
const leastNormal = -900

/** Roundings up to which (1 + u)ᵏ − 1 < (1 + 2⁻²¹)ku. */
const mostRoundings = 2 ** 30

/**
 * Prints sums and products in round-to-nearest and counts the roundings on the longest way from a leaf (Wilkinson's
 * running error; Higham, Accuracy and Stability of Numerical Algorithms, 2002, §3.1). Of a sum, with k the larger count,
 * |s̃ − s| ≤ ((1 + u)^k − 1)(x⁺ + y⁺) + u(1 + u)^k (x⁺ + y⁺), which is k + 1 roundings of s⁺ = x⁺ + y⁺. Of a product the
 * factors' counts add up, for |x̃ỹ − xy| ≤ |x̃ − x||ỹ| + |x||ỹ − y| ≤ ((1 + u)^(k + l) − 1)x⁺y⁺; one rounding is its own,
 * and one covers the underflow of at most 2⁻¹⁰⁷⁵ ≤ u·s⁺ wherever s⁺ ≥ 2⁻¹⁰²², which `holds` has to confirm.
 */
export function roundedCode<V>(code: LineCode<V>): RoundedCode<V> {
  let [lowest, most] = [0, 0]
  const noted = (x: Rounded<V>): Rounded<V> => {
    lowest = Math.min(lowest, x.least)
    most = Math.max(most, x.roundings)
    return x
  }
  const add = (x: Rounded<V>, y: Rounded<V>): Rounded<V> => {
    const [roundings, least] = [Math.max(x.roundings, y.roundings) + 1, Math.max(x.least, y.least)]
    if (x.isMinus === y.isMinus)
      return {
        value: code.op('add', x.value, y.value),
        isMinus: x.isMinus,
        isSize: x.isSize && y.isSize,
        roundings,
        least,
      }
    const [from, off] = x.isMinus ? [y, x] : [x, y]
    return { value: code.op('sub', from.value, off.value), isMinus: false, isSize: false, roundings, least }
  }
  const multiply = (x: Rounded<V>, y: Rounded<V>): Rounded<V> =>
    noted({
      value: code.op('mul', x.value, y.value),
      isMinus: x.isMinus !== y.isMinus,
      isSize: (x.isSize && y.isSize) || x.value === y.value,
      roundings: x.roundings + y.roundings + 2,
      least: x.least + y.least,
    })
  const size = (value: V, roundings: number, least: number) =>
    noted({ value, isMinus: false, isSize: true, roundings, least })
  return {
    size,
    plus: (x, y) => (x === undefined ? y : y === undefined ? x : add(x, y)),
    times: (x, y) => x && y && multiply(x, y),
    half: (x) => x && multiply(x, size(code.constant(0.5), 0, -1)),
    over: (x, c) =>
      x &&
      noted({
        value: code.op('div', x.value, code.constant(Math.abs(c))),
        isMinus: x.isMinus !== c < 0,
        isSize: x.isSize,
        roundings: x.roundings + 2,
        least: x.least - leastExponent(c) - 2,
      }),
    negated: (x) => x && { ...x, isMinus: !x.isMinus },
    absolute: (x) =>
      x && { ...x, value: x.isSize ? x.value : code.op('abs', x.value), isMinus: false, isSize: true },
    printed: (x) => (x === undefined ? code.constant(0) : x.isMinus ? code.op('neg', x.value) : x.value),
    // a limit that NaN does not pass
    holds: () => lowest >= leastNormal && most <= mostRoundings,
  }
}

/** The same code, where an operation is printed once for all who want its result. */
export function sharedCode<V>(code: LineCode<V>): LineCode<V> {
  const numbers = new Map<V, number>()
  const made = new Map<string, V>()
  const numberOf = (v: V) => {
    const found = numbers.get(v) ?? numbers.size
    numbers.set(v, found)
    return found
  }
  return {
    constant: (value) => code.constant(value),
    op(name, ...args) {
      const key = [name, ...args.map(numberOf)].join(' ')
      const found = made.get(key) ?? code.op(name, ...args)
      made.set(key, found)
      return found
    },
  }
}

/** e with 2ᵉ ≤ |c| ≤ 2^(e + 2): the logarithm rounds. */
export function leastExponent(c: number): number {
  return Math.floor(Math.log2(Math.abs(c)) - 0.5)
}
