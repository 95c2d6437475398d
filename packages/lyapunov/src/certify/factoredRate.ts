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

/** V̇ = m·Q with m ≥ 0: Q over a box of states and inputs decides the sign of V̇. */
export interface FactoredRate {
  /** bounds of Q over a box */
  readonly quotient: (lo: Float64Array, hi: Float64Array) => Interval
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
  return { quotient: reader(quotientBy(p, size), rate, atoms) }
}

/** A smooth function that is defined everywhere, whose values may stand for themselves. */
const isAtom = (node: Node) =>
  node.size === 1 &&
  (unary as readonly string[]).includes(node.op) &&
  isTotal(node) &&
  !['neg', 'step', 'sign', 'abs', 'relu'].includes(node.op)

/** p divided by the greatest monomial of even exponents that divides every term. */
function quotientBy(p: Polynomial, size: number): Polynomial {
  const all = [...p.keys()].map(exponentsOf)
  const least = Array.from({ length: size }, (_, i) => Math.min(...all.map((e) => e[i])))
  const even = least.map((e) => (Number.isFinite(e) ? e - (e % 2) : 0))
  return new Map(
    [...p].map(([m, c]) => [
      exponentsOf(m)
        .map((e, i) => e - even[i])
        .join(),
      c,
    ]),
  )
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
