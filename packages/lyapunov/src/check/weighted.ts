import { number, type Ring } from './ring.js'

/** t^from·value; 0 has from = ∞ */
export interface Weighted<T> {
  readonly from: number
  readonly value: T
}

/** Functions less the powers of t that sums and products show, which then need no derivatives. */
export function weighted<T>(r: Ring<T>, t: T): Ring<Weighted<T>> {
  const over = ({ from, value }: Weighted<T>, to: number) =>
    from === to || from === Infinity ? value : r.mul(r.power(t, from - to), value)
  const plain = (value: T) => ({ from: 0, value })
  const ring: Ring<Weighted<T>> = {
    constant: (v, exact) => ({ from: v === 0 ? Infinity : 0, value: r.constant(v, exact) }),
    add(a, b) {
      if (a.from === Infinity || b.from === Infinity) return a.from === Infinity ? b : a
      const from = Math.min(a.from, b.from)
      return { from, value: r.add(over(a, from), over(b, from)) }
    },
    linear(w, exact, x) {
      const known = x.map((_, i) => i).filter((i) => x[i].from < Infinity)
      const from = Math.min(...known.map((i) => x[i].from))
      return {
        from,
        value: r.linear(
          known.map((i) => w[i]),
          exact,
          known.map((i) => over(x[i], from)),
        ),
      }
    },
    neg: ({ from, value }) => ({ from, value: r.neg(value) }),
    mul: (a, b) => ({ from: a.from + b.from, value: r.mul(a.value, b.value) }),
    inverse: (a) => plain(r.inverse(over(a, 0))),
    power(a, k) {
      if (k < 0) return ring.inverse(ring.power(a, -k))
      return k === 0 ? plain(number(r, 1)) : { from: k * a.from, value: r.power(a.value, k) }
    },
    call: (name, a) => plain(r.call(name, over(a, 0))),
  }
  return ring
}
