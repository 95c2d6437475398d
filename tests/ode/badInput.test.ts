import { type Field, system } from '@separatrix/field'
import { dopri5, euler, rk4, type SolveOptions, solve, type VectorFieldFunction } from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('bad input and failures')
const decay = system({ name: 'decay', state: ['x'], dynamics: { x: '-x' } })
const plant = system({ name: 'plant', state: ['x'], input: ['u'], dynamics: { x: 'u' } })
const adaptive = { method: dopri5, rtol: 1e-8, atol: 1e-10 }

interface Misuse {
  readonly what: string
  readonly target?: Field | VectorFieldFunction
  readonly y0?: readonly number[]
  readonly span?: readonly [number, number]
  readonly options?: Partial<SolveOptions>
  readonly base?: SolveOptions
  readonly code: string
  readonly says: RegExp
}

const unit: readonly [number, number] = [0, 1]

const misuses: readonly Misuse[] = [
  { what: 'wrong dimension', y0: [1, 2], code: 'wrong-dimension', says: /expected 1 values \(x\), got 2/ },
  { what: 'empty state', y0: [], code: 'wrong-dimension', says: /at least one state/ },
  { what: 'NaN in y0', y0: [Number.NaN], code: 'non-finite', says: /NaN for x/ },
  { what: 'infinite y0', y0: [Number.POSITIVE_INFINITY], code: 'non-finite', says: /finite/ },
  { what: 'infinite span', span: [0, Number.POSITIVE_INFINITY], code: 'bad-span', says: /finite times/ },
  { what: 'zero-length span', span: [3, 3], code: 'bad-span', says: /two different times, got \[3, 3\]/ },
  { what: 'negative rtol', options: { rtol: -1 }, code: 'bad-tolerance', says: /not negative/ },
  { what: 'NaN atol', options: { atol: Number.NaN }, code: 'bad-tolerance', says: /finite tolerances/ },
  { what: 'both zero', options: { rtol: 0, atol: 0 }, code: 'bad-tolerance', says: /rtol \+ atol > 0/ },
  { what: 'too many atol', options: { atol: [1, 1] }, code: 'wrong-dimension', says: /a number, or 1/ },
  { what: 'no tolerances', base: { method: dopri5 }, code: 'missing-tolerance', says: /no default/ },
  { what: 'no atol', base: { method: dopri5, rtol: 1e-3 }, code: 'missing-tolerance', says: /rtol only/ },
  { what: 'no step', base: { method: rk4 }, code: 'missing-step', says: /step: 0.01/ },
  {
    what: 'tolerances for Euler',
    base: { method: euler, rtol: 1e-3, atol: 1e-3 },
    code: 'missing-step',
    says: /does not estimate/,
  },
  { what: 'step and tolerances', options: { step: 0.1 }, code: 'step-and-tolerance', says: /either step/ },
  { what: 'negative step', base: { method: rk4, step: -0.1 }, code: 'bad-step', says: /positive/ },
  { what: 'zero step', base: { method: rk4, step: 0 }, code: 'bad-step', says: /positive/ },
  { what: 'saveAt outside', options: { saveAt: [0, 2] }, code: 'bad-times', says: /between 0 and 1/ },
  { what: 'saveAt unsorted', options: { saveAt: [0.5, 0.2] }, code: 'bad-times', says: /increase/ },
  { what: 'saveAt NaN', options: { saveAt: [Number.NaN] }, code: 'bad-times', says: /between/ },
  { what: 'open inputs', target: plant, code: 'open-inputs', says: /closeLoop/ },
  { what: 'wrong theta', options: { theta: [1] }, code: 'wrong-dimension', says: /0 parameters/ },
  {
    what: 'returned derivative',
    target: (_t, y) => [-y[0]],
    code: 'returned-derivative',
    says: /third argument/,
  },
  { what: 'maxSteps 0', options: { maxSteps: 0 }, code: 'misuse', says: /at least 1/ },
  { what: 'seminorm of nothing', options: { weights: [0] }, code: 'bad-weights', says: /not all zero/ },
]

for (const { what, target = decay, y0 = [1], span = unit, options, base = adaptive, code, says } of misuses) {
  test(`misuse: ${what}`, () => {
    try {
      solve(target, y0, span, { ...base, ...options })
    } catch (error) {
      assert.is((error as { code: string }).code, code)
      assert.match((error as Error).message, says)
      assert.match((error as Error).message, /expected .* got .* Try /s)
      return
    }
    assert.unreachable('did not throw')
  })
}

test('not a field, not a method', () => {
  assert.throws(() => solve(3 as unknown as Field, [1], [0, 1], adaptive), /a field or a function/)
  assert.throws(() => solve(decay, [1], [0, 1], { method: 'rk4' as never, step: 1 }), /a method/)
})

test('blow-up: y′ = y² is followed to its end and reported', () => {
  const f: VectorFieldFunction = (_t, y, dydt) => (dydt[0] = y[0] * y[0])
  const { status, t, y, message } = solve(f, [1], [0, 2], adaptive)
  assert.ok(status === 'step-underflow' || status === 'non-finite', status)
  assert.ok(t[t.length - 1] > 0.999)
  assert.ok(y.data.every(Number.isFinite))
  assert.match(message, /Try/)
  const fixed = solve(f, [1], [0, 2], { method: rk4, step: 1e-3 })
  assert.is(fixed.status, 'non-finite')
  assert.ok(fixed.t[fixed.t.length - 1] > 0.999)
  assert.ok(fixed.y.data.every(Number.isFinite))
  const end = solve(f, [1], [0, 2], { method: rk4, step: 1e-3, saveAt: 'end' })
  assert.is(end.status, 'non-finite')
  assert.is(end.t[0], fixed.t[fixed.t.length - 1])
})

test('NaN in the field from t = .5 on', () => {
  const f: VectorFieldFunction = (t, _y, dydt) => (dydt[0] = t >= 0.5 ? Number.NaN : 1)
  const { status, t, message } = solve(f, [1], [0, 2], adaptive)
  assert.is(status, 'non-finite')
  assert.ok(t[t.length - 1] > 0.49 && t[t.length - 1] <= 0.5)
  assert.match(message, /not finite/)
})

test('NaN at the start', () => {
  const { status, t, message } = solve((_t, _y, dydt) => (dydt[0] = Number.NaN), [1], [0, 2], adaptive)
  assert.is(status, 'non-finite')
  assert.is(t.length, 1)
  assert.match(message, /y\[0\] is NaN/)
})

test('a domain error in a trial step is a rejection', () => {
  // y = (1 − t/2)², whose field √y is undefined where an overlong stage overshoots below zero
  const f: VectorFieldFunction = (_t, y, dydt) => (dydt[0] = -Math.sqrt(y[0]))
  const { status, stats, at } = solve(f, [1], [0, 1.9], { ...adaptive, firstStep: 1.9 })
  assert.is(status, 'success')
  assert.ok(stats.rejected > 0)
  assert.ok(Math.abs(at(1.9)[0] - 0.0025) < 1e-7)
})

test('maxSteps: a status, and what was reached', () => {
  for (const options of [adaptive, { method: rk4, step: 1e-3 }]) {
    const { status, t, stats, message } = solve(decay, [1], [0, 100], { ...options, maxSteps: 7 })
    assert.is(status, 'max-steps')
    assert.is(stats.accepted + stats.rejected, 7)
    assert.is(t.length, stats.accepted + 1)
    assert.match(message, 'maxSteps')
  }
})

test('minStep: underflow', () => {
  const { status } = solve(decay, [1], [0, 1], { ...adaptive, rtol: 1e-13, atol: 1e-15, minStep: 0.1 })
  assert.is(status, 'step-underflow')
})

test('what plain JavaScript may pass: refused at the door', () => {
  const calls: readonly (readonly [unknown, unknown, RegExp])[] = [
    [undefined, adaptive, /solve\(y0\): expected an array of numbers, got undefined/],
    ['1', adaptive, /got '1'/],
    [[null], adaptive, /got \[null\]/],
    [['1'], adaptive, /got \['1'\]/],
    [[1], undefined, /solve\(options\): expected an object with a method/],
    [[1], { ...adaptive, saveAt: 0.5 }, /solve\(saveAt\).*got 0.5/],
    [[1], { ...adaptive, saveAt: null }, /solve\(saveAt\).*got null/],
    [[1], { ...adaptive, saveAt: {} }, /solve\(saveAt\)/],
  ]
  for (const [y0, options, says] of calls)
    assert.throws(() => solve(decay, y0 as number[], [0, 1], options as SolveOptions), says)
})

test('at() outside what was reached', () => {
  const { at } = solve(decay, [1], [0, 1], adaptive)
  assert.throws(() => at(1.5), /between 0 and 1/)
})

for (const [name, rate] of [
  ['infinite', () => 1 / 0],
  ['infinite at the start only', (t: number) => 1 / t],
  ['NaN', () => Number.NaN],
] as const) {
  test(`a derivative that is ${name} at t0 ends as non-finite and says which`, () => {
    const f = (t: number, _y: Float64Array, dydt: Float64Array) => {
      dydt[0] = rate(t)
    }
    const { status, message, t } = solve(f, [1], [0, 1], { method: dopri5, rtol: 1e-6, atol: 1e-6 })
    assert.is(status, 'non-finite')
    assert.match(message, /The derivative of y\[0\] is (Infinity|NaN)/)
    assert.is(t.length, 1)
    const ended = solve(f, [1], [0, 1], { method: dopri5, rtol: 1e-6, atol: 1e-6, saveAt: 'end' })
    assert.equal([...ended.at(0)], [1])
  })
}

test.run()
