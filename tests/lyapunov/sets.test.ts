import { compile, expression, fromJSON, system } from '@separatrix/field'
import { type Field, seededRandom } from '@separatrix/field/core'
import {
  type Certificate,
  checkCertificate,
  invariantSet,
  type ReachAvoidStayOptions,
  reachAvoidStay,
  type SetShape,
  type Verdict,
} from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { alterNumbers, type Json, rehashed } from './cases.js'

const xy = ['x', 'y'] as const
const plane = (x: string, y: string) => system({ state: xy, dynamics: { x, y } })
const line = (x: string) => system({ state: ['x'], dynamics: { x } })
const triple = (a: string, b: string, c: string) => system({ state: ['a', 'b', 'c'], dynamics: { a, b, c } })
const unitBox: SetShape = { kind: 'box', sides: [[-1, 1], [-1, 1]] } // biome-ignore format: a box

function certificateOf(verdict: Verdict): Certificate {
  if (verdict.kind !== 'proved') throw new Error(verdict.message)
  const { valid, reason } = checkCertificate(JSON.stringify(verdict.certificate))
  assert.ok(valid, reason)
  return verdict.certificate
}

const epidemic = system({
  state: ['S', 'I', 'R'],
  params: { b: 0.4, g: 0.1 },
  dynamics: { S: '-b*S*I', I: 'b*S*I - g*I', R: 'g*I' },
})
const spiral = plane('-x + 2*y', '-y - 2*x')

const invariant: readonly { name: string; field: Field; set: SetShape; says?: RegExp }[] = [
  { name: 'a box on a line', field: line('-x'), set: { kind: 'box', sides: [[-1, 2]] } },
  { name: 'a box with coupling', field: plane('-x + 0.3*sin(y)', '-y + 0.3*cos(x)'), set: { kind: 'box', sides: [[-0.4, 0.4], [-0.5, 0.5]] } },
  { name: 'a disc about 0', field: spiral, set: { kind: 'ellipsoid', shape: [[1, 0], [0, 1]] } },
  { name: 'an ellipse about another point', field: plane('-(x - 3) + y', '-2*y - (x - 3)'), set: { kind: 'ellipsoid', shape: [[1, 0.2], [0.2, 2]], centre: [3, 0] } },
  { name: 'an epidemic on its simplex', field: epidemic, set: { kind: 'simplex' }, says: /with equality in the rows 0/ },
  { name: 'an epidemic in the filled simplex', field: epidemic, set: { kind: 'simplex', isFilled: true } },
  { name: 'rock, paper, scissors', field: triple('a*(b - c)', 'b*(c - a)', 'c*(a - b)'), set: { kind: 'simplex', total: 0.1 } },
  { name: 'a network on a filled simplex', field: plane('0.5 - x - 0.2*tanh(y)', '0.5 - y - 0.2*tanh(x)'), set: { kind: 'simplex', isFilled: true, total: 2 } },
  { name: 'a polytope of two more faces', field: plane('-x', '-y'), set: { kind: 'polytope', halfSpaces: [{ normal: [1, 1], bound: 1 }, { normal: [-1, 2], bound: 1.5 }], domain: [[-2, 2], [-2, 2]], witness: [0, 0] } },
] // biome-ignore format: one set a line

for (const { name, field, set, says = /forward invariant|that starts in it leaves it/ } of invariant)
  test(`invariant: ${name}`, () => {
    const { claim } = certificateOf(invariantSet({ field, set }))
    assert.match(claim.statement, says)
  })

/** Sets that solutions leave, and ones where nothing shows that they do not. */
const leaks: readonly { name: string; field: Field; set: SetShape }[] = [
  { name: 'a box from which everything runs away', field: line('x'), set: { kind: 'box', sides: [[-1, 1]] } },
  { name: 'a box whose corners are cut by a rotation', field: spiral, set: unitBox },
  { name: 'a box left through a window of width 1e-4', field: plane('-x + 3*exp(-((y - 0.31415)/1e-4)^2)', '-y'), set: unitBox },
  { name: 'a box left at one corner only', field: plane('-x + 2.1*y^8', '-y + 2.1*x^8'), set: unitBox },
  { name: 'a box left in a shear along its face', field: plane('y', '-y'), set: { kind: 'box', sides: [[0, 1], [0, 1]] } },
  { name: 'a simplex whose total grows', field: triple('a*(b - c)', 'b*(c - a)', 'c*(a - b) + 0.001*a'), set: { kind: 'simplex' } },
  { name: 'a simplex left through x = 0', field: triple('-b', 'b', '0*c'), set: { kind: 'simplex' } },
  { name: 'no uniqueness on the face', field: line('-sqrt(max(0, -x))'), set: { kind: 'box', sides: [[0, 1]] } },
  { name: 'a field that ends within', field: plane('-x + 0*log(y + 0.5)', '-y'), set: unitBox },
  { name: 'a slant face that is left', field: plane('1 - x', '-y'), set: { kind: 'polytope', halfSpaces: [{ normal: [1, 1], bound: 1 }, { normal: [1, -1], bound: 0.5 }], domain: [[-2, 2], [-2, 2]], witness: [0, 0] } },
  { name: 'a witness that is not in the set', field: plane('-x', '-y'), set: { kind: 'polytope', halfSpaces: [{ normal: [1, 1], bound: -1 }], domain: [[-2, 2], [-2, 2]], witness: [0, 0] } },
] // biome-ignore format: one set a line

for (const { name, field, set } of leaks)
  test(`not proved invariant: ${name}`, () => {
    const verdict = invariantSet({ field, set, maxBoxes: 20_000 })
    const passes = verdict.kind === 'proved' && checkCertificate(verdict.certificate).valid
    assert.is(passes, false, verdict.message)
  })

test('uncertain rates of an epidemic, and a bounded inflow that may empty nothing', () => {
  const { claim } = certificateOf(invariantSet({ field: epidemic, set: { kind: 'simplex' }, params: { b: [0.1, 0.9], g: [0, 1] } }))
  assert.match(claim.statement, /^For every constant b in .*, g in \[0, 1\]: /)
  // recovery must not become infection of the recovered
  assert.is(invariantSet({ field: epidemic, set: { kind: 'simplex' }, params: { g: [-0.1, 1] }, maxBoxes: 2000 }).kind, 'unknown')
}) // biome-ignore format: one claim a line

/** Whether solutions from random points of a polytope stay in it, by small steps of Euler's method. */
function staysIn(c: Json): boolean {
  const { domain, equalities = [] } = c.claim as Certificate['claim']
  const [f, A] = [fromJSON(c.system as never), fromJSON(c.candidate as never)]
  const [motion, rows] = [compile(f), compile(A)]
  const [v, a] = [new Float64Array(f.outputSize), new Float64Array(A.outputSize)]
  // one step moves by 1e-3: a leak of relative size 1e-3 shows, errors of the method (1e-6 a step) do not
  const isIn = (x: Float64Array, slack: number) => {
    rows(0, x, a)
    return (
      a.every((r, k) => r <= slack && (!equalities.includes(k) || r >= -slack)) &&
      x.every((u, i) => u >= domain[i][0] - slack && u <= domain[i][1] + slack)
    )
  }
  const random = seededRandom(7)
  for (let k = 0; k < 200; k++) {
    const x = Float64Array.from(domain, ([lo, hi]) => lo + (hi - lo) * random.uniform())
    // half of the starts on the boundary of the domain
    const i = random.integer(domain.length)
    if (k % 2 === 0) x[i] = domain[i][k % 4 === 0 ? 0 : 1]
    if (!isIn(x, 0)) continue
    for (let step = 0; step < 50; step++) {
      motion(0, x, v)
      x.forEach((u, j) => {
        x[j] = u + 1e-3 * v[j]
      })
      if (!isIn(x, 1e-4)) return false
    }
  }
  return true
}

test('altered numbers of a box and of a polytope fail, or leave the claim true', () => {
  for (const { name, field, set } of invariant.filter((c) => c.set.kind === 'box' || c.set.kind === 'polytope')) {
    const certificate = certificateOf(invariantSet({ field, set }))
    const refused = alterNumbers(certificate, { count: 150, seed: 2, passed: (c, what) => assert.ok(staysIn(c), `${name}: ${what}`) })
    assert.ok(refused > 20, `${name}: ${refused} of 150`)
  }
}) // biome-ignore format: one certificate a line

const damped = system({ state: ['x'], input: ['d'], dynamics: { x: '-x + d' } })
const trip: ReachAvoidStayOptions = {
  field: damped,
  V: expression('x^2', ['x']),
  domain: [[-3, 3]],
  disturbance: { d: [-0.3, 0.3] },
  level: 4,
  inner: 0.1,
  initial: [[-1, 1]],
  goal: [[-0.5, 0.5]],
  avoid: [[[2.1, 3]], [[-3, -2.5]]],
}

test('reach, avoid and stay under a disturbance that does not vanish: |x| comes below √0.1 > 0.3', () => {
  const { claim } = certificateOf(reachAvoidStay(trip))
  assert.match(claim.statement, /nor any box of avoid and contains the box initial, .* finite time .* goal\.$/)
  const solo = certificateOf(reachAvoidStay({ field: line('-x'), V: trip.V, domain: [[-3, 3]], level: 4, inner: 0.1 }))
  assert.not.match(solo.claim.statement, /avoid|initial|goal/)
}) // biome-ignore format: one claim a line

test('a limit cycle: solutions come to a disc about it that they never leave', () => {
  const field = plane('y + x*(1 - x^2 - y^2)', '-x + y*(1 - x^2 - y^2)')
  certificateOf(reachAvoidStay({ field, V: expression('x^2 + y^2', xy), domain: [[-3, 3], [-3, 3]], level: 8, inner: 1.1 })) // biome-ignore format: a box
  const verdict = reachAvoidStay({ field, V: expression('x^2 + y^2', xy), domain: [[-3, 3], [-3, 3]], level: 8, inner: 0.9 }) // biome-ignore format: a box
  assert.is(verdict.kind, 'refuted', verdict.message)
})

const falseTrips: readonly [string, Partial<ReachAvoidStayOptions>][] = [
  ['a disturbance that outweighs the pull at the inner level', { disturbance: { d: [-0.33, 0.33] } }],
  ['a goal that is smaller than the inner set', { goal: [[-0.3, 0.5]] }],
  ['an obstacle that the set touches', { avoid: [[[1.9, 3]]] }],
  ['an obstacle within', { avoid: [[[0.5, 0.6]]] }],
  ['an initial box that reaches out of the set', { initial: [[-2.1, 0]] }],
  ['an initial box out of the domain', { initial: [[-1, 4]] }],
  ['a set that meets the boundary of the domain', { level: 9 }],
  ['a pull that turns round in between', { field: system({ state: ['x'], input: ['d'], dynamics: { x: '-x*(x - 1)*(x - 1.1) + 0*d' } }) }],
  ['a field that ends below the inner level', { field: system({ state: ['x'], input: ['d'], dynamics: { x: '-x + d + 0*log(x + 0.1)' } }) }],
] // biome-ignore format: one trip a line

for (const [name, change] of falseTrips)
  test(`not proved to reach, avoid and stay: ${name}`, () => {
    assert.is.not(reachAvoidStay({ ...trip, ...change, maxBoxes: 20_000 }).kind, 'proved')
    const { field: _field, V: _V, disturbance: _d, ...claimed } = change
    if (Object.keys(claimed).length === 0) return
    const honest = certificateOf(reachAvoidStay(trip)) as unknown as Json
    assert.is(checkCertificate(rehashed({ ...honest, claim: { ...(honest.claim as Json), ...claimed } })).valid, false)
  }) // biome-ignore format: one line

test('altered numbers of a reach certificate fail, or leave the claim true', () => {
  const certificate = certificateOf(reachAvoidStay({ ...trip, field: line('-x'), disturbance: {} }))
  const isTrue = (c: Json) => {
    const { level, inner = 0, domain, initial, goal, avoid } = c.claim as Certificate['claim']
    const [f, V, out] = [compile(fromJSON(c.system as never)), compile(fromJSON(c.candidate as never)), new Float64Array(1)]
    const at = (run: typeof f, x: number) => {
      run(0, Float64Array.of(x), out)
      return out[0]
    }
    const [lo, hi] = domain[0]
    const isInside = (x: number, box: readonly (readonly [number, number])[] | undefined) => box === undefined || (x >= box[0][0] && x <= box[0][1])
    for (let k = 0; k <= 1000; k++) {
      const x = lo + ((hi - lo) * k) / 1000
      const v = at(V, x)
      const rate = ((at(V, x + 1e-6) - at(V, x - 1e-6)) / 2e-6) * at(f, x)
      if (v >= inner && v <= level && !(rate < 1e-8)) return false
      if (v <= level && avoid?.some((box) => isInside(x, box))) return false
      if (v <= inner && !isInside(x, goal)) return false
      if (initial !== undefined && isInside(x, initial) && v > level) return false
    }
    return at(V, lo) > level && at(V, hi) > level
  }
  const refused = alterNumbers(certificate, { count: 300, seed: 8, passed: (c, what) => assert.ok(isTrue(c), what) })
  assert.ok(refused > 80, `${refused} of 300`)
}) // biome-ignore format: dense

test('misuse is refused at the door', () => {
  assert.throws(() => reachAvoidStay({ ...trip, inner: 5 }), /inner < level/)
  assert.throws(() => reachAvoidStay({ ...trip, goal: [[1, 0]] }), /domain of 1 intervals/)
  assert.throws(() => invariantSet({ field: spiral, set: { kind: 'simplex', total: -1 } }), /total > 0/)
  assert.throws(() => invariantSet({ field: spiral, set: { kind: 'ellipsoid', shape: [[1, 2], [2, 1]] } }), /positive definite/) // biome-ignore format: a matrix
  assert.throws(() => invariantSet({ field: spiral, set: { kind: 'box', sides: [[0, 1]] } }), /2 intervals/)
})

const still = plane('-x', '-y')
const sides = [[-1, 1], [-1, 1]] as const // biome-ignore format: a box

test('a set without a point in it is not proved, nor one with a witness elsewhere', () => {
  const polytope = (bound: number, witness: number[]) =>
    ({ kind: 'polytope', halfSpaces: [{ normal: [1, 0], bound }], domain: sides, witness }) as const
  assert.is(invariantSet({ field: still, set: polytope(-5, [0, 0]) }).kind, 'unknown')
  assert.is(invariantSet({ field: still, set: polytope(0.5, [5, 0]) }).kind, 'unknown')
  assert.is(invariantSet({ field: still, set: polytope(0.5, [0.6, 0]) }).kind, 'unknown')
  assert.is(invariantSet({ field: still, set: polytope(0.5, [0.5, 0]) }).kind, 'proved')
})

test('a box that is left is refuted, by a point of a side at which the field points outward', () => {
  // at x = 1 the field points outward where y > 0.9
  const left = invariantSet({ field: plane('-x + y + 0.1', '-y'), set: unitBox })
  if (left.kind !== 'refuted') return assert.unreachable(left.message)
  const [x, y] = left.point
  assert.ok(x === 1 && y > 0.9 && y <= 1, `${left.point}`)
  const [low, high] = left.rate ?? [NaN, NaN]
  assert.ok(low > 0 && low <= y - 0.9 + 1e-15 && high >= y - 0.9 - 1e-15, `${left.rate}`)
})

test('a side that the field touches ends in unknown and says where, as does a slanted one; so do limits and signals', () => {
  // at the corner (1, 1) the field runs along the side x = 1
  const field = plane('-x + y', '-y')
  const stuck = invariantSet({ field, set: unitBox })
  assert.ok(stuck.kind === 'unknown' && /cannot be split/.test(stuck.reason))
  const [[, right], [, top]] = stuck.kind === 'unknown' ? (stuck.box ?? [[], []]) : [[], []]
  assert.ok(Math.abs(Number(right)) === 1 && Math.abs(Number(top)) === 1, `${right}, ${top}`)
  // x + y grows on x + y = 0.1; no point of doubles is shown to lie on that face
  const slanted = { kind: 'polytope', halfSpaces: [{ normal: [1, 1], bound: 0.1 }], domain: sides, witness: [0, 0] } as const // biome-ignore format: a set
  const leaving = invariantSet({ field: plane('1 - x', '-y'), set: slanted })
  assert.ok(leaving.kind === 'unknown' && leaving.box?.length === 2, leaving.message)
  const short = invariantSet({ field, set: unitBox, maxBoxes: 5 })
  assert.ok(short.kind === 'unknown' && /more boxes/.test(short.reason))
  const signal = AbortSignal.abort()
  const stopped = invariantSet({ field, set: unitBox, signal })
  assert.ok(stopped.kind === 'unknown' && /it was stopped/.test(stopped.reason))
})

test('a field with a cut inside a box is not Lipschitz there', () => {
  const field = plane('-1.5 - x', '-y - 0.1*atan2(y, x)')
  const box = (y: readonly [number, number]) => ({ kind: 'box', sides: [[-2, -1], y] }) as const
  assert.is(invariantSet({ field, set: box([-1, 1]) }).kind, 'unknown')
})

test('nothing is reached from an empty set', () => {
  const V = expression('x^2 + y^2 + 10', ['x', 'y'])
  const claim = { field: still, V, domain: sides, level: 0.5, inner: 0.1 }
  assert.match(reachAvoidStay(claim).message, /empty/)
  assert.is(reachAvoidStay({ ...claim, level: 10.5, inner: 10.1 }).kind, 'proved')
})

test.run()
