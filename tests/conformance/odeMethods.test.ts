import { type Field, system } from '@separatrix/field'
import * as ode from '@separatrix/ode'
import { type ExplicitMethod, integrator, type Method, solve, verifyMethod } from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

/** What every method must hold. To add a method is to add a line. */
interface Claim {
  readonly method: Method
  readonly order: number
  /** least global order of what saveAt gives between steps */
  readonly dense: number
  /** evaluations per step of fixed size; undefined where an iteration decides */
  readonly evaluations: number | undefined
  /** the problem, and a number of steps that is in the asymptotic range, for it and its double above rounding */
  readonly on: 'linear' | 'nonlinear'
  readonly steps: number
  /** how far stability goes, where it is the point of a method */
  readonly stable?: 'A' | 'L'
  /** the leading error term was made so small by design that double precision ends before it leads */
  readonly tuned?: true
}

const claims: readonly Claim[] = [
  { method: ode.euler, order: 1, dense: 1, evaluations: 1, on: 'linear', steps: 800 },
  { method: ode.heun, order: 2, dense: 2, evaluations: 2, on: 'linear', steps: 64 },
  { method: ode.midpoint, order: 2, dense: 2, evaluations: 2, on: 'linear', steps: 64 },
  { method: ode.ralston, order: 2, dense: 2, evaluations: 2, on: 'linear', steps: 64 },
  { method: ode.ssprk3, order: 3, dense: 3, evaluations: 3, on: 'linear', steps: 64 },
  { method: ode.bosh3, order: 3, dense: 3, evaluations: 3, on: 'linear', steps: 16 },
  { method: ode.kutta3, order: 3, dense: 3, evaluations: 3, on: 'linear', steps: 64 },
  { method: ode.rk4, order: 4, dense: 3, evaluations: 4, on: 'linear', steps: 16 },
  { method: ode.threeEighths, order: 4, dense: 3, evaluations: 4, on: 'linear', steps: 16 },
  { method: ode.dopri5, order: 5, dense: 4, evaluations: 6, on: 'linear', steps: 16 },
  { method: ode.tsit5, order: 5, dense: 4, evaluations: 6, on: 'linear', steps: 48 },
  { method: ode.vern6, order: 6, dense: 6, evaluations: 8, on: 'nonlinear', steps: 16, tuned: true },
  { method: ode.vern7, order: 7, dense: 6, evaluations: 9, on: 'linear', steps: 6 },
  { method: ode.vern8, order: 8, dense: 7, evaluations: 12, on: 'nonlinear', steps: 12, tuned: true },
  { method: ode.dop853, order: 8, dense: 7, evaluations: 12, on: 'linear', steps: 6 },
  { method: ode.vern9, order: 9, dense: 8, evaluations: 15, on: 'nonlinear', steps: 8, tuned: true },
  { method: ode.gbs, order: 8, dense: 7, evaluations: 17, on: 'linear', steps: 6 },
  { method: ode.symplecticEuler, order: 1, dense: 1, evaluations: 2, on: 'linear', steps: 800 },
  { method: ode.leapfrog, order: 2, dense: 2, evaluations: 2, on: 'linear', steps: 100 },
  { method: ode.ruth3, order: 3, dense: 3, evaluations: 6, on: 'linear', steps: 32 },
  { method: ode.yoshida4, order: 4, dense: 3, evaluations: 6, on: 'linear', steps: 32 },
  { method: ode.yoshida6, order: 6, dense: 3, evaluations: 14, on: 'linear', steps: 16 },
  { method: ode.reversibleHeun, order: 2, dense: 2, evaluations: 1, on: 'linear', steps: 100 },
  { method: ode.asynchronousLeapfrog, order: 2, dense: 2, evaluations: 1, on: 'linear', steps: 100 },
  { method: ode.radau5, order: 5, dense: 3, evaluations: undefined, on: 'linear', steps: 32, stable: 'L' },
  { method: ode.gauss4, order: 4, dense: 2, evaluations: undefined, on: 'linear', steps: 32, stable: 'A' },
  { method: ode.gauss6, order: 6, dense: 3, evaluations: undefined, on: 'linear', steps: 16, stable: 'A' },
  { method: ode.implicitMidpoint, order: 2, dense: 2, evaluations: undefined, on: 'linear', steps: 100 },
  {
    method: ode.implicitEuler,
    order: 1,
    dense: 1,
    evaluations: undefined,
    on: 'linear',
    steps: 400,
    stable: 'L',
  },
  { method: ode.trapezoid, order: 2, dense: 2, evaluations: undefined, on: 'linear', steps: 64, stable: 'A' },
  { method: ode.trbdf2, order: 2, dense: 2, evaluations: undefined, on: 'linear', steps: 64, stable: 'L' },
  { method: ode.kvaerno5, order: 5, dense: 3, evaluations: undefined, on: 'linear', steps: 32, stable: 'L' },
  { method: ode.kencarp4, order: 4, dense: 3, evaluations: undefined, on: 'linear', steps: 32, stable: 'L' },
  { method: ode.rosenbrock23, order: 2, dense: 2, evaluations: 2, on: 'nonlinear', steps: 400, stable: 'L' },
  { method: ode.rodas4, order: 4, dense: 3, evaluations: 6, on: 'nonlinear', steps: 100, stable: 'L' },
  { method: ode.rodas5p, order: 5, dense: 4, evaluations: 8, on: 'linear', steps: 32, stable: 'L' },
]

/** Families with coefficients that `verifyMethod` reads. */
const verified = new Set(['explicit', 'rosenbrock', 'diagonallyImplicit', 'collocation', 'radau'])

const test = suite('conformance of ODE methods')
const collect = (globalThis as { gc?: () => void }).gc

/** Separable and not autonomous, both with the solution q = cos t − sin 2t, p = q'. */
const fields: Readonly<Record<Claim['on'], Field>> = {
  linear: system({ name: 'linear', state: ['q', 'p'], dynamics: { q: 'p', p: '-q + 3*sin(2*t)' } }),
  nonlinear: system({
    name: 'nonlinear',
    state: ['q', 'p'],
    dynamics: { q: 'p', p: '-8*sin(q) + 8*sin(cos(t) - sin(2*t)) - cos(t) + 4*sin(2*t)' },
  }),
}
const autonomous = system({ name: 'autonomous', state: ['q', 'p'], dynamics: { q: 'p', p: '-sin(q)' } })
const exact = (t: number) => [Math.cos(t) - Math.sin(2 * t), -Math.sin(t) - 2 * Math.cos(2 * t)]
const start = exact(0)
const ends = { linear: 2, nonlinear: 4 }

function endError({ method, on }: Claim, steps: number): number {
  const end = ends[on]
  const { y } = solve(fields[on], start, [0, end], { method, step: end / steps, saveAt: 'end' })
  return Math.hypot(y.data[0] - exact(end)[0], y.data[1] - exact(end)[1])
}

/** Error of dense output at the fraction θ of every step. */
function denseError({ method, on }: Claim, steps: number, theta: number): number {
  const h = ends[on] / steps
  const times = Array.from({ length: steps }, (_, i) => (i + theta) * h)
  const { y } = solve(fields[on], start, [0, ends[on]], { method, step: h, saveAt: times })
  return times.reduce((most, t, i) => Math.max(most, Math.abs(y.data[2 * i] - exact(t)[0])), 0)
}

const measuredOrder = (error: (steps: number) => number, steps: number): number =>
  Math.log2(error(steps) / error(2 * steps))

for (const claim of claims) {
  const { method, order, dense, evaluations, on, steps, tuned, stable } = claim
  test(`${method.name}: order ${order}`, () => {
    // the next term of the error adds O(h) to the measured order: .1 for h in the range of the table
    const measured = measuredOrder((n) => endError(claim, n), steps)
    assert.ok(measured > order - 0.1, `measured ${measured}`)
    // a tuned method shows the next order or more; its own is established by verifyMethod below
    if (!tuned) assert.ok(measured < order + 0.1, `measured ${measured}`)
    assert.is(method.order, order)
  })
  for (const theta of [0.123, 0.5, 0.77]) {
    test(`${method.name}: dense order ${dense} at θ = ${theta}`, () => {
      // an interpolant may do better at a particular θ, and never worse
      const measured = measuredOrder((n) => denseError(claim, n, theta), steps)
      assert.ok(measured > dense - 0.15, `measured ${measured}`)
    })
  }
  if (evaluations !== undefined)
    test(`${method.name}: ${evaluations} evaluations a step`, () => {
      const { stats } = solve(fields[on], start, [0, 1], { method, step: 0.01, saveAt: 'end' })
      // methods that keep a force between steps evaluate once more per run of the loop
      assert.ok(Math.abs(stats.evaluations - 100 * evaluations) <= 2, `${stats.evaluations}`)
    })
  test(`${method.name}: nothing allocated per step`, () => {
    // plain loops call the field with the time as an argument, which is a boxed double wherever the engine does not
    // inline the call: a field that does not read it is called with a constant
    const run = integrator(autonomous, start.length, { method, step: 1e-4 })
    const state = run.initialize(start, [0, 1e9])
    const advance = (count: number) => {
      for (let done = 0; done < count; ) done += run.advance(state, 1000).count
    }
    // a boxed double a step would be 12 to 16 bytes; a call of advance per thousand steps may cost three
    const isNone = (growth: number) => growth < 4
    // the engine compiles while it runs, on the same heap: the least of three runs is ours alone
    const growth: number[] = []
    while (growth.length < 3 && !growth.some(isNone)) {
      advance(30_000)
      collect?.()
      const before = process.memoryUsage().heapUsed
      advance(30_000)
      growth.push((process.memoryUsage().heapUsed - before) / 30_000)
    }
    assert.ok(collect !== undefined && growth.some(isNone), `${growth.map((g) => g.toFixed(2))} bytes a step`)
  })
  if (verified.has(method.family))
    test(`${method.name}: order conditions`, () => {
      const report = verifyMethod(method)
      assert.is(report.order, order)
      assert.ok(report.agrees, JSON.stringify(report))
      assert.is(report.aStable, stable !== undefined)
      assert.is(report.lStable, stable === 'L')
      const { dense: polynomials, errorOrder } = method as ExplicitMethod
      if (errorOrder !== undefined && method.family !== 'radau') assert.is(report.errorOrder, errorOrder)
      if (polynomials !== undefined) assert.is(report.denseOrder, polynomials.order)
    })
}

test.run()
