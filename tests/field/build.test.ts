import assert from 'node:assert/strict'
import {
  augment,
  closeLoop,
  compile,
  compose,
  divergence,
  enclose,
  expression,
  type Field,
  freeze,
  fromJSON,
  gradient,
  interpret,
  jacobian,
  jvp,
  lieDerivative,
  network,
  restoreRandom,
  seededRandom,
  shareTheta,
  system,
  toJSON,
  vjp,
  withParams,
  withTheta,
} from '@separatrix/field'
import { test } from 'uvu'
import { controller, pendulum, vanDerPol } from './fields.js'

const misuses: readonly (readonly [string, () => unknown, RegExp])[] = [
  [
    'an unknown symbol',
    () => system({ state: ['theta'], dynamics: { theta: '-thetta' } }),
    /unknown symbol 'thetta'\. Try theta\./,
  ],
  ['a name that every object has', () => expression('constructor', ['x']), /unknown symbol 'constructor'/],
  [
    'a function that every object has',
    () => expression('toString(x)', ['x']),
    /known function, got 'toString'/,
  ],
  ['1000 brackets', () => expression(`${'('.repeat(1000)}x${')'.repeat(1000)}`, ['x']), /less deeply nested/],
  ['5000 signs', () => expression(`${'-'.repeat(5000)}x`, ['x']), /less deeply nested/],
  [
    'an activation that every object has',
    () => network({ widths: [1, 1], activation: 'toString' as 'tanh', seed: 0 }),
    /an activation/,
  ],
  ['text that is not JSON', () => fromJSON('{"format"'), /fromJSON: expected JSON text/],
  ['an unknown function', () => expression('sine(x)', ['x']), /got 'sine'\. Try sin/],
  [
    'a missing equation',
    () => system({ state: ['x', 'y'], dynamics: { x: '-x' } }),
    /none for 'y'\. Try dynamics: \{ y/,
  ],
  [
    'an equation too many',
    () => system({ state: ['x'], dynamics: { x: '-x', y: '1' } }),
    /got 'y'\. Try adding y to state/,
  ],
  ['a missing parameter', () => system({ state: ['x'], dynamics: { x: '-k*x' } }), /unknown symbol 'k'/],
  [
    'a parameter without value',
    () => system({ state: ['x'], params: { k: Number.NaN }, dynamics: { x: '-k*x' } }),
    /finite value for the parameter k/,
  ],
  ['a syntax error', () => expression('x + * 2', ['x']), /a formula/],
  ['digits that a double swallows', () => expression('0.50000000000000000001*x', ['x']), /Try 0\.5\.$/],
  ['a comparison', () => expression('x > 2', ['x']), /operators/],
  ['a matrix', () => expression('[x, 2]', ['x']), /ArrayNode/],
  ['a name twice', () => system({ state: ['x', 'x'], dynamics: { x: '-x' } }), /'x' twice/],
  ['a reserved name', () => expression('sin', ['sin']), /not reserved/],
  ['no state', () => system({ state: [], dynamics: {} }), /at least one state/],
  ['a wrong number of arguments', () => expression('atan2(x)', ['x']), /2 argument/],
  ['a plant without input', () => closeLoop(vanDerPol, controller), /a plant with inputs/],
  [
    'a controller of another width',
    () => closeLoop(pendulum, network({ widths: [3, 4, 1], activation: 'tanh', seed: 0 })),
    /R\^2 → R\^1/,
  ],
  [
    'a controller that names the states in another order',
    () => closeLoop(pendulum, expression('-omega', ['omega', 'theta'])),
    /order of pendulum \(theta, omega\), got omega, theta\. Try moving omega/,
  ],
  [
    'a candidate that names the states in another order',
    () => lieDerivative(expression('x^2 + 2*y^2', ['y', 'x']), vanDerPol),
    /Try moving y/,
  ],
  ['an inner field of another length', () => compose(expression('x', ['x']), vanDerPol), /length 1/],
  ['parameters of wrong length', () => withTheta(pendulum, [1, 2]), /4 parameters \(g, l, m, b\)/],
  ['an unknown parameter', () => withParams(pendulum, { q: 1 }), /one of g, l, m, b/],
  ['bad widths', () => network({ widths: [2], activation: 'tanh', seed: 0 }), /two positive widths/],
]
for (const [what, call, pattern] of misuses) {
  test(`${what} is refused with a reason and a remedy`, () => {
    assert.throws(call, (error: Error) => {
      assert.equal(error.name, 'SeparatrixError')
      assert.match(error.message, /: expected .+, got .+\. Try .+\.$/)
      assert.match(error.message, pattern)
      return true
    })
  })
}

// a plain function has values, but no equations: whatever needs those says so instead of failing inside
const opaque = ((_t: number, y: number[], dydt: number[]) => {
  dydt[0] = -(y[0] as number)
}) as unknown as Field
const needEquations: Readonly<Record<string, () => unknown>> = {
  gradient: () => gradient(opaque),
  jacobian: () => jacobian(opaque),
  divergence: () => divergence(opaque),
  lieDerivative: () => lieDerivative(expression('x^2', ['x']), opaque),
  jvp: () => jvp(opaque),
  vjp: () => vjp(opaque),
  compile: () => compile(opaque),
  enclose: () => enclose(opaque),
  toJSON: () => toJSON(opaque),
  closeLoop: () => closeLoop(opaque, controller),
  compose: () => compose(opaque, controller),
  augment: () => augment(opaque, 1),
  freeze: () => freeze(opaque),
  interpret: () => interpret(opaque, 0, [1]),
  withTheta: () => withTheta(opaque, []),
}
for (const [name, call] of Object.entries(needEquations)) {
  test(`${name} refuses a plain function and says why`, () => {
    assert.throws(
      call,
      new RegExp(`^SeparatrixError: ${name}: expected a field: .+ got a function\\. Try .+ enclosures`),
    )
  })
}
test('a stored field is pointed to fromJSON', () => {
  assert.throws(() => compile(toJSON(pendulum) as unknown as Field), /got its JSON\. Try fromJSON/)
})

test('formulas mean what mathematics means', () => {
  const at = (text: string) => interpret(expression(text, ['x', 'y']), 0, [2, 3])[0]
  assert.equal(at('-x^2'), -4)
  assert.equal(at('2^3^2'), 512)
  assert.equal(at('x - y - 1'), -2)
  assert.equal(at('12/x/y'), 2)
  assert.equal(at('2x + 3(y - 1)'), 10)
  assert.equal(at('min(x, y, 1) + max(x, y)'), 4)
  assert.equal(at('log(8, 2)'), 3)
  assert.equal(at('pi'), Math.PI)
  assert.equal(at('3.14159265358979323846 + 1e3 + .5 + 5.'), Math.PI + 1005.5)
})

test('closing a loop equals feeding the controller by hand', () => {
  const x = [0.3, -0.7]
  const u = interpret(controller, 0, x)
  assert.deepEqual(
    interpret(closeLoop(pendulum, controller), 0, x),
    interpret(pendulum, 0, x, pendulum.theta, u),
  )
})

test('the layout names every parameter of a closed loop, physics apart from weights', () => {
  const loop = closeLoop(pendulum, controller)
  assert.deepEqual(
    loop.layout.map((b) => [b.name, b.kind, b.offset]),
    [
      ['g', 'parameter', 0],
      ['l', 'parameter', 1],
      ['m', 'parameter', 2],
      ['b', 'parameter', 3],
      ['network.weight1', 'weight', 4],
      ['network.bias1', 'weight', 20],
      ['network.weight2', 'weight', 28],
      ['network.bias2', 'weight', 36],
    ],
  )
})

test('an odd network is exactly odd, and exactly 0 at 0', () => {
  const odd = network({ widths: [2, 16, 1], activation: 'tanh', seed: 9, bias: false })
  assert.equal(interpret(odd, 0, [0.4, -1])[0], -(interpret(odd, 0, [-0.4, 1])[0] as number))
  assert.equal(interpret(odd, 0, [0, 0])[0], 0)
})

test('weights depend on the seed alone', () => {
  const make = (seed: number) => network({ widths: [4, 50, 3], activation: 'tanh', seed }).theta
  assert.deepEqual(make(1), make(1))
  assert.notDeepEqual(make(1), make(2))
  const bound = Math.sqrt(6 / 54)
  assert.ok(
    make(1)
      .subarray(0, 200)
      .every((w) => Math.abs(w) <= bound),
  )
})

test('random numbers: moments, and a state that resumes', () => {
  const random = seededRandom(42)
  const n = 200_000
  let [sum, squares] = [0, 0]
  for (let i = 0; i < n; i++) {
    const z = random.normal()
    sum += z
    squares += z * z
  }
  // five standard errors: 1/√n for the mean, √(2/n) for the variance
  assert.ok(Math.abs(sum / n) < 5 / Math.sqrt(n))
  assert.ok(Math.abs(squares / n - 1) < 5 * Math.sqrt(2 / n))
  const resumed = restoreRandom(random.save())
  assert.deepEqual(
    [random.uniform(), random.integer(10), random.normal()],
    [resumed.uniform(), resumed.integer(10), resumed.normal()],
  )
})

test('shareTheta: equal names and sizes are the owner’s, the rest stays', () => {
  const owner = system({ state: ['x'], params: { a: 2, b: 3 }, dynamics: { x: 'a + b*x' } })
  const guest = expression('a*x + b*c + k', ['x'], { k: 100, b: 7, c: 10, a: 5 })
  const shared = shareTheta(guest, owner)
  assert.deepEqual([shared.layout, shared.stateNames], [owner.layout, ['x']])
  assert.deepEqual([...interpret(shared, 0, [4])], [2 * 4 + 3 * 10 + 100])
  assert.deepEqual([...interpret(withParams(shared, { a: 1, b: -1 }), 0, [4])], [4 - 10 + 100])
  const plain = expression('x^2', ['x'])
  assert.deepEqual([...interpret(shareTheta(plain, owner), 0, [4])], [16])
})

test.run()
