import { compile, expression, network, system } from '@separatrix/field'
import { type Field, seededRandom, toJSON } from '@separatrix/field/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { lower } from '../../packages/lyapunov/src/certify/lower.js'
import { type Affine, affine, coordinate } from '../../packages/lyapunov/src/check/affine.js'
import { type Interval, intervals, point } from '../../packages/lyapunov/src/check/interval.js'
import { readField } from '../../packages/lyapunov/src/check/program.js'
import { along, type Formula } from '../../packages/lyapunov/src/check/ring.js'

const xy = ['x', 'y'] as const
const formulas = [
  'x + y', '2*x - 3*y + 1/3', 'x*y', 'x^2', 'x^3 - y', 'x^4*y', '(x + y)^2 - x*y', '1/(3 + x*y)', 'x/(2 + y^2)',
  'sin(x)', 'cos(x*y)', 'tan(x/2)', 'exp(x - y)', 'log(3 + x)', 'sqrt(2.5 + y)', 'atan(x + y)', 'tanh(3*x - y)',
  'sinh(x)', 'cosh(y)', 'max(x, y)', 'min(x^2, y)', 'abs(x - y)', 'relu(x)*y', 'atan2(y, 3 + x)', '(2.5 + x)^1.5',
  'tanh(2*tanh(x) - tanh(y))*x', '1e-320*x + y', 'x^0 + 1e-300*y^3',
] // biome-ignore format: one list

const fields: readonly Field[] = [
  ...formulas.map((text) => expression(text, xy)),
  ...(['tanh', 'sigmoid', 'softplus', 'relu'] as const).map((activation) =>
    network({ widths: [2, 8, 8, 1], activation, seed: 3 }),
  ),
]
const random = seededRandom(8)
const formulaOf = (f: Field): Formula => {
  const { formulas: g } = readField(JSON.parse(JSON.stringify(toJSON(lower(f)))), 'a field', [2, 0, 1])
  return (r, x) => g(r, x)[0]
}
/** What the form says at a point of its box, with a hair for the rounding of this sum itself. */
const at = ({ centre, slopes, rest }: Affine, e: readonly number[]): Interval => {
  const value = slopes.reduce((s, v, i) => s + v * (e[i] as number), centre)
  const all = rest + 1e-14 * (Math.abs(centre) + slopes.reduce((s, v) => s + Math.abs(v), 0))
  return { lo: value - all, hi: value + all }
}
const meet = (p: Interval, q: Interval) => p.lo <= q.hi && q.lo <= p.hi

for (const field of fields)
  test(`${field.name}: forms and their intervals hold the values and derivatives at points, and lowering keeps both`, () => {
    const g = formulaOf(field)
    const rate: Formula = (r, x) =>
      along(r, x, [x[1], r.neg(x[0])] as typeof x, g).slopes[0] ?? r.constant(0, true)
    const [run, out] = [compile(field), new Float64Array(1)]
    for (let k = 0; k < 150; k++) {
      const size = 10 ** (-4 * random.uniform())
      const box = xy.map(() => {
        const lo = (2 - size) * random.uniform() - 1
        return { lo, hi: lo + size * random.uniform() }
      })
      for (const formula of [g, rate]) {
        const form = formula(affine, box.map(coordinate))
        for (let j = 0; j < 5; j++) {
          const e = xy.map(() => (j === 0 ? 1 : 2 * random.uniform() - 1))
          const x = box.map(({ lo, hi }, i) =>
            Math.min(hi, Math.max(lo, lo / 2 + hi / 2 + ((e[i] as number) * (hi - lo)) / 2)),
          )
          const exact = formula(intervals, x.map(point))
          // kinks have no derivative, and nothing is said there
          if (!(exact.lo <= exact.hi) || !(form.lo <= form.hi)) continue
          assert.ok(
            meet(form, exact),
            `${JSON.stringify(box)} at ${x}: [${form.lo}, ${form.hi}] and [${exact.lo}, ${exact.hi}]`,
          )
          assert.ok(meet(at(form, e), exact), `${JSON.stringify(box)} at ${x}: the form`)
          run(0, Float64Array.from(x), out)
          if (formula === g)
            assert.ok(Math.abs((out[0] as number) - exact.lo) < 1e-12 * (1 + Math.abs(exact.lo)))
        }
      }
    }
  })

test('forms converge with the square of the box, intervals with the box', () => {
  // what cancels in the linear parts cancels: sin's slope less 1 is left, and tanh(x)·y less itself
  const g = formulaOf(expression('sin(x - y) - (x - y) + tanh(x)*y - y*tanh(x)', xy))
  const widths = [1e-1, 1e-2, 1e-3].map((h) => {
    const { lo, hi } = g(affine, [{ lo: 0.5, hi: 0.5 + h }, { lo: 0.3, hi: 0.3 + h }].map(coordinate)) // biome-ignore format: a box
    return hi - lo
  })
  // cos 0.2 − 1 = −0.02 along both sides: 0.04h; and no more than three products of differences of h
  for (const [k, w] of widths.entries())
    assert.ok(w < 0.05 * 10 ** -(k + 1) + 3 * 10 ** (-2 * (k + 1)), `${w}`)
})

test('what overflows or is undefined is no number, whatever the form says', () => {
  const huge = [{ lo: -1e300, hi: 1e300 }, { lo: 1, hi: 2 }].map(coordinate) // biome-ignore format: a box
  const values = ['x*x*y', 'log(x)', '1/x', '1/x - 1/x', 'sqrt(x)*0', 'exp(exp(y*1000))'].map((text) =>
    formulaOf(expression(text, xy))(affine, huge),
  )
  for (const { lo, hi } of values) assert.not(lo > -Infinity && hi < Infinity)
})

test('products of every shape are lowered to those with constants on the left', () => {
  const field = system({ state: xy, dynamics: { x: 'tanh(x)*y', y: 'min(x, y)' } })
  const [p, q] = [field, lower(field)].map((f) => {
    const out = new Float64Array(2)
    compile(f)(0, Float64Array.of(0.3, -0.7), out)
    return out
  }) as [Float64Array, Float64Array]
  assert.ok(p.every((v, i) => Math.abs(v - (q[i] as number)) < 1e-15))
})

test.run()
