import { type Field, system } from '@separatrix/field'
import {
  dopri5,
  euler,
  implicitMidpoint,
  leapfrog,
  type Method,
  rk4,
  solve,
  symplecticEuler,
} from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

/** What every method must hold. To add a method is to add a line. */
interface Claim {
  readonly method: Method
  readonly order: number
  /** order of the interpolant, as an error within a step of fixed size: global order of what saveAt gives */
  readonly dense: number
  /** evaluations per step of fixed size */
  readonly evaluations: number
  /** coarsest number of steps whose error is in the asymptotic range, above rounding */
  readonly steps: number
}

const claims: readonly Claim[] = [
  { method: euler, order: 1, dense: 1, evaluations: 1, steps: 800 },
  { method: rk4, order: 4, dense: 3, evaluations: 4, steps: 40 },
  { method: dopri5, order: 5, dense: 4, evaluations: 6, steps: 20 },
  { method: symplecticEuler, order: 1, dense: 1, evaluations: 2, steps: 800 },
  { method: leapfrog, order: 2, dense: 2, evaluations: 2, steps: 100 },
  { method: implicitMidpoint, order: 2, dense: 2, evaluations: Number.NaN, steps: 100 },
]

const test = suite('conformance of ODE methods')

/** A separable, non-autonomous problem with an exact solution: y'' = −y + 3 sin 2t, y = cos t − sin 2t. */
const forced: Field = system({
  name: 'forced',
  state: ['q', 'p'],
  dynamics: { q: 'p', p: '-q + 3*sin(2*t)' },
})
const exact = (t: number) => [Math.cos(t) - Math.sin(2 * t), -Math.sin(t) - 2 * Math.cos(2 * t)]
const start = exact(0)
const end = 2

function endError(method: Method, steps: number): number {
  const { y } = solve(forced, start, [0, end], { method, step: end / steps, saveAt: 'end' })
  return Math.hypot(y.data[0] - exact(end)[0], y.data[1] - exact(end)[1])
}

/** Error of dense output at the fraction θ of every step. */
function denseError(method: Method, steps: number, theta: number): number {
  const h = end / steps
  const times = Array.from({ length: steps }, (_, i) => (i + theta) * h)
  const { y } = solve(forced, start, [0, end], { method, step: h, saveAt: times })
  return times.reduce((most, t, i) => Math.max(most, Math.abs(y.data[2 * i] - exact(t)[0])), 0)
}

/** ln(e₁/e₂)/ln 2 over two halvings; the mean of two estimates removes half of the next term. */
function measuredOrder(error: (steps: number) => number, steps: number): number {
  return Math.log2(error(steps) / error(4 * steps)) / 2
}

for (const { method, order, dense, evaluations, steps } of claims) {
  test(`${method.name}: order ${order}`, () => {
    // the next term of the error adds O(h) to the measured order: .1 for h in the range of the table
    const measured = measuredOrder((n) => endError(method, n), steps)
    assert.ok(Math.abs(measured - order) < 0.1, `measured ${measured}`)
    assert.is(method.order, order)
  })
  for (const theta of [0.123, 0.5, 0.77]) {
    test(`${method.name}: dense order ${dense} at θ = ${theta}`, () => {
      const measured = measuredOrder((n) => denseError(method, n, theta), steps)
      // an interpolant may do better at a particular θ, and never worse
      assert.ok(measured > dense - 0.15, `measured ${measured}`)
    })
  }
  if (!Number.isNaN(evaluations))
    test(`${method.name}: ${evaluations} evaluations a step`, () => {
      const { stats } = solve(forced, start, [0, end], { method, step: end / 100, saveAt: 'end' })
      // methods that keep a force between steps evaluate once more per run of the loop
      assert.ok(Math.abs(stats.evaluations - 100 * evaluations) <= 2, `${stats.evaluations}`)
    })
}

test.run()
