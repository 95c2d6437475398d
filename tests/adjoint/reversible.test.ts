// Methods whose steps can be taken back: the gradient of their own solution, without memory.
import assert from 'node:assert/strict'
import { type SolutionLoss, sensitivity } from '@separatrix/adjoint'
import { system } from '@separatrix/field'
import { asynchronousLeapfrog, dopri5, type Method, reversibleHeun, rk4, solve } from '@separatrix/ode'
import { test } from 'uvu'
import { mixedLoss } from './problems.js'

const swing = system({
  name: 'swing',
  state: ['q', 'p'],
  params: { k: 1.3, c: 0.05 },
  dynamics: { q: 'p', p: '-k*sin(q) - c*p + sin(2*t)*sign(t - 0.52)' },
})
const [y0, span] = [
  [0.8, -0.2],
  [0.1, 1.5],
] as const
const none = { records: [], t: new Float64Array(0) }

for (const method of [reversibleHeun, asynchronousLeapfrog])
  for (const breakpoints of [undefined, [0.52]])
    test(`${method.name}${breakpoints ? ', with a breakpoint' : ''}: the gradient of what solve returns, t0 and t1 too`, () => {
      const field = breakpoints
        ? swing
        : system({
            state: ['q', 'p'],
            params: { k: 1.3, c: 0.05 },
            dynamics: { q: 'p', p: '-k*sin(q) - c*p + sin(2*t)' },
          })
      // no span is a whole number of steps, so that their number stays as ends are moved
      const options = { method, step: 0.041, saveAt: 'end', breakpoints } as const
      const found = sensitivity(field, y0, span, { ...options, loss: mixedLoss, via: 'reversible' })
      const inputs = [...y0, ...field.theta, ...span]
      const value = (moved: readonly number[]) => {
        const { y } = solve(field, moved.slice(0, 2), [moved[4], moved[5]], {
          ...options,
          theta: moved.slice(2, 4),
        })
        return mixedLoss.value(y, { ...none, y, after: y })
      }
      assert.equal(found.value, value(inputs))
      const all = [...found.dy0, ...found.dtheta, found.dt0, found.dt1]
      all.forEach((v, k) => {
        // extrapolated once; the steps that meet the breakpoint and the end give way by less than they have
        const at = (h: number) => {
          const moved = (by: number) => value(inputs.map((x, i) => (i === k ? x + by : x)))
          return (moved(h) - moved(-h)) / (2 * h)
        }
        const estimate = (4 * at(5e-4) - at(1e-3)) / 3
        // truncation h⁴ of fifth derivatives of size 1; rounding 1e-16/h
        assert.ok(Math.abs(v - estimate) < 1e-10, `${k}: ${v} ${estimate}`)
      })
    })

const end: SolutionLoss = { value: (y) => y.get(0, 0), gradient: (_y, dy) => dy.set(0, 0, 1) }
const pendulum = system({ state: ['q', 'p'], params: { k: 1.3 }, dynamics: { q: 'p', p: '-k*sin(q)' } })

for (const method of [reversibleHeun, asynchronousLeapfrog, rk4] as readonly Method[])
  test(`${method.name}: ten thousand steps are taken back to rounding`, () => {
    const options = { method, step: 0.005, saveAt: 'end', loss: end, via: 'reversible' } as const
    const found = sensitivity(pendulum, [1, 0], [0, 50], options)
    const exact = sensitivity(pendulum, [1, 0], [0, 50], {
      ...options,
      method: dopri5,
      step: undefined,
      rtol: 1e-11,
      atol: 1e-11,
      via: 'discrete',
    })
    // second order: the phase is off by h²t/24 = 5e-5 and more, and its derivatives by some t times that; if
    // steps were taken back wrongly, nothing would be left after 10⁴ of them
    const bound = method === rk4 ? 1e-6 : 1e-2
    ;[...found.dy0, ...found.dtheta].forEach((v, k) => {
      const expected = [...exact.dy0, ...exact.dtheta][k]
      assert.ok(Math.abs(v - expected) < bound * Math.max(1, Math.abs(expected)), `${k}: ${v} ${expected}`)
    })
  })

test('discrete refuses pairs, of which a tape has one half, and points to the way that takes them', () => {
  for (const via of ['discrete', 'forward'] as const)
    assert.throws(
      () =>
        sensitivity(pendulum, [1, 0], [0, 1], {
          method: reversibleHeun,
          step: 0.1,
          saveAt: 'end',
          loss: end,
          via,
        }),
      /Try via: 'reversible'/,
    )
})

test.run()
