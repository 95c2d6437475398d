import {
  auto,
  dop853,
  dopri5,
  gauss4,
  type Method,
  radau5,
  rk4,
  rodas4,
  rodas5p,
  solve,
  tsit5,
  vern7,
} from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { detest } from './detest.js'
import { lorenz, pendulum } from './problems.js'
import { relativeError, robertson, stiffProblems, vanDerPol } from './stiffProblems.js'

const test = suite('auto')

const method = auto()

// several relaxation oscillations: each has two slow stretches and two jumps of duration 1/µ
for (const rtol of [1e-4, 1e-6])
  test(`van der Pol's equation at ${rtol}: implicit on the slow stretches, explicit in the jumps`, () => {
    const options = { rtol, atol: rtol }
    const { status, stats, t, y } = solve(vanDerPol(1000), [2, 0], [0, 3], { method, ...options })
    assert.is(status, 'success')
    const { tsit5: explicit, rodas5p: implicit } = stats.shares ?? {}
    assert.is(explicit + implicit, stats.accepted)
    // the period is about 1.61: three or four jumps in 3 units, each a change to and fro, and the first change
    assert.ok((stats.switches ?? 0) >= 5 && (stats.switches ?? 0) <= 9, `${stats.switches}`)
    // explicit steps alone are bounded by 3.5/ρ all along, with ρ up to 3000
    const alone = solve(vanDerPol(1000), [2, 0], [0, 3], { method: tsit5, ...options, saveAt: 'end' })
    assert.ok(2 * stats.accepted < alone.stats.accepted, `${stats.accepted}, ${alone.stats.accepted}`)
    // nearly all of the time passes in long steps
    const long = Array.from({ length: t.length - 1 }, (_, i) => t[i + 1] - t[i]).filter((h) => h > 3.5 / 1000)
    const time = long.reduce((sum, h) => sum + h, 0)
    assert.ok(time > 0.8 * 3, `${time}`)
    assert.is(y.shape[0], t.length)
  })

test("Robertson's problem: one change at the start", () => {
  const { field, y0, end, atol } = stiffProblems.robertson
  const { stats } = solve(field, y0, [0, end], { method, rtol: 1e-6, atol: atol(1e-6), saveAt: 'end' })
  assert.is(stats.switches, 1)
  // 1e11 units of time at 3.5/2000 a step would be 10¹³ explicit steps
  assert.ok((stats.shares?.tsit5 ?? 0) < 100)
})

/** C2 is a chain of decays with rates 1 … 9 that rests long before the end: stability holds its steps. */
const nonstiff = [
  ...detest.filter(({ name }) => name !== 'C2'),
  { name: 'lorenz', f: lorenz.field, y0: lorenz.y0 },
  { name: 'pendulum', f: pendulum, y0: [1, 0] },
]

for (const rtol of [1e-3, 1e-6, 1e-9])
  test(`nonstiff problems at ${rtol}: no change, at little more than the cost of tsit5`, () => {
    for (const problem of nonstiff) {
      const breakpoints = 'breakpoints' in problem ? problem.breakpoints : undefined
      const options = { rtol, atol: rtol, saveAt: 'end', ...(breakpoints && { breakpoints }) } as const
      const own = solve(problem.f, problem.y0, [0, 20], { method, ...options })
      const peer = solve(problem.f, problem.y0, [0, 20], { method: tsit5, ...options })
      assert.is(own.stats.switches, 0, problem.name)
      assert.equal([...own.y.data], [...peer.y.data], problem.name)
      // three evaluations to twelve steps of six: 1/24
      const cost = own.stats.evaluations / peer.stats.evaluations
      assert.ok(cost < 1.05, `${problem.name}: ${cost}`)
    }
  })

test('every pair reaches the solution', () => {
  const problem = stiffProblems.vanDerPol
  for (const nonstiff of [dopri5, vern7, dop853])
    for (const stiff of [rodas4, radau5]) {
      const options = { method: auto({ nonstiff, stiff }), rtol: 1e-6, atol: problem.atol(1e-6) }
      const { y, t, stats } = solve(problem.field, problem.y0, [0, problem.end], options)
      const last = y.data.slice((t.length - 1) * 2)
      // as each of the two alone, see `reach` of stiff.test.ts
      assert.ok(relativeError(last, problem) < 1e-6, `${stiff.name}: ${relativeError(last, problem)}`)
      assert.ok((stats.switches ?? 0) >= 1 && (stats.shares?.[stiff.name] ?? 0) > 0)
    }
})

test('dense output is that of the method that took the step', () => {
  const options = { rtol: 1e-6, atol: 1e-6 }
  const own = solve(lorenz.field, lorenz.y0, [0, 2], { method, ...options })
  const peer = solve(lorenz.field, lorenz.y0, [0, 2], { method: tsit5, ...options })
  // one has the stages from the step, the other computes them again: rounding apart
  for (const t of [0.1, 0.777, 1.5])
    own.at(t).forEach((v, i) => {
      assert.ok(Math.abs(v - peer.at(t)[i]) < 1e-13 * Math.abs(v), `${v}, ${peer.at(t)[i]}`)
    })
  assert.is(own.polynomials().t.length, peer.polynomials().t.length)
})

test('what cannot be a pair is refused', () => {
  const refused: readonly [() => unknown, RegExp][] = [
    [() => auto({ nonstiff: rk4 }), /auto\(nonstiff\): expected an explicit/],
    [() => auto({ stiff: tsit5 as Method }), /auto\(stiff\): expected an implicit/],
    [() => auto({ stiff: gauss4 }), /auto\(stiff\): expected an implicit/],
    [() => auto({ explicit: tsit5 } as object), /explicit/],
    [() => solve(robertson, [1, 0, 0], [0, 1], { method, step: 0.1 }), /rtol and atol/],
  ]
  for (const [call, says] of refused) assert.throws(call, says)
})

test('a solve without auto counts no changes', () => {
  const { stats } = solve(robertson, [1, 0, 0], [0, 1], { method: rodas5p, rtol: 1e-4, atol: 1e-8 })
  assert.is(stats.switches, undefined)
})

test.run()
