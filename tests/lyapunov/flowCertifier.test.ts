import assert from 'node:assert/strict'
import {
  Builder,
  compile,
  embed,
  type Field,
  freeze,
  interpret,
  makeField,
  network,
  orthogonalNetwork,
  seededRandom,
  withTheta,
} from '@separatrix/field/core'
import {
  decisionBoundary,
  flowCertifier,
  keepOnSimplex,
  lipschitzConstant,
  nearestPoint,
} from '@separatrix/lyapunov'
import { dopri5, solve, ssprk3 } from '@separatrix/ode'
import { test } from 'uvu'
import { coveringBall, type FacePiece, halves } from '../../packages/lyapunov/src/certify/decisionFaces.js'
import { evaluationError } from '../../packages/lyapunov/src/certify/evaluationError.js'
import { bigInterpret, toBig } from '../support/bigInterpret.js'

const random = seededRandom(17)
const normals = (n: number, scale = 1) => Float64Array.from({ length: n }, () => scale * random.normal())
const range = (start: number, length: number) => Array.from({ length }, (_, i) => start + i)

/** A random point of the face where label and rival share the largest entry. */
function facePoint(n: number, label: number, rival: number): Float64Array {
  const eta = new Float64Array(n)
  decisionBoundary(label, rival).draw(random, eta)
  return eta
}

test('decision boundaries are drawn whole: two entries share the greatest value, others are 0 or equal to it at times', () => {
  let [zeros, ties] = [0, 0]
  for (let k = 0; k < 400; k++) {
    const eta = facePoint(5, 3, 1)
    assert.ok(Math.abs(eta.reduce((s, v) => s + v, 0) - 1) < 1e-15)
    assert.equal(eta[3], eta[1])
    assert.ok(eta.every((v) => v >= 0 && v <= eta[1]))
    zeros += eta.filter((v) => v === 0).length
    ties += eta.filter((v) => v === eta[1]).length - 2
  }
  // a quarter of 1200 each, five standard deviations of 15 about it
  assert.ok(Math.abs(zeros - 300) < 75 && Math.abs(ties - 300) < 75)
})

test('GroupSort networks have the Lipschitz constant that their layers have', () => {
  const f = orthogonalNetwork({ widths: [6, 8, 8, 3], seed: 2 })
  const { upper } = lipschitzConstant(f)
  // three layers: Gram iteration exceeds each norm by 8^(2⁻¹³) = 1.00026
  assert.ok(upper >= 1 - 1e-12 && upper < 1.001, `${upper}`)
  const doubled = withTheta(
    f,
    f.theta.map((v) => 2 * v),
  )
  assert.ok(Math.abs(lipschitzConstant(doubled).upper / upper - 8) < 1e-9)
})

test('a maximum beside a minimum of another pair is not taken for a permutation', () => {
  const b = new Builder()
  const x = b.leaf('state', 3)
  const [p, q, r] = [0, 1, 2].map((i) => b.gather(x, [i]))
  const twice = b.concat([b.binary('max', p, q), b.binary('min', p, r)])
  const f = makeField(b, twice, {
    name: 'f',
    stateNames: ['p', 'q', 'r'],
    inputNames: [],
    theta: new Float64Array(0),
    layout: [],
  })
  // where p is both, the Jacobian has two equal rows
  assert.ok(lipschitzConstant(f).upper >= Math.SQRT2)
})

for (const n of [2, 3, 5, 10])
  test(`faces of the simplex in ${n} numbers: balls hold their pieces, and the pieces hold the face`, () => {
    const [label, rival, scale] = [n - 1, 0, 0.7]
    const whole: FacePiece = { rival, lo: new Float64Array(n - 2), hi: new Float64Array(n - 2).fill(1) }
    const z = new Float64Array(n)
    const distance = (eta: Float64Array) => Math.hypot(...eta.map((v, i) => scale * v - z[i]))
    const rho = coveringBall(whole, { n, label, scale }, z)
    // the vertices, 1/k on k entries, are all at this distance
    assert.ok(Math.abs(rho - (scale / 2) * Math.sqrt(1 / 2 - 1 / n)) < 1e-13)
    const pieces: FacePiece[] = [whole]
    if (n > 2)
      for (let k = 0; k < 30; k++) pieces.push(...halves(pieces.splice(random.integer(pieces.length), 1)[0]))
    for (let trial = 0; trial < 300; trial++) {
      const eta = facePoint(n, label, rival)
      const others = Array.from(eta.keys()).filter((i) => i !== label && i !== rival)
      const tau = others.map((i) => eta[i] / eta[label])
      const holding = pieces.filter(({ lo, hi }) => tau.every((v, k) => lo[k] <= v && v <= hi[k]))
      if (holding.length === 0) {
        // τ is rounded, and can fall between two pieces by that
        assert.ok(tau.some((v) => v > 1))
        continue
      }
      const radius = coveringBall(holding[0], { n, label, scale }, z)
      assert.ok(distance(eta) <= radius + 1e-15, `${distance(eta)} > ${radius}`)
      if (n > 2) assert.ok(radius <= rho * (1 + 1e-12))
    }
  })

test('what rounding can do to an evaluation is less than its bound, by comparison with 60 digits', () => {
  for (const f of [
    orthogonalNetwork({ widths: [6, 8, 8, 3], seed: 4 }),
    network({ widths: [6, 20, 3], activation: 'relu', seed: 4 }),
  ].map(freeze)) {
    let most = 0
    const bound = evaluationError(f, 8)
    const precisely = bigInterpret(f)
    for (let trial = 0; trial < 20; trial++) {
      const x = normals(6)
      const exact = precisely(toBig(0), Array.from(x, toBig))
      const out = interpret(f, 0, x)
      most = Math.max(most, Math.hypot(...out.map((v, i) => Number(exact[i].minus(toBig(v))))))
    }
    assert.ok(most <= bound, `${most} > ${bound}`)
    assert.ok(bound < 1e-11, `${bound}`)
  }
  assert.equal(
    evaluationError(freeze(network({ widths: [2, 3, 2], activation: 'tanh', seed: 0 })), 1),
    Infinity,
  )
})

/** gain·N([βη; x]) as a field of [η; x]. */
function ratesOf(
  scores: Field,
  n: number,
  { scale, gain }: { readonly scale: number; readonly gain: number },
): Field {
  const b = new Builder()
  const z = b.leaf('state', scores.stateSize)
  const eta = b.mul(b.constant(scale), b.gather(z, range(0, n)))
  const x = b.gather(z, range(n, scores.stateSize - n))
  const value = embed(b, freeze(scores), { state: b.concat([eta, x]) })
  return makeField(b, b.mul(b.constant(gain), value), { ...scores, theta: new Float64Array(0), layout: [] })
}

test('the rates kept on the simplex solve their quadratic program', () => {
  const f = orthogonalNetwork({ widths: [4, 6, 4], seed: 5 })
  const v = keepOnSimplex(f, { alpha: 2 })
  for (let trial = 0; trial < 50; trial++) {
    const eta = facePoint(4, 1, 2)
    const wanted = interpret(f, 0, eta)
    const got = interpret(v, 0, eta)
    const unit = (i: number) => range(0, 4).map((k) => Number(k === i))
    const { x } = nearestPoint(wanted, [
      { a: [1, 1, 1, 1], b: 0 },
      { a: [-1, -1, -1, -1], b: 0 },
      ...range(0, 4).map((i) => ({ a: unit(i), b: -2 * eta[i] })),
    ])
    got.forEach((value, i) => {
      assert.ok(Math.abs(value - x[i]) < 1e-12)
      assert.ok(value >= -2 * eta[i] - 1e-15)
    })
  }
})

const [classes, scale, gain, alpha] = [3, 0.3, 2, 3]
const scores = orthogonalNetwork({ widths: [classes + 2, 8, 8, classes], seed: 9 })
const certifier = flowCertifier(scores, { scale })

test('within a certified radius every face is entered, and no solution nor step decides otherwise', () => {
  const rates = ratesOf(scores, classes, { scale, gain })
  const kept = keepOnSimplex(rates, { alpha })
  const [raw, run] = [compile(rates), compile(kept)]
  const z = new Float64Array(classes + 2)
  const longest = certifier.longestStep({ gain, alpha })
  // 1/max(3, √2·2·0.3·L) with L = 1 to 1e-3
  assert.ok(longest <= 1 / 3 && longest > 0.333)
  let certified = 0
  for (let trial = 0; trial < 60; trial++) {
    const x = normals(2, 2)
    const { label, radius } = certifier.radius(x)
    if (radius === 0) continue
    certified++
    for (let k = 0; k < 12; k++) {
      const direction = normals(2)
      const reach = (radius * (1 - 1e-9) * (k < 6 ? 1 : random.uniform())) / Math.hypot(...direction)
      const at = x.map((v, i) => v + reach * direction[i])
      for (const rival of range(0, classes).filter((i) => i !== label)) {
        const out = new Float64Array(classes)
        z.set(facePoint(classes, label, rival))
        z.set(at, classes)
        raw(0, z, out)
        assert.ok(out[label] > out[rival], `${out}`)
      }
      const flow = (_t: number, eta: Float64Array, out: Float64Array) => {
        z.set(eta)
        z.set(at, classes)
        run(0, z, out)
      }
      const start = new Float64Array(classes).fill(1 / classes)
      const span = [0, 3] as const
      const coarse = solve(flow, start, span, { method: ssprk3, step: 0.99 * longest, saveAt: 'end' })
      const fine = solve(flow, start, span, { method: dopri5, rtol: 1e-8, atol: 1e-10, saveAt: 'end' })
      for (const { y } of [coarse, fine]) {
        const eta = range(0, classes).map((i) => y.get(0, i))
        assert.equal(eta.indexOf(Math.max(...eta)), label)
        assert.ok(Math.abs(eta.reduce((s, v) => s + v, 0) - 1) < 1e-8)
        assert.ok(eta.every((v) => v > -1e-8))
      }
    }
  }
  assert.ok(certified > 20, `${certified}`)
})

test('more pieces never certify less', () => {
  for (let trial = 0; trial < 30; trial++) {
    const x = normals(2, 2)
    const radii = [1, 20, 400].map((maxPieces) => flowOf(maxPieces).radius(x).radius)
    assert.ok(radii[0] <= radii[1] && radii[1] <= radii[2])
  }
})

/** Certifiers by effort, each made once. */
const made = new Map<number, ReturnType<typeof flowCertifier>>()
function flowOf(maxPieces: number) {
  const found = made.get(maxPieces) ?? flowCertifier(scores, { scale, maxPieces })
  made.set(maxPieces, found)
  return found
}

test('a face that is not entered certifies nothing, where squares overflow as well', () => {
  // N₀ − N₁ = 1.84e154 and N₀ − N₂ = βη₁ − 1.21e154, which is negative on a part of the face of 0 and 2
  const b = new Builder()
  const [weights, biases] = [
    b.constant([0, 0, 0, 1, 0, 0, 0, 0, 0, -1, 0, 0], true),
    b.constant([0, -1.84e154, 1.21e154], true),
  ]
  const scores = makeField(b, b.affine(weights, b.leaf('state', 4), biases, 3, 4), {
    name: 'far',
    stateNames: ['a', 'b', 'c', 'x'],
    inputNames: [],
    theta: new Float64Array(0),
    layout: [],
  })
  const { label, radius } = flowCertifier(scores, { scale: 2e155 }).radius([0])
  assert.deepEqual({ label, radius }, { label: 0, radius: 0 })
})

test('scores that are not rounded by comparisons alone are read in intervals', () => {
  const { radius } = flowCertifier(network({ widths: [5, 6, 3], activation: 'tanh', seed: 3 }), {
    scale: 1e-3,
  })
  const found = Array.from({ length: 10 }, () => radius(normals(2, 3)).radius)
  assert.ok(found.some((v) => v > 0))
})

const refused: readonly [string, () => unknown, RegExp][] = [
  ['scores without a point', () => flowCertifier(orthogonalNetwork({ widths: [3, 4, 3], seed: 0 })), /scores of/],
  ['β = 0', () => flowCertifier(scores, { scale: 0 }), /β > 0/],
  ['a point of a wrong length', () => certifier.radius([1]), /2 finite numbers/],
  ['a gain that turns scores around', () => certifier.longestStep({ gain: -1, alpha: 1 }), /both > 0/],
  ['one class against itself', () => decisionBoundary(1, 1), /two positions/],
  ['a class that is not there', () => facePoint(2, 1, 2), /more than 2 entries/],
  ['a barrier without force', () => keepOnSimplex(orthogonalNetwork({ widths: [3, 3], seed: 0 }), { alpha: 0 }), /α > 0/],
  ['more rates than states', () => keepOnSimplex(orthogonalNetwork({ widths: [2, 3], seed: 0 }), { alpha: 1 }), /two or more rates/],
] // biome-ignore format: one table
for (const [what, make, pattern] of refused)
  test(`${what} is refused with a reason and a remedy`, () => {
    assert.throws(make, pattern)
    assert.throws(make, /Try /)
  })

test.run()
