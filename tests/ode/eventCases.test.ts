import { dop853, dopri5, type Event, gbs, rk4, type SolveOptions, solve, tsit5, vern7 } from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('event cases')
const tau = 2 * Math.PI

type State = ArrayLike<number>
type F = (t: number, y: Float64Array, dydt: Float64Array) => void

const circle: F = (_t, y, d) => {
  d[0] = -y[1]
  d[1] = y[0]
}
const clock: F = (_t, _y, d) => {
  d[0] = 1
}
const parabola: F = (t, _y, d) => {
  d[0] = 2 * (t - 1)
}
const friction: F = (_t, y, d) => {
  d[0] = 0.5 - Math.sign(y[0])
}
const falling: F = (_t, y, d) => {
  d[0] = y[1]
  d[1] = -9.81
}
const bounce = (e: number): Event => ({
  when: (_t, y) => y[0],
  direction: 'falling',
  reset: (_t, y) => {
    y[0] = 0
    y[1] *= -e
  },
})
/** x = cos t, y = sin t from (1, 0) */
const x = (value: number): Event => ({ when: (_t, s) => s[0] - value })
const fall = Math.sqrt(2 / 9.81)

/** What was found: 'direction of event @ time'. */
interface Case {
  readonly name: string
  readonly f: F
  readonly y0: readonly number[]
  readonly span: readonly [number, number]
  readonly events: readonly Event[]
  readonly expected: readonly (readonly [event: number, direction: string, t: number])[]
  readonly status?: string
  readonly options?: Partial<SolveOptions>
  /** in units of the tolerance; a double root moves by the square root of what a simple one moves by */
  readonly within?: number
  readonly check?: (y: State) => boolean
}

const up = 'rising'
const down = 'falling'
const touch = 'touching'
/** where rounding decides between a touching zero and two crossings, one in each step */
const either = 'either'

const cases: readonly Case[] = [
  {
    name: 'a simple zero',
    f: circle,
    y0: [1, 0],
    span: [0, 3],
    events: [x(0)],
    expected: [[0, down, tau / 4]],
  },
  {
    name: 'every zero, both ways',
    f: circle,
    y0: [1, 0],
    span: [0, 6],
    events: [x(0)],
    expected: [
      [0, down, tau / 4],
      [0, up, (3 * tau) / 4],
    ],
  },
  {
    name: 'one direction',
    f: circle,
    y0: [1, 0],
    span: [0, 6],
    events: [{ ...x(0), direction: up }],
    expected: [[0, up, (3 * tau) / 4]],
  },
  {
    name: 'backwards: directions as time is run through',
    f: circle,
    y0: [1, 0],
    span: [0, -6],
    events: [x(0)],
    expected: [
      [0, down, -tau / 4],
      [0, up, (-3 * tau) / 4],
    ],
  },
  {
    name: 'opposite zeros within one step',
    f: clock,
    y0: [0],
    span: [0, 1],
    events: [{ when: (_t, s) => (s[0] - 0.5) ** 2 - 1e-8 }],
    expected: [
      [0, down, 0.4999],
      [0, up, 0.5001],
    ],
    options: { firstStep: 1 },
  },
  {
    name: 'two functions, opposite, at once: in the order of the list',
    f: circle,
    y0: [1, 0],
    span: [0, 3],
    events: [{ when: (_t, s) => -s[0] }, x(0)],
    expected: [
      [0, up, tau / 4],
      [1, down, tau / 4],
    ],
  },
  {
    name: 'a double root of time alone',
    f: clock,
    y0: [0],
    span: [0, 2],
    events: [{ when: (t) => (t - 1.1) ** 2 }],
    expected: [[0, touch, 1.1]],
  },
  {
    name: 'a double root that the state has exactly',
    f: parabola,
    y0: [1],
    span: [0, 2.5],
    events: [x(0)],
    expected: [[0, touch, 1]],
  },
  {
    name: 'a double root from below, through the error of the solution',
    f: circle,
    y0: [1, 0],
    span: [0, 9],
    events: [x(1)],
    expected: [[0, touch, tau]],
  },
  {
    name: 'a double root, backwards',
    f: circle,
    y0: [1, 0],
    span: [0, -9],
    events: [x(-1)],
    expected: [[0, touch, -tau / 2]],
  },
  {
    name: 'a double root of a square',
    f: circle,
    y0: [1, 0],
    span: [0, 3],
    events: [{ when: (_t, s) => s[0] * s[0] }],
    expected: [[0, touch, tau / 4]],
  },
  {
    name: 'a double root ends the solve where it is terminal',
    f: circle,
    y0: [1, 0],
    span: [0, 99],
    events: [{ ...x(-1), terminal: 2 }],
    expected: [
      [0, touch, tau / 2],
      [0, touch, 1.5 * tau],
    ],
    status: 'terminated',
  },
  {
    name: 'a double root at the end of the span',
    f: parabola,
    y0: [1],
    span: [0, 1],
    events: [x(0)],
    expected: [[0, either, 1]],
  },
  {
    name: 'a double root at a time that a step ends at',
    f: parabola,
    y0: [1],
    span: [0, 5],
    events: [x(0)],
    expected: [[0, either, 1]],
    options: { stopAt: [1] },
  },
  {
    name: 'no direction is touched',
    f: parabola,
    y0: [1 + 1e-11],
    span: [0, 5],
    events: [{ ...x(0), direction: up }, { ...x(0), direction: down }, x(0)],
    expected: [[2, touch, 1]],
  },
  {
    name: 'a miss by more than the accuracy is one',
    f: circle,
    y0: [1, 0],
    span: [0, 9],
    events: [x(-1.00001)],
    expected: [],
  },
  {
    name: 'unless said',
    f: circle,
    y0: [1, 0],
    span: [0, 4],
    events: [{ ...x(-1.00001), touch: 1e-4 }],
    expected: [[0, touch, tau / 2]],
  },
  {
    name: 'a triple root crosses',
    f: clock,
    y0: [0],
    span: [0, 2],
    events: [{ when: (t) => (t - 1.1) ** 3 }],
    expected: [[0, up, 1.1]],
    within: 1e6,
  },
  { name: 'at t0, simple', f: circle, y0: [0, 1], span: [0, 1], events: [x(0)], expected: [] },
  { name: 'at t0, double', f: circle, y0: [1, 0], span: [0, 1], events: [x(1)], expected: [] },
  {
    name: 'at t0 and again',
    f: circle,
    y0: [0, 1],
    span: [0, 4],
    events: [x(0)],
    expected: [[0, up, tau / 2]],
  },
  {
    name: 'at t1',
    f: circle,
    y0: [1, 0],
    span: [0, tau / 4],
    events: [{ when: (t) => t - tau / 4 }],
    expected: [[0, up, tau / 4]],
  },
  {
    name: 'in the last, partial step',
    f: circle,
    y0: [1, 0],
    span: [0, 1.0005],
    events: [{ when: (t) => t - 1.0002 }],
    expected: [[0, up, 1.0002]],
  },
  {
    name: 'at an output time, once',
    f: circle,
    y0: [1, 0],
    span: [0, 3],
    events: [{ when: (t) => t - 1.5 }],
    expected: [[0, up, 1.5]],
    options: { saveAt: [1, 1.5, 2] },
  },
  {
    name: 'at a breakpoint, once',
    f: circle,
    y0: [1, 0],
    span: [0, 3],
    events: [{ when: (t) => t - 1.5 }],
    expected: [[0, up, 1.5]],
    options: { breakpoints: [1.5] },
  },
  {
    name: 'terminal',
    f: circle,
    y0: [1, 0],
    span: [0, 99],
    events: [{ ...x(0), terminal: true }],
    expected: [[0, down, tau / 4]],
    status: 'terminated',
    check: (y) => Math.abs(y[0]) < 1e-15 * 10,
  },
  {
    name: 'terminal at the third',
    f: circle,
    y0: [1, 0],
    span: [0, 99],
    events: [{ ...x(0), terminal: 3 }],
    expected: [
      [0, down, tau / 4],
      [0, up, (3 * tau) / 4],
      [0, down, (5 * tau) / 4],
    ],
    status: 'terminated',
  },
  {
    name: 'terminal, with another just before it',
    f: circle,
    y0: [1, 0],
    span: [0, 99],
    events: [{ ...x(0), terminal: true }, x(1e-6)],
    expected: [
      [1, down, tau / 4 - 1e-6],
      [0, down, tau / 4],
    ],
    status: 'terminated',
  },
  {
    name: 'not finite on one side',
    f: circle,
    y0: [1, 0],
    span: [0, 3],
    events: [{ when: (_t, s) => Math.log(s[0] + 0.5) }],
    expected: [[0, down, tau / 6]],
  },
  {
    name: 'never finite',
    f: circle,
    y0: [1, 0],
    span: [0, 3],
    events: [{ when: () => Number.NaN }],
    expected: [],
  },
  {
    name: 'a jump of the function',
    f: clock,
    y0: [0],
    span: [0, 2],
    events: [{ when: (t) => (t < 0.7 ? -1 : 1) }],
    expected: [[0, up, 0.7]],
  },
  {
    name: 'a jump there and back within a step',
    f: clock,
    y0: [0],
    span: [0, 2],
    events: [{ when: (t) => (t > 0.5 && t < 0.9 ? 1 : -1) }],
    expected: [
      [0, up, 0.5],
      [0, down, 0.9],
    ],
  },
  { name: 'zero all along', f: circle, y0: [1, 0], span: [0, 3], events: [{ when: () => 0 }], expected: [] },
  {
    name: 'a function that goes to zero and never is',
    f: (_t, s, d) => void (d[0] = -s[0]),
    y0: [1],
    span: [0, 14],
    events: [x(0)],
    expected: [],
  },
  {
    name: 'a ball that bounces',
    f: falling,
    y0: [1, 0],
    span: [0, 1],
    events: [bounce(0.5)],
    expected: [
      [0, down, fall],
      [0, down, 2 * fall],
    ],
  },
  {
    name: 'a ball thrown to just the ceiling, and back to the floor',
    f: falling,
    y0: [0, 9.81],
    span: [0, 3],
    events: [{ ...bounce(0), terminal: true }, x(9.81 / 2)],
    expected: [
      [1, touch, 1],
      [0, down, 2],
    ],
    status: 'terminated',
  },
  {
    name: 'balls that rest: ever smaller bounces',
    f: falling,
    y0: [1, 0],
    span: [0, 9],
    events: [bounce(0.1)],
    expected: Array.from(
      { length: 11 },
      (_, k) =>
        [
          0,
          down,
          fall * (1 + 2 * Array.from({ length: k }, (_, j) => 0.1 ** (j + 1)).reduce((a, b) => a + b, 0)),
        ] as const,
    ),
    status: 'zeno',
  },
  {
    name: 'sliding',
    f: friction,
    y0: [1],
    span: [0, 9],
    events: [x(0)],
    expected: [[0, down, 2]],
    status: 'sliding',
  },
]

const tol = 1e-9

for (const method of [tsit5, dopri5, vern7, dop853, gbs])
  for (const {
    name,
    f,
    y0,
    span,
    events,
    expected,
    status = 'success',
    options,
    within = 1,
    check,
  } of cases) {
    // extrapolation sees a jump of the field between its substeps only, and its output between steps as well
    if (method === gbs && status === 'sliding') continue
    test(`${name}: ${method.name}`, () => {
      const run = solve(f, y0, span, { method, rtol: tol, atol: tol, events, ...options })
      assert.is(run.status, status)
      const found = run.events.slice(0, status === 'sliding' ? 1 : undefined)
      const story = found.map((e) => `${e.direction} ${e.event} @ ${e.t}`).join(', ')
      const isOpen = expected.some(([, direction]) => direction === either)
      assert.ok(isOpen ? found.length > 0 : found.length === expected.length, story)
      expected.forEach(([event, direction, t], k) => {
        assert.is(found[k].event, event, story)
        if (status !== 'sliding' && !isOpen) assert.is(found[k].direction, direction, story)
        // a few tolerances of error in the state move a simple root as much, and the jump that the field makes in
        // sliding a step; a double root is found by the slope, which is as good
        const room = direction === touch || isOpen || status === 'sliding' ? 1e-4 : 1e-7
        assert.ok(Math.abs(found[k].t - t) <= room * within, story)
      })
      if (check !== undefined) assert.ok(check(run.y.data.slice(-y0.length)))
    })
  }

test('equal steps: a double root counts by rounding, or by what is said', () => {
  const at = (touch?: number) =>
    solve(circle, [1, 0], [0, 9], { method: rk4, step: 0.1, events: [{ ...x(-1), touch }] }).events
  assert.is(at().length, 0)
  assert.equal(
    at(1e-5).map(({ direction }) => direction),
    [touch],
  )
  const exact = solve(parabola, [1], [0, 2], { method: rk4, step: 0.3, events: [x(0)] }).events
  assert.is(exact.length, 1)
  assert.ok(Math.abs(exact[0].t - 1) < 1e-7)
})

test('a ball that bounces lower than the tolerance does not fall through, whatever the direction', () => {
  const { events, y } = solve(falling, [0, 1e-4], [0, 3e-5], {
    method: tsit5,
    rtol: 1e-6,
    atol: 1e-6,
    events: [{ ...bounce(0.9), direction: undefined }],
  })
  // it rises to 5e-10 and comes back after 2·1e-4/9.81
  assert.is(events.length, 1)
  assert.is(events[0].direction, down)
  assert.ok(Math.abs(events[0].t - 2e-4 / 9.81) < 1e-12)
  assert.ok(y.data[y.data.length - 2] >= 0)
})

test('a reset at a touched zero', () => {
  const { events, y } = solve(circle, [1, 0], [0, 5], {
    method: tsit5,
    rtol: tol,
    atol: tol,
    events: [{ ...x(-1), reset: (_t, s) => (s[0] = 1) }],
  })
  assert.is(events.length, 1)
  assert.ok(Math.abs(y.data[y.data.length - 2] - Math.cos(5 - Math.PI)) < 1e-6)
})

test.run()
