import { expression, network, system } from '@separatrix/field'
import {
  combine,
  compile,
  type Field,
  freeze,
  lieDerivative,
  partialDerivative,
  seededRandom,
  toJSON,
} from '@separatrix/field/core'
import {
  type Certificate,
  certify,
  checkCertificate,
  type Proof,
  type RegionOptions,
  regionOfAttraction,
  smtlib,
} from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { lower } from '../../packages/lyapunov/src/certify/lower.js'
import { positivityOf } from '../../packages/lyapunov/src/certify/provePositive.js'
import {
  derivativeAtZero,
  inWeights,
  isIdenticallyZero,
} from '../../packages/lyapunov/src/certify/weightedCoordinates.js'
import { type Interval, intervals, point } from '../../packages/lyapunov/src/check/interval.js'
import { readField } from '../../packages/lyapunov/src/check/program.js'
import { lazySeries, series } from '../../packages/lyapunov/src/check/series.js'
import { weighted } from '../../packages/lyapunov/src/check/weighted.js'
import { alterNumbers, type Json, rehashed, seemsTrue } from './cases.js'

const xy = ['x', 'y'] as const
const plane = (x: string, y: string) => system({ state: xy, dynamics: { x, y } })
const line = (x: string) => system({ state: ['x'], dynamics: { x } })
const text = (V: string, { stateNames }: Field) => expression(V, stateNames)
const square = 'x^2 + y^2'
const around = [[-1, 1.2], [-1.1, 1]] as const // biome-ignore format: a box

interface Case extends Partial<RegionOptions> {
  readonly name: string
  readonly field: Field
  readonly V: Field
  /** orders of V and V̇ at 0 in the weights that make their leading forms definite */
  readonly orders: readonly [number, number]
  readonly weights?: readonly [readonly number[], readonly number[]]
}

const made = (
  name: string,
  field: Field,
  V: string,
  rest: Pick<Case, 'orders' | 'weights'> & Partial<RegionOptions>,
): Case => ({ name, field, V: text(V, field), ...rest })

const poly1 = system({
  state: ['x', 'y', 'z'],
  dynamics: { x: '-x^3 - x*z^2', y: '-y - x^2*y', z: '-4*z + 3*x^2*z' },
})

const cases: readonly Case[] = [
  made('V̇ = −2x⁴ − 2y², after terms that cancel', plane('-x^3 + y', '-x - y'), square, { orders: [2, 4], weights: [[1, 1], [1, 2]] }),
  made('one dimension, V = x⁴', line('-x^3'), 'x^4', { orders: [4, 6], domain: [[-1, 2]] }),
  made('one dimension, V = x²', line('-x^3'), 'x^2', { orders: [2, 4], domain: [[-1, 2]] }),
  made('Poly1 of the literature', poly1, '4*x^2 + y^2 + z^2', { orders: [2, 4], weights: [[1, 1, 1], [1, 2, 2]], domain: [[-1, 1], [-1, 1], [-1, 1]] }),
  made('a cubic system', plane('-x^3 - x*y^2', '-y^3 - x^2*y'), square, { orders: [2, 4] }),
  made('a cubic system by a quartic V', plane('-x^3 - x*y^2', '-y^3 - x^2*y'), 'x^4 + x^2*y^2 + y^4', { orders: [4, 6] }),
  made('sin(x)³', plane('-sin(x)^3 + y', '-x - y'), square, { orders: [2, 4], weights: [[1, 1], [1, 2]] }),
  made('tanh(y)³', plane('-x^3 + tanh(y)^3', '-x^3 - tanh(y)^3'), 'x^4 + y^4', { orders: [4, 6] }),
  made('a centre manifold', plane('-x^3', '-y + x^2'), square, { orders: [2, 4], weights: [[1, 1], [1, 2]] }),
  made('1 − cos, whose series must cancel', plane('y - x*(1 - cos(x))', '-x - y'), square, { orders: [2, 4] }),
  made('V with weights of its own', plane('-x', '-y'), 'x^4 + y^6', { orders: [12, 12], weights: [[3, 2], [3, 2]] }),
  made('a rate, which a flat V may have', plane('-x', '-y'), 'x^4 + y^4', { orders: [4, 4], rate: 1 }),
  made('a map', line('x - x^3'), 'x^2', { orders: [2, 4], domain: [[-0.9, 1]], time: 'discrete' }),
  made('a parameter', system({ state: xy, params: { a: 1 }, dynamics: { x: '-a*x^3 + y', y: '-x - y' } }), square, { orders: [2, 4], params: { a: [0.5, 2] } }),
  made('a disturbance that vanishes with the state', system({ state: xy, input: ['d'], dynamics: { x: '-x^3 + d*x*y^2', y: '-y' } }), square, { orders: [2, 4], disturbance: { d: [-0.3, 0.3] } }),
] // biome-ignore format: one case a line

function certificateOf({ field, V, domain = around, ...rest }: Case): Certificate {
  const { certificate, message } = regionOfAttraction({ field, V, domain, tolerance: 1e-2, ...rest })
  if (certificate === undefined) throw new Error(message)
  return JSON.parse(JSON.stringify(certificate))
}

const values = (f: Field) => {
  const [run, out] = [compile(f), new Float64Array(f.outputSize)]
  return (x: Float64Array, input?: Float64Array) => {
    run(0, x, out, undefined, input)
    return Array.from(out)
  }
}

for (const one of cases)
  test(`proved with no hole: ${one.name}`, () => {
    const c = certificateOf(one)
    const { valid, reason } = checkCertificate(c)
    assert.ok(valid, reason)
    const { value, rate } = c.proof.blowUp as NonNullable<Proof['blowUp']>
    assert.equal([value.order, rate.order], one.orders)
    if (one.weights) assert.equal([value.weights, rate.weights], one.weights)
    // the level is all that the domain has room for: a degenerate origin does not make it smaller
    assert.ok(c.claim.level > 0.5, `${c.claim.level}`)
  })

/** None of these is true, or V̇ vanishes on a curve. */
const traps: readonly (readonly [string, Field, string, Partial<RegionOptions>?])[] = [
  ["x' = x³", line('x^3'), 'x^2', { domain: [[-1, 1]] }],
  ["x' = −x² on one side only", line('-x^2'), 'x^2', { domain: [[-1, 1]] }],
  ['a leading form of V̇ that is indefinite', plane('-x^3 + 3*x*y^2', '-y^3'), square],
  ['V that is indefinite', plane('-x', '-y'), 'x^4 - y^4'],
  ['V that is negative between the axes', plane('-x', '-y'), 'x^4 - 3*x^2*y^2 + y^4'],
  ['V that begins with an odd power', plane('-x', '-y'), 'x^4 + y^3'],
  ['V̇ = −(y − x²)²·(…), which is 0 on a parabola', plane('-x*(y - x^2)^2', '-y*(y - x^2)^2'), square],
  ['V = (y − x²)² + 0, which is 0 on a parabola', plane('-x', '-2*y'), '(y - x^2)^2'],
  ['V̇ = 0', plane('y^3', '-x^3'), 'x^4 + y^4'],
  ['V̇ = −y⁴ only', plane('y^3', '-x^3 - y'), 'x^4 + y^4'],
  ['a rate at which a degenerate V̇ cannot fall', plane('-x^3 + y', '-x - y'), square, { rate: 0.1 }],
  ['a rate at which a flat V falls too slowly', line('-x^3'), 'x^4', { rate: 0.1, domain: [[-1, 1]] }],
  ['a parameter of either sign', system({ state: xy, params: { a: 1 }, dynamics: { x: '-a*x^3 + y', y: '-x - y' } }), square, { params: { a: [-0.5, 2] } }],
  ['a map that rises', line('x + x^3'), 'x^2', { time: 'discrete', domain: [[-1, 1]] }],
  ['a map that overshoots', line('-x - x^3'), 'x^2', { time: 'discrete', domain: [[-1, 1]] }],
  ['a field that ends at 0', plane('-x^3 + 0*log(x)', '-y'), square],
  ['a V with a kink', plane('-x', '-y'), 'x^4 + abs(y)^3'],
  ['an equilibrium that is only enclosed', line('-(x - 1/3)^3'), 'x^2', { equilibrium: [0.3333], domain: [[-1, 1]] }],
] // biome-ignore format: one case a line

for (const [name, field, V, rest] of traps)
  test(`not proved: ${name}`, () => {
    const options = { field, V: text(V, field), domain: around, maxBoxes: 2000, ...rest }
    const region = regionOfAttraction(options)
    assert.is(region.status, 'unknown', region.message)
    assert.is.not(certify({ ...options, level: 0.5 }).kind, 'proved')
  })

/** Where the leading form has the wrong sign there is a counterexample as near to 0 as one likes, and one is replayed. */
test('a leading form of the wrong sign is refuted at a point', () => {
  for (const [name, field, V] of traps.slice(0, 5)) {
    const options = {
      field,
      V: text(V, field),
      domain: field.stateSize === 1 ? ([[-1, 1]] as const) : around,
    }
    const { level, refutedAt } = regionOfAttraction(options)
    if (refutedAt === undefined) throw new Error(name)
    assert.ok(level[1] < 1e-10 && refutedAt.some((v) => v !== 0), name)
    const verdict = certify({ ...options, level: 1e-3 })
    assert.is(verdict.kind, 'refuted', name)
    const [value] = values(options.V)(refutedAt)
    const [rate] = values(lieDerivative(options.V, field))(refutedAt)
    assert.ok(value <= 0 || rate >= 0, `${name}: V = ${value}, V̇ = ${rate}`)
  }
})

test('a quartic core times the exponential of a network: no derivatives of the network are needed', () => {
  const field = plane('-x^3 + x*y^2 + y^3', '-y^3 - x^3 - x^2*y')
  const core = expression('x^4 + y^4', xy)
  const net = network({ widths: [2, 8, 1], activation: 'tanh', seed: 3 })
  const V = combine([core, net], (b, place) => b.mul(place(core), b.unary('exp', b.mul(b.constant(0.2), place(net))))) // biome-ignore format: one line
  const c = certificateOf({ name: 'anchored', field, V, orders: [4, 6] })
  const { valid, reason } = checkCertificate(c)
  assert.ok(valid, reason)
  // V = core·exp of at most ±0.2·‖net‖ on a domain with room for x⁴ = 1
  assert.ok(c.claim.level > 0.5, `${c.claim.level}`)
  assert.is(c.proof.blowUp?.rate.order, 6)
})

test('SMT scripts do not care how the origin is closed', () => {
  const claims = smtlib(certificateOf(cases[0])).map(({ claim }) => claim)
  assert.is(claims[0], 'V decreases')
})

const honest = certificateOf(cases[0])
const blowUp = honest.proof.blowUp as NonNullable<Proof['blowUp']>
const withBlowUp = (change: Json) =>
  rehashed({ ...(honest as unknown as Json), proof: { ...honest.proof, blowUp: { ...blowUp, ...change } } })
const { rate, value } = blowUp

/** All would be refused by themselves; that the rest is as an honest prover left it must not help. */
const forgeries: readonly (readonly [string, Json])[] = [
  ['other weights of V̇', { rate: { ...rate, weights: [1, 1] } }],
  ['weights that are too light', { rate: { ...rate, weights: [2, 2] } }],
  ['weights that are none', { rate: { ...rate, weights: [1, 0.5] } }],
  ['a negative weight', { rate: { ...rate, weights: [1, -2] } }],
  ['a lower order', { rate: { ...rate, order: 3 } }],
  ['a higher order', { rate: { ...rate, order: 6 } }],
  ['order 0', { rate: { ...rate, order: 0 } }],
  ['an order without end', { rate: { ...rate, order: 1e9 } }],
  ['a smaller radius', { rate: { ...rate, radius: rate.radius / 2 } }],
  ['radius 0', { rate: { ...rate, radius: 0 } }],
  ['a missing chart', { rate: { ...rate, trees: rate.trees.slice(1) } }],
  ['no charts', { value: { ...value, trees: [] } }],
  ['a tree with an entry less', { rate: { ...rate, trees: [[0, -2], ...rate.trees.slice(1)] } }],
  ['a tree with an entry more', { rate: { ...rate, trees: [[-2, -2], ...rate.trees.slice(1)] } }],
  ['a tree of an axis that is none', { rate: { ...rate, trees: [[2, -2, -2], ...rate.trees.slice(1)] } }],
  ['no proof of V', { value: undefined }],
  ['no proof of V̇', { rate: undefined }],
]

for (const [name, change] of forgeries)
  test(`forged: ${name}`, () => {
    const { valid, reason } = checkCertificate(withBlowUp(change))
    assert.is(valid, false, reason)
  })

test('forged: a larger origin box, and no blow-up at all', () => {
  const wide = { ...honest.proof, origin: [[-1.1, 1.2], [-1.1, 1.1]] } // biome-ignore format: a box
  const { blowUp: _, ...rest } = honest.proof
  for (const proof of [wide, rest])
    assert.is(checkCertificate(rehashed({ ...(honest as unknown as Json), proof })).valid, false)
})

/** Fields and candidates that agree with the honest ones to the orders that decide, and are none the less others. */
const changed: readonly (readonly [string, { system?: Field; candidate?: Field }])[] = [
  ['x′ rises at first', { system: plane('x^3 + y', '-x - y') }],
  ['V̇ begins with xy', { system: plane('-x^3 + 1.001*y', '-x - y') }],
  ['V̇ begins with x³', { system: plane('-x^3 + y + 0.001*x^2', '-x - y') }],
  ['V̇ with an indefinite form', { system: plane('-x^3 + y', '-x - y - 3*x^2') }],
  ['V with kinks', { candidate: expression('x^2 + y^2 + 0.001*abs(x*y)', xy) }],
  ['f with kinks', { system: plane('-x^3 + y', '-x - y - abs(x)^5') }],
  ['f undefined on one side of 0', { system: plane('-x^3 + y', '-x - y + 0*log(x + 0.0001)') }],
  ['f undefined at 0', { system: plane('-x^3 + y + 0*(x/x)', '-x - y') }],
  ['V undefined on one side', { candidate: expression('x^2 + y^2 + 0*sqrt(x + 0.0001)', xy) }],
  ['V of another sign', { candidate: expression('x^2 - y^2', xy) }],
]

for (const [name, { system: f, candidate: V }] of changed)
  test(`forged: ${name}`, () => {
    const forged = rehashed({
      ...(honest as unknown as Json),
      ...(f && { system: toJSON(freeze(f)) }),
      ...(V && { candidate: toJSON(freeze(V)) }),
    })
    assert.is(checkCertificate(forged).valid, false)
  })

test('a certificate with an altered number is refused, or its claim still holds', () => {
  const refused = alterNumbers(honest, {
    count: 150,
    seed: 5,
    passed: (altered, what) => assert.ok(seemsTrue(altered), what),
  })
  assert.ok(refused > 50, `${refused}`)
})

/** Every operation of a graph that has derivatives, in x and y, defined near 0. */
const formulas = [
  'x^3*y - 2*x/(1 + y) + (x - y)^-2*0.1 - 3',
  'sin(x)^3*cos(y) + exp(x*y)*tanh(x - y)^2 - log(1 + x^2)*atan(y)',
  'sqrt(1 + x)*sinh(y)*x + cosh(x)*sigmoid(y)*y^2 + softplus(x)*y + tan(x)*x',
].map((formula) => expression(formula, xy))
const random = seededRandom(7)
const asRead = (f: Field) =>
  readField(JSON.parse(JSON.stringify(toJSON(lower(freeze(f))))), 'a field', [2, 0, 1]).formulas

test("the checker's power series hold the derivatives of graphs", () => {
  for (const f of formulas)
    for (let k = 0; k < 12; k++) {
      const [x, y] = [0.1 + 0.3 * random.uniform(), -0.3 * random.uniform()]
      // along x = x₀ + t, y = y₀
      const line: readonly [number, number] = [x, y]
      const S = series(intervals)
      const at = line.map((v, i) => lazySeries(0, 1 - i, (j) => point(j === 0 ? v : 1)))
      const [g] = asRead(f)(S, at)
      let factorial = 1
      for (let order = 0; order <= 6; order++) {
        factorial *= Math.max(1, order)
        const [derivative] = values(partialDerivative(f, { axis: 0, order }))(Float64Array.of(x, y))
        const { lo, hi } = order <= g.to ? g.at(order) : point(0)
        const [expected, size] = [derivative / factorial, 1 + Math.abs(derivative / factorial)]
        // both sum a few hundred terms, (x − y)^-2 some 10⁶ times larger than what is left
        assert.ok(lo <= expected + 1e-8 * size && hi >= expected - 1e-8 * size && hi - lo < 1e-6 * size, `${order}: ${lo} ${expected} ${hi}`) // biome-ignore format: one line
      }
    }
})

test('functions in weighted coordinates are r^from times their quotient, for prover and checker', () => {
  const more = ['x^2*y + x^4*exp(y)', '(x^2 + y)*(x*y - 3*y)^2 - x^9', 'x^4*y/(2 + x) + 0*log(2 + y)'].map((f) => expression(f, xy)) // biome-ignore format: one line
  for (const f of [...formulas, ...more])
    for (const weights of [[1, 1], [1, 2], [3, 2]] as const) {
      const { from, quotient } = inWeights(f, weights, [undefined, undefined])
      for (let k = 0; k < 6; k++) {
        const r = 0.2 + 0.3 * random.uniform()
        const y = [1, 1].map(() => 1.4 * random.uniform() - 0.7) as [number, number]
        const [value] = values(f)(Float64Array.from(y, (v, i) => r ** weights[i] * v))
        const [q] = values(quotient)(Float64Array.of(r, ...y))
        const x = y.map((v, i) => ({ from: weights[i], value: point(v) }))
        const [checked] = asRead(f)(weighted<Interval>(intervals, point(r)), x)
        const { lo, hi } = checked.value
        // a quotient by r⁹ ≥ 10⁻⁷ is as exact as what is divided
        const near = (a: number, b: number) => Math.abs(a - b) <= 1e-12 * (1 + Math.abs(a))
        assert.ok(near(r ** from * q, value), `${r ** from * q} ${value}`)
        assert.ok(near(r ** checked.from * lo, value) && near(r ** checked.from * hi, value), `${lo} ${hi}`)
      }
    }
  assert.is(inWeights(more[0], [1, 2], [undefined, undefined]).from, 4)
  assert.is(inWeights(more[0], [1, 1], [undefined, undefined]).from, 3)
}) // biome-ignore format: a list of weights

test('what is 0 by expansion is told from what is not', () => {
  const zero = ['(x + y)^2 - x^2 - 2*x*y - y^2', 'sin(x)*(y - x) - y*sin(x) + x*sin(x)', '0*x'] // biome-ignore format: one line
  const other = ['(x + y)^2 - x^2 - y^2', 'sin(x) - x', '1e-300*x']
  for (const text of zero) assert.is(isIdenticallyZero(expression(text, xy)), true, text)
  for (const text of other) assert.is(isIdenticallyZero(expression(text, xy)), false, text)
  // sin x − x begins with x³
  const f = inWeights(expression('sin(x) - x', ['x']), [1], [1]).quotient
  assert.equal(
    [0, 1, 2, 3].map((k) => isIdenticallyZero(derivativeAtZero(f, k))),
    [true, true, true, false],
  )
})

test('positivity is proved of positive functions only', () => {
  const box = { lo: Float64Array.of(-1, -2), hi: Float64Array.of(1.5, 2) }
  const positive = positivityOf(expression('x^2 - x*y + y^2 + 0.01', xy))(box, 10_000)
  assert.ok(positive.tree !== undefined)
  const negative = positivityOf(expression('x^2 - x*y + y^2 - 0.01', xy))(box, 10_000)
  assert.is(negative.tree, undefined)
  const { at, high } = negative.failure as NonNullable<typeof negative.failure>
  const [x, y] = at
  assert.ok(high <= 0 && x * x - x * y + y * y <= 0.01)
  // 0 on a line, and undefined on one
  for (const text of ['(x - y)^2', '1 + 0*log(x + 2) + 0/(x - y)'])
    assert.is(positivityOf(expression(text, xy))(box, 500).tree, undefined)
})

test('a degenerate origin is given up when time is up', () => {
  const [field, V] = [system({ state: xy, dynamics: { x: '-x^3', y: '-y^3' } }), expression('x^4 + y^4', xy)]
  const options = { field, V, domain: [[-1, 1], [-1, 1]], deadline: { now: () => 1, at: 0 } } as const // biome-ignore format: a box is one row
  const verdict = certify({ ...options, level: 0.1 })
  assert.is(verdict.kind, 'unknown')
  assert.match(verdict.message, /its time was up/)
  const region = regionOfAttraction(options)
  assert.is(region.level[0], 0)
  assert.match(region.message, /its time was up/)
})

test.run()
