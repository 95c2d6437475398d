import {
  auto,
  dopri5,
  implicitMidpoint,
  integrator,
  leapfrog,
  type Method,
  rk4,
  type StepOptions,
} from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lorenz, lorenzFunction, pendulum, ring } from './problems.js'

const test = suite('allocation')
const collect = (globalThis as { gc?: () => void }).gc

interface Case {
  readonly name: string
  readonly target: Parameters<typeof integrator>[0]
  readonly y0: readonly number[]
  readonly options: StepOptions
  readonly steps: number
  /** bytes a step, where they are not those of a thousand steps to a call */
  readonly bytes?: number
}

const adaptive = { method: dopri5, rtol: 1e-6, atol: 1e-6, maxSteps: 1e9 }
const fixed = (method: Method) => ({ method, step: 1e-3 })
const ringStart = Array.from({ length: 16 }, (_, i) => (i === 0 ? 8.01 : 8))
const cases: readonly Case[] = [
  { name: 'dopri5, fused', target: lorenz.field, y0: lorenz.y0, options: adaptive, steps: 1e6 },
  { name: 'rk4, fused', target: lorenz.field, y0: lorenz.y0, options: fixed(rk4), steps: 1e6 },
  { name: 'dopri5, on vectors', target: ring(16), y0: ringStart, options: adaptive, steps: 2e5 },
  { name: 'rk4, on vectors', target: ring(16), y0: ringStart, options: fixed(rk4), steps: 2e5 },
  { name: 'dopri5, a function', target: lorenzFunction, y0: lorenz.y0, options: adaptive, steps: 1e6 },
  { name: 'leapfrog, fused', target: pendulum, y0: [1, 0], options: fixed(leapfrog), steps: 1e6 },
  { name: 'implicitMidpoint', target: pendulum, y0: [1, 0], options: fixed(implicitMidpoint), steps: 1e5 },
  // twelve steps to a call of the generated loop, which costs about 50 to 70 bytes for any method
  {
    name: 'auto',
    target: lorenz.field,
    y0: lorenz.y0,
    options: { ...adaptive, method: auto() },
    steps: 5e5,
    bytes: 8,
  },
]

for (const { name, target, y0, options, steps, bytes = 2 } of cases)
  test(`${name}: nothing allocated per step`, () => {
    assert.ok(collect !== undefined, 'run with --expose-gc')
    const run = integrator(target, y0.length, options)
    const state = run.initialize(y0, [0, 1e9])
    const advance = (count: number) => {
      for (let done = 0; done < count; ) done += run.advance(state, 1000).count
    }
    // a boxed double a step would be 16 bytes; a call of advance per thousand steps may cost one or two
    const isNone = (grown: number) => grown < bytes
    // the engine compiles while it runs, on the same heap: the least of three runs is ours alone
    const growth: number[] = []
    while (growth.length < 3 && !growth.some(isNone)) {
      advance(50_000)
      collect()
      const before = process.memoryUsage().heapUsed
      advance(steps)
      growth.push((process.memoryUsage().heapUsed - before) / steps)
    }
    assert.ok(growth.some(isNone), `${growth.map((g) => g.toFixed(2))} bytes a step`)
  })

test.run()
