import assert from 'node:assert/strict'
import { adam } from '@separatrix/adjoint'
import { closeLoop, compile, expression, gradient, interpret, network, system } from '@separatrix/field'
import { type Field, seededRandom } from '@separatrix/field/core'
import {
  ball,
  barrierLoss,
  certify,
  counterexampleGuided,
  counterexampleOf,
  ellipsoidLoss,
  lyapunovLoss,
  measuredLoop,
  quadratic,
  shell,
  simplex,
  withCounterexamples,
  worstCaseLoop,
} from '@separatrix/lyapunov'
import { test } from 'uvu'

const plant = system({
  state: ['x', 'v'],
  input: ['u'],
  params: { a: 2 },
  dynamics: { x: 'v', v: 'a*sin(x) + u' },
})
const controller = network({ widths: [2, 5, 1], activation: 'tanh', seed: 4 })
const loop = measuredLoop(plant, controller)
const error = { error_x: [-0.1, 0.2], error_v: [-0.3, 0.3] } as const
const barrier = expression('1 - x^2 - 0.5*x*v - v^2', ['x', 'v'])

/** f(x, d) of a field with inputs. */
function valuesAt(f: Field, x: readonly number[], d: readonly number[]): number[] {
  const out = new Float64Array(f.outputSize)
  compile(f)(0, x, out, f.theta, d)
  return Array.from(out)
}

test('a measured loop is the plant under the controller of the state and its error', () => {
  assert.deepEqual(loop.inputNames, ['error_x', 'error_v'])
  const [x, e] = [[0.4, -0.7], [0.05, -0.2]] // biome-ignore format: two vectors
  const [u] = interpret(controller, 0, Float64Array.of(0.45, -0.9))
  const [dx, dv] = valuesAt(loop, x, e)
  // 0.4 + 0.05 and −0.7 − 0.2 round, and a handful of operations follow
  assert.ok(Math.abs(dx + 0.7) < 1e-15 && Math.abs(dv - (2 * Math.sin(0.4) + u)) < 1e-14, `${dx}, ${dv}`)
  assert.throws(() => measuredLoop(plant, plant), /a controller R\^2 → R\^1 without inputs/)
})

test('the worst disturbance is worse than every corner to first order, and exactly for an affine one', () => {
  const affine = system({ state: ['x', 'v'], input: ['d', 'w'], dynamics: { x: 'v + d', v: '-x - v + x*w' } })
  const disturbance = { d: [-0.1, 0.3], w: [-0.2, 0.2] } as const
  const worst = worstCaseLoop({ field: affine, barrier, disturbance })
  const random = seededRandom(2)
  const x = new Float64Array(2)
  for (let k = 0; k < 50; k++) {
    ball(1).draw(random, x)
    const slope = interpret(gradient(barrier), 0, x)
    const rate = (f: readonly number[]) => slope[0] * f[0] + slope[1] * f[1]
    const least = rate(valuesAt(worst, [x[0], x[1]], []))
    for (const d of disturbance.d)
      for (const w of disturbance.w)
        assert.ok(least <= rate(valuesAt(affine, [x[0], x[1]], [d, w])) + 1e-15, `${k}`)
  }
})

test('shells and simplices are uniform in volume', () => {
  const random = seededRandom(1)
  const count = 4000
  // of |x|³ uniform on [0.5³, 1], the mean is 0.5625 and the deviation of a mean of 4000 is 0.253/63 = 0.004
  let [cubes, first] = [0, 0]
  const x = new Float64Array(3)
  for (let k = 0; k < count; k++) {
    shell([0.5, 1]).draw(random, x)
    cubes += Math.hypot(...x) ** 3 / count
    simplex(2).draw(random, x)
    assert.ok(x.every((v) => v >= 0) && Math.abs(x[0] + x[1] + x[2] - 2) < 1e-14)
    first += (x[0] / 2) ** 2 / count
  }
  assert.ok(Math.abs(cubes - 0.5625) < 0.016, `${cubes}`)
  // E x₁² on the simplex of three is 2/(3·4) = 1/6, its standard deviation √(1/15 − 1/36) = 0.197: 0.0031 for the mean
  assert.ok(Math.abs(first - 1 / 6) < 0.0125, `${first}`)
  assert.throws(() => shell([1, 0.5]), /inner < outer/)
  assert.throws(() => simplex(0), /positive total/)
})

test('counterexamples are drawn at their share, about their states and with their disturbances', () => {
  const points = [[5, 6, 0.1], [7, 8, 0.2]] // biome-ignore format: points
  const sampler = withCounterexamples(ball(1), { points, share: 0.3, spread: 0.01, states: 2 })
  const random = seededRandom(3)
  const x = new Float64Array(3)
  const near = [0, 0]
  for (let k = 0; k < 3000; k++) {
    sampler.draw(random, x)
    if (Math.abs(x[0]) <= 1) continue
    const which = x[0] < 6 ? 0 : 1
    near[which]++
    assert.equal(x[2], points[which][2])
    // six standard deviations, of 0.01·√61 and 0.01·√113
    const most = 0.06 * Math.hypot(points[which][0], points[which][1])
    assert.ok(Math.abs(x[0] - points[which][0]) < most && Math.abs(x[1] - points[which][1]) < most)
  }
  // 450 each expected, deviation √(3000·0.15·0.85) = 20
  assert.ok(near.every((n) => Math.abs(n - 450) < 80), near.join(', ')) // biome-ignore format: one line
  // 3e-25 and 4e-25 are drawn out to a length of 1e-3; a spread of 0.01 of that moves them by less than 6e-5
  withCounterexamples(ball(1), { points: [[3e-25, -4e-25]], share: 1 }).draw(random, x.subarray(0, 2))
  assert.ok(Math.abs(x[0] - 6e-4) < 6e-5 && Math.abs(x[1] + 8e-4) < 6e-5, x.join(', '))
  const plain = ball(1)
  assert.equal(withCounterexamples(plain, { points: [] }), plain)
  assert.throws(() => withCounterexamples(plain, { points, share: 2 }), /share between 0 and 1/)
  assert.throws(
    () => withCounterexamples(plain, { points, share: 1 }).draw(random, new Float64Array(2)),
    /points of length 2/,
  )
})

test('a loss over disturbances is the mean over states and disturbances within their bounds', () => {
  const seen: number[][] = []
  // −(Ḃ + αB) with B = −s − 2d shows every sample: the loss of one state s' = d
  const line = system({ state: ['s'], input: ['d'], dynamics: { s: 'd' } })
  const loss = barrierLoss({
    barrier: expression('-s', ['s']),
    alpha: 1,
    sampler: {
      name: 'one',
      draw: (random, s) => {
        s[0] = 1 + random.uniform()
        seen.push([s[0]])
      },
    },
    disturbance: { d: [0.25, 0.5] },
    batch: 500,
  })
  const value = loss.bind(line).evaluate(new Float64Array(0), seededRandom(1), new Float64Array(0))
  const mean = seen.reduce((sum, [s]) => sum + s, 0) / seen.length
  // mean of max(0, d + s) = mean s + mean d; d has mean 0.375 and a deviation below 0.125: √500 of them, five times
  assert.ok(Math.abs(value - mean - 0.375) < 0.028, `${value} with ${mean}`)
  assert.throws(
    () => barrierLoss({ barrier, alpha: 1, sampler: ball(1) }).bind(loop),
    /bounds for all of them.*disturbance: \{ error_x/,
  )
  assert.throws(
    () =>
      barrierLoss({ barrier, alpha: 1, sampler: ball(1), disturbance: { ...error, w: [0, 1] } }).bind(loop),
    /bounds \[lo, hi\], lo ≤ hi, of inputs/,
  )
})

test('an ellipsoid in a shell has the loss that its definition says, counterexamples included', () => {
  // x' = −x/2 + d in one state: 2zf/(M z²) + κ = −1 + 2d/(Mz) + κ; M = 2, all samples at z = ±1, d at its points' 0.8
  const line = system({ state: ['x'], input: ['d'], dynamics: { x: '-x/2 + d' } })
  const loss = ellipsoidLoss({
    P: [[0.25]],
    rate: 0.5,
    domain: [[-4, 4]],
    reward: 0,
    batch: 10,
    worstOf: 1,
    shell: [0.9, 1.1],
    disturbance: { d: [-1, 1] },
    counterexamples: { points: [[2, 0.8]], share: 1, spread: 0 },
  })
  const bound = loss.bind(line)
  const value = bound.evaluate(bound.theta, seededRandom(1), new Float64Array(1))
  // −1 + 2·0.8/2 + 0.5 = 0.3, each term rounded
  assert.ok(Math.abs(value - 0.3) < 1e-14, `${value}`)
})

/** An integrator with a spot of radius about 0.05 in which it runs away: one sample of some 400 hits it. */
const spotted = system({
  state: ['x', 'y'],
  input: ['u'],
  dynamics: { x: 'u + 6*x*exp(-((x - 0.5)^2 + (y - 0.4)^2)/0.0008)', y: '-y' },
})
const gain = network({
  widths: [2, 1],
  activation: 'tanh',
  seed: 1,
  bias: false,
  name: 'gain',
  outputGain: 0.1,
})
const V = quadratic([[1, 0], [0, 1]], { state: ['x', 'y'] }) // biome-ignore format: a matrix

test('counterexamples repair a candidate on which sampling alone fails', async () => {
  const guided = (hasMemory: boolean) =>
    counterexampleGuided({
      start: { field: closeLoop(spotted, gain), V },
      rounds: 6,
      steps: 150,
      seed: 1,
      optimizer: adam({ rate: 0.03 }),
      loss: ({ V }, points) =>
        lyapunovLoss({
          V,
          rate: 0.2,
          sampler: ball(1),
          batch: 4,
          normalize: 'square',
          counterexamples: { points: hasMemory ? points : [], spread: 0.02 },
        }),
      prove: ({ field, V }) => certify({ field, V, domain: [[-1, 1], [-1, 1]], level: 0.8, maxBoxes: 20_000 }), // biome-ignore format: a box
    })
  const without = await guided(false)
  assert.equal(without.status, 'exhausted', without.message)
  assert.equal(without.verdict?.kind, 'refuted')
  const result = await guided(true)
  assert.equal(result.status, 'proved', result.message)
  assert.equal(result.verdict?.kind, 'proved')
  const [point] = result.points
  // the first failure that is found lies at the spot
  assert.ok(Math.hypot(point[0] - 0.5, point[1] - 0.4) < 0.15, point.join(', '))
  assert.equal(result.rounds.length, result.points.length + 1)
})

test('what a verdict says of a place', () => {
  const field = system({ state: ['x'], input: ['d'], dynamics: { x: '-x + x^3 + d*x' } })
  const square = expression('x^2', ['x'])
  const at = (level: number, d: number, maxBoxes?: number) =>
    certify({ field, V: square, domain: [[-2, 2]], level, disturbance: { d: [-d, d] }, maxBoxes })
  const refuted = counterexampleOf(at(1.5, 0.1))
  assert.equal(refuted?.length, 2)
  assert.ok((refuted?.[0] ?? 0) ** 2 <= 1.5)
  assert.equal(counterexampleOf(at(0.5, 0.1)), undefined)
  const stuck = at(0.899, 0.1, 3)
  assert.equal(stuck.kind, 'unknown', stuck.message)
  assert.equal(counterexampleOf(stuck)?.length, 2)
})

test.run()
