import { compile, expression, network, system, withParams } from '@separatrix/field'
import { type Field, seededRandom } from '@separatrix/field/core'
import { flowCertifier, invariantSet, reachAvoidStay } from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { equilibriumBox } from '../../packages/lyapunov/src/certify/equilibriumBox.js'
import { factoredRate } from '../../packages/lyapunov/src/certify/factoredRate.js'
import { decreasesAround } from '../../packages/lyapunov/src/certify/originBox.js'
import { originSlopes } from '../../packages/lyapunov/src/certify/originSlopes.js'
import { proveQuadratic, quadraticForm } from '../../packages/lyapunov/src/certify/proveQuadratic.js'
import { type PairOptions, type Readings, readPair } from '../../packages/lyapunov/src/certify/readings.js'

/**
 * Claims that are false by little, and which a single part of the prover refuses: what the other parts would find before
 * (counterexamples by search, other guards) is left out by calling that part alone.
 */

const xy = ['x', 'y'] as const
const plane = (x: string, y: string) => system({ state: xy, dynamics: { x, y } })
const line = (x: string) => system({ state: ['x'], dynamics: { x } })
const square = (n: number): readonly (readonly [number, number])[] => Array.from({ length: n }, () => [-1, 1])

function readingsOf(field: Field, V: Field, options: PairOptions = {}): Readings {
  const readings = readPair('test', field, V, options)
  if ('why' in readings) throw new Error(readings.why)
  return readings
}
const boxOf = (n: number, half: number) => ({
  lo: new Float64Array(n).fill(-half),
  hi: new Float64Array(n).fill(half),
})

// ---- equilibria

/** Zeros ±r nearer to each other than the least box that is tried, 10⁻¹⁵ on either side of the one that is found. */
const pairs: readonly (readonly [string, Field, readonly number[]])[] = [
  ['on a line', line('1e-31 - x^2'), [1e-15]],
  ['in the plane', plane('1e-31 - x^2 + y', '-y'), [1e-15, 0]],
  // the slope −2xy vanishes between (r, 1) and (−r, 1)
  ['by a factor of another state', plane('1e-31 - x^2*y', '1 - y'), [1e-15, 1]],
]
for (const [name, field, near] of pairs)
  test(`two equilibria in every box that is tried: ${name}`, () => {
    const found = equilibriumBox(field, near, [])
    assert.ok('why' in found, JSON.stringify(found))
  })

test('an equilibrium that the jump of an angle jumps over', () => {
  // the angle of (x − 1, −1) is π from 1 on and −π before: f = (x − 1) ± 3e-16 has no zero, and slopes do not show it
  const found = equilibriumBox(line('x - 1 + 1e-16*atan2(x - 1, -1)'), [1], [])
  assert.ok('why' in found, JSON.stringify(found))
  assert.not('why' in equilibriumBox(line('x - 1 + 1e-16*atan2(x - 1, 1)'), [1], []))
})

// ---- the origin

const origins: readonly (readonly [string, Field, Field, PairOptions, number, number])[] = [
  // V∘f − V = −y² + 800·y⁴ at x = 0, and V′ is flat about 0: the Hessian over the image tells
  ['a map under a V that curves upward', plane('2*y', '0.1*x'), expression('x^2 + 5*y^2 + 50*x^4', xy), { time: 'discrete' }, 1e-3, 0.2],
  // V(f(0, 0.1)) has 100·(0.2 − 0.15); the kink lies off the box, in its image
  ['a map that leads beyond a kink of V', plane('2*y', '0.1*x'), expression('x^2 + 5*y^2 + 100*relu(x - 0.15)', xy), { time: 'discrete' }, 0.05, 0.12],
  // V̇ = −2x²(1 − 4x²) fails from x = ½ on
  ['a flow whose slopes change', plane('-x + 4*x^3', '-y'), expression('x^2 + y^2', xy), {}, 0.1, 0.6],
  // V̇ + κV = (κ − 2)(x² + y²)
  ['a rate beyond that of the flow', plane('-x', '-y'), expression('x^2 + y^2', xy), { rate: 2.01 }, 0, 0.1],
  ['a rate beyond that of a map', plane('x/2', 'y/2'), expression('x^2 + y^2', xy), { rate: 0.76, time: 'discrete' }, 0, 0.1],
] // biome-ignore format: one case a line
for (const [name, field, V, options, small, large] of origins)
  test(`no decrease about the origin: ${name}`, () => {
    const readings = readingsOf(field, V, options)
    if (small > 0) assert.is(decreasesAround(readings, boxOf(2, small)), 'yes')
    assert.is.not(decreasesAround(readings, boxOf(2, large)), 'yes')
  })

test('no decrease about the origin for some of the values of a parameter', () => {
  // V̇ = −(a − 0.1)·2x² falls for a > 0.1 only; the half of lower values, and that of higher ones
  for (const [text, a] of [['-(a - 0.1)*x', [0, 1]], ['-(0.9 - a)*x', [0, 1]]] as const) {
    const field = system({ state: ['x'], params: { a: 0.5 }, dynamics: { x: text } })
    const readings = readingsOf(field, expression('x^2', ['x']), { params: { a } })
    const box = (lo: number, hi: number) => ({ lo: Float64Array.of(-0.1, lo), hi: Float64Array.of(0.1, hi) })
    assert.is(decreasesAround(readings, box(0.2, 0.8)), 'yes')
    assert.is.not(decreasesAround(readings, box(0, 1)), 'yes')
  }
}) // biome-ignore format: pairs

// ---- quadratic forms in four states

const letters = ['a', 'b', 'c', 'd'] as const
/** b, c and d fall so slowly that V̇ has the sign of a·ȧ next to where that changes. */
const fourth = (a: string) =>
  system({ state: letters, dynamics: { a, b: '-b/1000', c: '-c/1000', d: '-d/1000' } })
const ball = expression('a^2 + b^2 + c^2 + d^2', letters)
const allFall = system({ state: letters, dynamics: { a: '-a', b: '-b', c: '-c', d: '-d' } })
/** V̇ > 0 at a point of {V ≤ the second level}: that must not be proved, the first one is. */
const quadratics: readonly (readonly [string, Field, PairOptions, number, number])[] = [
  ['a slope that is linear in a state', fourth('-a + 2*a*b'), {}, 0.1, 0.3],
  ['a slope that bends, flat at the centre', fourth('-a + 4*a*b^2'), {}, 0.1, 0.3],
  ['slopes along two states', fourth('-a + a*(b + c)'), {}, 0.1, 0.6],
  ['a slope by a sine', fourth('-a + 2*a*sin(b)'), {}, 0.1, 0.35],
  ['a square about another point', fourth('-a + ((1 + b)^2 - 1)*a'), {}, 0.05, 0.25],
  ['a rate of 2.1 where V falls by 2', allFall, { rate: 2.1 }, 0, 0.1],
  ['an ellipsoid that leaves the domain', allFall, {}, 0.9, 1.1],
] // biome-ignore format: one case a line
for (const [name, field, options, low, high] of quadratics)
  test(`no quadratic proof: ${name}`, () => {
    const form = quadraticForm(readingsOf(field, ball, options), boxOf(4, 1))
    assert.ok(form !== undefined)
    if (form === undefined) return
    if (low > 0) assert.ok(proveQuadratic(form, low, 300) !== undefined)
    assert.is(proveQuadratic(form, high, 300), undefined)
  })

test('a V whose Hessian changes over the domain is no quadratic form', () => {
  // flat to rounding at the centre only
  const V = expression('a^2 + b^2 + c^2 + d^2 + 0.1*a^4', letters)
  assert.is(quadraticForm(readingsOf(allFall, V), boxOf(4, 1)), undefined)
})

const sloped = ['x + y^2', '(1 + x)^2*y', '(2 + y)^3*x', 'x*sin(y) + y*cos(x)', 'y/(2 + x)', 'exp(x)*y - tanh(y + 1)', '(x + 3)^4 - sqrt(4 + y)', 'x*y*(1 + x)', 'log(3 + x) + atan(y)*x', 'sinh(x)*cosh(y) + sigmoid(x + y)', 'softplus(x)*y - tan(y/2)'] // biome-ignore format: one list
for (const text of sloped)
  test(`slopes from the origin: f(x) − f(0) = S(x)·x within the bounds, and so do differences of S: ${text}`, () => {
    const field = expression(text, xy)
    const slopes = originSlopes(field)
    assert.ok(slopes !== undefined)
    if (slopes === undefined) return
    const random = seededRandom(7)
    const [run, out] = [compile(field), new Float64Array(1)]
    const f = (x: number, y: number) => {
      run(0, Float64Array.of(x, y), out)
      return out[0] as number
    }
    for (let k = 0; k < 40; k++) {
      const box = xy.map(() => {
        const [p, q] = [2 * random.uniform() - 1, 2 * random.uniform() - 1]
        return { lo: Math.min(p, q), hi: Math.max(p, q) }
      })
      const wide = slopes(box)
      const inner = () => box.map(({ lo, hi }) => lo + (hi - lo) * random.uniform())
      const [x, z] = [inner(), inner()]
      const at = (u: readonly number[]) => slopes(u.map((v) => ({ lo: v, hi: v })))
      // points: S is sharp up to rounding and the eight slices of a mean, whose ends are sharp where b ≠ a
      const rise = f(x[0] as number, x[1] as number) - f(0, 0)
      const sum = (end: 'lo' | 'hi', other: 'lo' | 'hi') =>
        at(x).reduce((s, { v }, j) => s + (x[j] as number) * ((x[j] as number) > 0 ? v[end] : v[other]), 0)
      assert.ok(sum('lo', 'hi') <= rise + 1e-12 && rise <= sum('hi', 'lo') + 1e-12, `${x}`)
      for (const [j, { v, g }] of wide.entries()) {
        const [here, there] = [at(x)[j]?.v, at(z)[j]?.v]
        if (here === undefined || there === undefined) continue
        assert.ok(v.lo <= here.hi && here.lo <= v.hi, `S${j}(${x}) over [${JSON.stringify(box)}]`)
        // the mean value theorem: S(x) − S(z) lies in ∂S·(x − z)
        const reach = xy.map((_, i) => {
          const d = (x[i] as number) - (z[i] as number)
          const side = g?.[i] ?? { lo: 0, hi: 0 }
          return d > 0 ? [side.lo * d, side.hi * d] : [side.hi * d, side.lo * d]
        })
        const [least, most] = [0, 1].map((e) => reach.reduce((s, r) => s + (r[e] as number), 0)) as [number, number] // biome-ignore format: one line
        assert.ok(here.lo - there.hi <= most + 1e-12 && here.hi - there.lo >= least - 1e-12, `∂S${j} at ${x}, ${z}`)
      }
    }
  }) // biome-ignore format: one row

test('the quotient of a rate over a box holds those at its points', () => {
  // V̇ = −2(½ − sin²x)y²
  const [V, f] = [expression('2*(1 - cos(x)) + y^2', xy), plane('y', '-sin(x) - y*(0.5 - sin(x)^2)')]
  const quotient = factoredRate(V, f)?.quotient
  assert.ok(quotient !== undefined)
  const random = seededRandom(3)
  for (let k = 0; k < 200 && quotient !== undefined; k++) {
    const lo = Float64Array.from(xy, () => 4 * random.uniform() - 2)
    const hi = lo.map((v) => v + random.uniform())
    const x = lo.map((v, i) => v + ((hi[i] as number) - v) * random.uniform())
    const [wide, here] = [quotient(lo, hi), quotient(x, x)]
    assert.ok(wide.lo <= here.hi && here.lo <= wide.hi, `${lo} ${hi} ${x}`)
  }
})

test('a flow whose scores cancel: nothing is certified beyond the boundary', () => {
  // scores 10¹⁶ ± x, computed as 10¹⁶ ± 2 at x = 1.01: they are equal at 0
  const scores = withParams(network({ widths: [3, 2], activation: 'tanh', seed: 0 }), {
    'network.weight1': [0, 0, 1, 0, 0, -1],
    'network.bias1': [1e16, 1e16],
  })
  assert.ok(flowCertifier(scores).radius([1.01]).radius <= 1.01)
})

// ---- sets face by face

test('a box whose field has no slopes somewhere within: in either half, or by a jump', () => {
  const fields = [
    line('-2*x + sqrt(abs(x - 0.3))'),
    line('-2*x + sqrt(abs(x + 0.3))'),
    line('-2*x + 0.1*atan2(x - 0.3, -1)'),
    line('-2*x + 0.1*atan2(x + 0.3, -1)'),
  ]
  for (const field of fields) {
    const verdict = invariantSet({ field, set: { kind: 'box', sides: square(1) } })
    assert.is(verdict.kind, 'unknown')
    assert.match(verdict.message, /Lipschitz/)
  }
})

test('a face of which only a part is left: away from its middle, in either half, at either end', () => {
  const leaving = [
    // x = ±1: ẋ = ±(y² − ½), inward in the middle
    plane('x*(y^2 - 0.5)', '-y'),
    plane('-y', 'x^2*y - 0.5*y'),
    plane('x*(y - 0.9)', '-y'),
    plane('-x*(y + 0.9)', '-y'),
    // about 0.6 and −0.6 only
    plane('x*(0.02 - (y - 0.6)^2)', '-y'),
    plane('x*(0.02 - (y + 0.6)^2)', '-y'),
  ]
  for (const field of leaving)
    assert.is.not(invariantSet({ field, set: { kind: 'box', sides: square(2) }, maxBoxes: 3000 }).kind, 'proved')
  // one face of the four at a time
  for (const [i, sign] of [[0, 1], [0, -1], [1, 1], [1, -1]] as const) {
    const out = (name: string) => `-${name} + 1.5*exp(-4*(${name} - (${sign}))^2)*(${sign})`
    const field = i === 0 ? plane(out('x'), '-y') : plane('-x', out('y'))
    assert.is.not(invariantSet({ field, set: { kind: 'box', sides: square(2) }, maxBoxes: 3000 }).kind, 'proved', `${i} ${sign}`) // biome-ignore format: one line
  }
}) // biome-ignore format: faces

test('a set is refuted only by a box through which its boundary passes', () => {
  const field = plane('-x', '-y')
  for (const text of ['1 - x^2 - y^2', '1.2 - x^2 + 0.1*x*y - y^2']) {
    const verdict = invariantSet({ field, barrier: expression(text, xy), domain: [[-2, 2], [-2, 2]] }) // biome-ignore format: a box
    assert.is(verdict.kind, 'proved', verdict.message)
  }
  // B = 0 and Ḃ = 0 along the same curve: neither refuted nor proved
  const turning = plane('-y', 'x')
  const circle = expression('1 - x^2 - y^2', xy)
  const still = invariantSet({ field: turning, barrier: circle, domain: [[-2, 2], [-2, 2]], maxBoxes: 2000 }) // biome-ignore format: a box
  assert.is(still.kind, 'unknown', still.message)
  // Ḃ < 0 inside of B > 0, next to the boundary, where Ḃ > 0: 1 − r² = 0.01 is where ṙ changes its sign
  const near = plane('x*(0.99 - x^2 - y^2)', 'y*(0.99 - x^2 - y^2)')
  const kept = invariantSet({ field: near, barrier: circle, domain: [[-2, 2], [-2, 2]], maxBoxes: 200_000 }) // biome-ignore format: a box
  assert.is(kept.kind, 'proved', kept.message)
})

// ---- reach, avoid and stay

test('a set that reaches the end of the domain is left there', () => {
  // V falls along ẋ = 1 all the way, and out of the domain at 1
  const options = { field: line('1 + 0*x'), V: expression('1 - x', ['x']), domain: [[0, 1]], level: 1, inner: 0.1 } as const // biome-ignore format: one claim
  const verdict = reachAvoidStay(options)
  assert.is(verdict.kind, 'unknown')
  assert.match(verdict.message, /boundary/)
})

test('boxes to avoid, to start from and to reach that fail in one part only', () => {
  const claim = { field: line('-x'), V: expression('x^2', ['x']), domain: [[-21, 21]], level: 4, inner: 0.1 } as const // biome-ignore format: one claim
  assert.is(reachAvoidStay({ ...claim, initial: [[-1.9, 1.9]], goal: [[-0.4, 0.4]], avoid: [[[2.1, 20]]] }).kind, 'proved') // biome-ignore format: boxes
  const wrong = [
    { avoid: [[[-5, 20]]] },
    { avoid: [[[-20, 5]]] },
    { avoid: [[[2.1, 20]], [[-20, -1.9]]] },
    { initial: [[-2.1, 1.9]] },
    { initial: [[-1.9, 2.1]] },
    { goal: [[-0.3, 0.4]] },
    { goal: [[-0.4, 0.3]] },
  ] as const // biome-ignore format: boxes
  for (const change of wrong)
    assert.is(reachAvoidStay({ ...claim, ...change }).kind, 'unknown', JSON.stringify(change))
})

test.run()
