import { derivatives, number, type Ring } from './ring.js'

/** Σ at(k)·tᵏ, computed as far as it is asked for; `from` ≤ k ≤ `to` for all others are 0. */
export interface Series<T> {
  readonly from: number
  readonly to: number
  readonly at: (k: number) => T
}

/** A power series, whose coefficients are kept. */
export function lazySeries<T>(from: number, to: number, coefficient: (k: number) => T): Series<T> {
  const known: T[] = []
  return { from, to, at: (k) => (known[k] ??= coefficient(k)) }
}

/** Power series over a ring: y = φ(a) has k·yₖ = Σ j·aⱼ·dₖ₋ⱼ, where d is the series of φ′(a). */
export function series<T>(r: Ring<T>): Ring<Series<T>> {
  const { min, max } = Math
  const isWithin = ({ from, to }: Series<T>, k: number) => k >= from && k <= to
  const sum = (list: readonly T[]) => (list.length === 0 ? number(r, 0) : list.reduce(r.add))
  const constant = (value: T) => lazySeries(0, 0, () => value)
  /** Σ aᵢ·bₖ₋ᵢ, each weighed */
  const products = (a: Series<T>, b: Series<T>, k: number, weigh = (_i: number, v: T) => v) => {
    const [first, last] = [max(a.from, k - b.to), min(a.to, k - b.from)]
    const terms = Array.from({ length: max(0, last - first + 1) }, (_, i) => first + i)
    return sum(terms.map((i) => r.mul(weigh(i, a.at(i)), b.at(k - i))))
  }
  const chain = (a: Series<T>, value: (x: T) => T, slope: (y: Series<T>) => Series<T>): Series<T> => {
    const y: Series<T> = lazySeries(0, a.to === 0 ? 0 : Infinity, (k) => {
      if (k === 0) return value(a.from === 0 ? a.at(0) : number(r, 0))
      d ??= slope(y)
      const rest = { ...a, from: max(1, a.from) }
      return r.mul(
        r.inverse(number(r, k)),
        products(rest, d, k, (j, v) => r.mul(number(r, j), v)),
      )
    })
    let d: Series<T> | undefined
    return y
  }
  const ring: Ring<Series<T>> = {
    constant: (value, exact) => constant(r.constant(value, exact)),
    add: (a, b) =>
      lazySeries(min(a.from, b.from), max(a.to, b.to), (k) =>
        sum([a, b].filter((c) => isWithin(c, k)).map((c) => c.at(k))),
      ),
    linear: (w, exact, x) =>
      lazySeries(min(...x.map((a) => a.from)), max(...x.map((a) => a.to)), (k) => {
        const known = x.map((_, i) => i).filter((i) => isWithin(x[i], k))
        return r.linear(known.map((i) => w[i]), exact, known.map((i) => x[i].at(k)))
      }),
    neg: (a) => lazySeries(a.from, a.to, (k) => r.neg(a.at(k))),
    mul: (a, b) => lazySeries(a.from + b.from, a.to + b.to, (k) => products(a, b, k)),
    inverse: (a) => chain(a, r.inverse, (y) => ring.neg(ring.mul(y, y))),
    power(a, k) {
      if (k < 0) return ring.inverse(ring.power(a, -k))
      if (k === 0) return ring.constant(1, true)
      const slope = () => ring.mul(ring.constant(k, true), ring.power(a, k - 1))
      const y = chain(a, (v) => r.power(v, k), slope)
      return lazySeries(k * a.from, k * a.to, y.at)
    },
    call: (name, a) => chain(a, (v) => r.call(name, v), (y) => derivatives[name](ring, a, y)),
  } // biome-ignore format: one rule a line
  return ring
}
