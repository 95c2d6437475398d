import { Builder, embed, type Field, makeField } from '@separatrix/field/core'

/**
 * The last parameters of a field become states that stand still: g(t, [y; e]) = [f(t, y, [θ; e]); 0]. So every
 * trajectory of an ensemble has its own without a row of all of θ.
 */
export function carryTheta(f: Field, count: number): Field {
  const [n, p] = [f.stateSize, f.theta.length - count]
  const range = (start: number, length: number) => Array.from({ length }, (_, i) => start + i)
  const b = new Builder()
  const all = b.leaf('state', n + count)
  const output = embed(b, f, {
    state: b.gather(all, range(0, n)),
    theta: b.concat([b.leaf('theta', p), b.gather(all, range(n, count))]),
  })
  return makeField(b, b.concat([output, b.zeros(count)]), {
    ...f,
    stateNames: [...f.stateNames, ...range(0, count).map((i) => `e${i}`)],
    theta: f.theta.slice(0, p),
    layout: f.layout.filter((block) => block.offset < p),
  })
}
