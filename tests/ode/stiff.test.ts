import * as ode from '@separatrix/ode'
import { integrator, type Method, restoreState, saveState, solve } from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { relativeError, robertson, type StiffName, stiffProblems, vanDerPol } from './stiffProblems.js'

const test = suite('stiff problems')

/**
 * What each method reaches: error per tolerance (largest relative one of a component over rtol), measured and
 * rounded up to the next of 1, 3, 10, …; a wrong coefficient or a Newton iteration that ends too early costs more.
 */
interface Reach {
  readonly method: Method
  readonly rtol: number
  readonly errors: { readonly [name in StiffName]?: number }
}

const reach: readonly Reach[] = [
  { method: ode.implicitEuler, rtol: 1e-4, errors: { robertson: 300, vanDerPol: 1000, hires: 1000 } },
  // does not damp, so that what rounding leaves of Robertson's fast components makes it negative
  { method: ode.trapezoid, rtol: 1e-4, errors: { vanDerPol: 3, hires: 30, oregonator: 10 } },
  { method: ode.trbdf2, rtol: 1e-4, errors: { robertson: 30, vanDerPol: 30, hires: 100, oregonator: 300 } },
  { method: ode.kvaerno5, rtol: 1e-6, errors: { robertson: 3, vanDerPol: 10, hires: 3, oregonator: 10 } },
  { method: ode.kencarp4, rtol: 1e-6, errors: { robertson: 10, vanDerPol: 10, hires: 30, oregonator: 100 } },
  { method: ode.radau5, rtol: 1e-6, errors: { robertson: 0.1, vanDerPol: 0.3, hires: 0.3, oregonator: 0.1 } },
  {
    method: ode.rosenbrock23,
    rtol: 1e-4,
    errors: { robertson: 10, vanDerPol: 10, hires: 10, oregonator: 300 },
  },
  { method: ode.rodas4, rtol: 1e-6, errors: { robertson: 0.3, vanDerPol: 0.3, hires: 1, oregonator: 3 } },
  { method: ode.rodas5p, rtol: 1e-6, errors: { robertson: 0.3, vanDerPol: 1, hires: 10, oregonator: 1 } },
  {
    method: ode.auto(),
    rtol: 1e-6,
    errors: { robertson: 0.3, vanDerPol: 1, hires: 10, oregonator: 1 },
  },
]

for (const { method, rtol, errors } of reach) {
  for (const [name, factor] of Object.entries(errors) as [StiffName, number][])
    test(`${method.name}: ${name} at ${rtol}`, () => {
      const problem = stiffProblems[name]
      const options = { method, rtol, atol: problem.atol(rtol), saveAt: 'end' } as const
      const { status, y } = solve(problem.field, problem.y0, [0, problem.end], options)
      assert.is(status, 'success')
      assert.ok(relativeError(y.data, problem) <= factor * rtol, `${relativeError(y.data, problem) / rtol}`)
    })

  const oscillator = vanDerPol(10)
  const adaptive = { method, rtol, atol: rtol }

  test(`${method.name}: dense output keeps to the solution, forwards and backwards`, () => {
    const fine = solve(oscillator, [2, 0], [0, 1], { method: ode.vern9, rtol: 1e-12, atol: 1e-12 })
    const end = fine.at(1)
    for (const [from, to, y0] of [
      [0, 1, [2, 0]],
      [1, 0.9, end],
    ] as const) {
      const times = Array.from({ length: 21 }, (_, i) => from + ((to - from) * i) / 20)
      const saved = solve(oscillator, y0, [from, to], { ...adaptive, saveAt: times })
      const whole = solve(oscillator, y0, [from, to], adaptive)
      times.forEach((t, i) => {
        const [a, b] = [whole.at(t), fine.at(t)]
        // what is kept in passing and what is asked for later are one polynomial
        assert.equal([...a], [saved.y.get(i, 0), saved.y.get(i, 1)])
        // backwards the slow manifold repels: errors grow by e^(∫30) over a tenth of a unit, e³
        assert.ok(Math.abs(a[0] - b[0]) < 300 * rtol, `t = ${t}: ${(a[0] - b[0]) / rtol}`)
      })
    }
  })

  test(`${method.name}: a state that was stored continues bit for bit`, () => {
    const run = integrator(robertson, 3, { method, rtol, atol: rtol * 1e-6 })
    const [one, two] = [run.initialize([1, 0, 0], [0, 1e5]), run.initialize([1, 0, 0], [0, 1e5])]
    run.advance(one, 30)
    for (let i = 0; i < 10; i++) run.advance(one, 3)
    run.advance(two, 60)
    assert.equal([...two.y], [...one.y])
    const other = integrator(robertson, 3, { method, rtol, atol: rtol * 1e-6 })
    const restored = restoreState(JSON.parse(JSON.stringify(saveState(one))))
    run.advance(one, 20)
    other.advance(restored, 20)
    assert.equal([...restored.y], [...one.y])
    assert.equal([...restored.registers], [...one.registers])
  })

  test(`${method.name}: events, breakpoints and a function in place of a field`, () => {
    // a fast relaxation to cos t, the first component of a slow rotation; from t = 3 on to 0
    const relax = (t: number, y: Float64Array, dydt: Float64Array) => {
      dydt[0] = y[1]
      dydt[1] = -y[0]
      dydt[2] = -1e4 * (y[2] - (t < 3 ? y[0] : 0))
    }
    const { t, y, events, status } = solve(relax, [1, 0, 1], [0, 4], {
      ...adaptive,
      breakpoints: [3],
      saveAt: 'end',
      events: [{ when: (_t, y) => y[2], direction: 'falling' }],
    })
    assert.is(status, 'success')
    assert.is(t[0], 4)
    assert.ok(Math.abs(y.data[2]) < 2 * rtol)
    // the delay of the relaxation is 1e-4; the slope at the zero is 1, and the error of cos t that of its method
    assert.ok(
      Math.abs(events[0].t - Math.PI / 2 - 1e-4) < 30 * rtol,
      `${(events[0].t - Math.PI / 2 - 1e-4) / rtol}`,
    )
  })

  test(`${method.name}: a solution that blows up ends with a status`, () => {
    const { status, t } = solve((_t, y, dydt) => void (dydt[0] = y[0] * y[0]), [1], [0, 2], adaptive)
    assert.ok(status === 'step-underflow' || status === 'non-finite' || status === 'newton-failed', status)
    // the time of the pole is off by what y is off by over y²: about the sum of a step's errors relative to y
    assert.ok(Math.abs(t[t.length - 1] - 1) < Math.max(0.001, 300 * rtol), `${t[t.length - 1]}`)
  })

  test(`${method.name}: a derivative that is not a number ends with a status`, () => {
    const { status, message } = solve(
      (t, y, dydt) => void (dydt[0] = t > 0.5 ? Number.NaN : -y[0]),
      [1],
      [0, 1],
      adaptive,
    )
    assert.ok(status === 'non-finite' || status === 'newton-failed', status)
    assert.match(message, /0\.5|0\.4999/)
  })
}

test.run()
