import { system } from '@separatrix/field'
import { dop853, gbs, type Method, solve, tsit5, vern7, vern9 } from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type DetestProblem, detest } from './detest.js'
import { distance } from './problems.js'

const test = suite('DETEST, non-stiff')

/** Largest error of the end value in units of 1 + |y|, which rtol = atol aims at. */
function scaledError({ f, y0, end, breakpoints = [] }: DetestProblem, method: Method, tol: number): number {
  const { y, status } = solve(f, y0, [0, 20], { method, rtol: tol, atol: tol, saveAt: 'end', breakpoints })
  assert.is(status, 'success')
  return end.reduce((most, v, i) => Math.max(most, Math.abs(y.data[i] - v) / (1 + Math.abs(v))), 0)
}

const tolerances = [1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12]

/** Published end values have sixteen digits, and hundreds of steps round. */
const rounding = 2e-13

// |t − i|^(1/3) has no expansion in h² for gbs to extrapolate
for (const [method, factor] of [
  [vern7, 100],
  [vern9, 100],
  // of order 5 the same steps leave more of the error to the problem: the two-body orbits multiply it most
  [tsit5, 1000],
  // few long steps, each at its tolerance: a passage of the two-body orbit is one step or two
  [gbs, 3000],
] as const)
  for (const problem of detest.filter(({ name }) => !(method === gbs && name === 'F5')))
    test(`${problem.name} by ${method.name}: error ≤ ${factor} tolerances at 1e-4 … 1e-12, and falling`, () => {
      const errors = tolerances.map((tol) => scaledError(problem, method, tol))
      errors.forEach((error, k) => {
        assert.ok(error <= factor * tolerances[k] + rounding, `${tolerances[k]}: ${error}`)
        // over two decades of the tolerance the error falls, unless it was below its tolerance by luck
        const earlier = errors[k - 2] ?? Number.POSITIVE_INFINITY
        assert.ok(
          error <= Math.max(earlier, tolerances[k]) + rounding,
          `${tolerances[k]}: ${errors.join(' ')}`,
        )
      })
    })

test('Arenstorf’s orbit closes', () => {
  const mu = 0.012277471
  const orbit = system({
    name: 'arenstorf',
    state: ['x', 'y', 'u', 'v'],
    params: { mu },
    dynamics: {
      x: 'u',
      y: 'v',
      u: 'x + 2*v - (1-mu)*(x+mu)/((x+mu)^2 + y^2)^1.5 - mu*(x-(1-mu))/((x-(1-mu))^2 + y^2)^1.5',
      v: 'y - 2*u - (1-mu)*y/((x+mu)^2 + y^2)^1.5 - mu*y/((x-(1-mu))^2 + y^2)^1.5',
    },
  })
  const y0 = [0.994, 0, 0, -2.0015851063790824]
  const { at, status } = solve(orbit, y0, [0, 17.065216560157964], {
    method: dop853,
    rtol: 1e-13,
    atol: 1e-13,
  })
  assert.is(status, 'success')
  // two passages by the moon multiply rounding by some 1e6, and the rounded data alone are off by 1e-10
  assert.ok(distance(at(17.065216560157964), y0) < 1e-7, `${distance(at(17.065216560157964), y0)}`)
})

test.run()
