import {
  Builder,
  binaryInterval,
  embedAll,
  enclose,
  type Field,
  type Interval,
  isTotal,
  lieDerivative,
  makeField,
  type Node,
  powerInterval,
  type Ref,
  roundDown,
  roundUp,
  scalarize,
  unary,
} from '@separatrix/field/core'
import {
  exponentsOf,
  isPositive,
  type Polynomial,
  polynomialIn,
  type Rational,
  rational,
  times,
} from './polynomial.js'

/** V̇ = S²·Q: Q over a box of states and inputs decides the sign of V̇. */
export interface FactoredRate {
  /** bounds of Q over a box */
  readonly quotient: (lo: Float64Array, hi: Float64Array) => Interval
  /** S and Q as fields, for a reader of the proof; none where −V̇ is a sum of squares by its signs alone */
  readonly factors?: { readonly factor: Field; readonly quotient: Field }
}

/**
 * V̇ as an exact polynomial in the states, the inputs and those values of elementary functions (sin θ, tanh(w·x), …) that
 * its graph contains, less the greatest even monomial that all its terms share. What intervals cannot show, that V̇ is
 * at most 0 where it vanishes on a whole curve, then is a strict inequality of what is left: V̇ = −bω² becomes −b. Where
 * −V̇ is a sum of squares by its signs alone, Q is −1. `undefined` where V̇ is no such polynomial.
 */
export function factoredRate(V: Field, f: Field): FactoredRate | undefined {
  const rate = scalarize(lieDerivative(V, f))
  const atoms = rate.nodes.flatMap((node, i) => (isAtom(node) ? [i] : []))
  const p = polynomialIn(rate, atoms)
  if (p === undefined) return undefined
  const minus = new Map([...p].map(([m, c]) => [m, times(c, rational(-1n))]))
  const size = rate.stateSize + rate.inputSize + atoms.length
  if (isPositive(minus, size, { isStrict: false })) return { quotient: () => ({ lo: -1, hi: -1 }) }
  const { even, quotient } = factorsOf(p, size)
  return { quotient: reader(quotient, rate, atoms), factors: fieldsOf({ even, quotient }, rate, atoms) }
}

/** A smooth function that is defined everywhere, whose values may stand for themselves. */
const isAtom = (node: Node) =>
  node.size === 1 &&
  (unary as readonly string[]).includes(node.op) &&
  isTotal(node) &&
  !['neg', 'step', 'sign', 'abs', 'relu'].includes(node.op)

/** p = m·Q with m the greatest monomial of even exponents that divides every term: those exponents, and Q. */
function factorsOf(p: Polynomial, size: number) {
  const all = [...p.keys()].map(exponentsOf)
  const least = Array.from({ length: size }, (_, i) => Math.min(...all.map((e) => e[i])))
  const even = least.map((e) => (Number.isFinite(e) ? e - (e % 2) : 0))
  const lowered = (m: string) =>
    exponentsOf(m)
      .map((e, i) => e - even[i])
      .join()
  return { even, quotient: new Map([...p].map(([m, c]) => [lowered(m), c])) }
}

/** S and Q as graphs over those values of functions that the rate contains. */
function fieldsOf(
  { even, quotient }: ReturnType<typeof factorsOf>,
  rate: Field,
  atoms: readonly number[],
): FactoredRate['factors'] {
  const b = new Builder()
  const at = embedAll(b, rate)
  const [x, u] = [b.leaf('state', rate.stateSize), b.leaf('input', rate.inputSize)]
  const variables = [
    ...Array.from({ length: rate.stateSize }, (_, i) => b.gather(x, [i])),
    ...Array.from({ length: rate.inputSize }, (_, i) => b.gather(u, [i])),
    ...atoms.map((i) => at[i]),
  ]
  const monomial = (exponents: readonly number[], coefficient: Ref) =>
    exponents.reduce((s, e, i) => (e === 0 ? s : b.mul(s, b.powi(variables[i], e))), coefficient)
  const terms = [...quotient].map(([m, { top, bottom }]) =>
    monomial(exponentsOf(m), b.div(integer(b, top), integer(b, bottom))),
  )
  const factor = monomial(
    even.map((e) => e / 2),
    b.constant(1),
  )
  return {
    factor: makeField(b, factor, rate),
    quotient: makeField(
      b,
      terms.reduce((s, t) => b.add(s, t), b.constant(0)),
      rate,
    ),
  }
}

/** An integer as a sum of doubles, exactly. */
function integer(b: Builder, value: bigint): Ref {
  if (value < 0n) return b.neg(integer(b, -value))
  let sum = b.constant(0)
  for (let shift = 0n; value >> shift > 0n; shift += 53n)
    sum = b.add(sum, b.constant(Number(((value >> shift) & (2n ** 53n - 1n)) << shift), true))
  return sum
}

function reader(q: Polynomial, rate: Field, atoms: readonly number[]): FactoredRate['quotient'] {
  const b = new Builder()
  const at = embedAll(b, rate)
  const values = makeField(b, b.concat(atoms.map((i) => at[i])), rate)
  const read = enclose(values)
  const terms = [...q].map(([m, c]) => ({ coefficient: intervalOf(c), exponents: exponentsOf(m) }))
  const [low, high] = [new Float64Array(atoms.length), new Float64Array(atoms.length)]
  return (lo, hi) => {
    read(lo, hi, low, high)
    const variables = [
      ...Array.from(lo, (v, i) => ({ lo: v, hi: hi[i] })),
      ...Array.from(low, (v, i) => ({ lo: v, hi: high[i] })),
    ]
    return terms
      .map(({ coefficient, exponents }) =>
        exponents.reduce(
          (s, e, i) => (e === 0 ? s : binaryInterval.mul(s, powerInterval(variables[i], e))),
          coefficient,
        ),
      )
      .reduce((s, v) => binaryInterval.add(s, v), { lo: 0, hi: 0 })
  }
}

/** Bounds of a rational number; beyond the range of doubles they are undefined. */
function intervalOf({ top, bottom }: Rational): Interval {
  const around = (x: bigint): Interval => {
    const nearest = Number(x)
    return Number.isFinite(nearest) && BigInt(nearest) === x
      ? { lo: nearest, hi: nearest }
      : { lo: roundDown(nearest), hi: roundUp(nearest) }
  }
  return binaryInterval.div(around(top), around(bottom))
}
