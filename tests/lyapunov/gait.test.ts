import { adam, fit } from '@separatrix/adjoint'
import {
  closeLoop,
  compile,
  expression,
  type Field,
  interpret,
  scalarize,
  seededRandom,
  system,
  withTheta,
} from '@separatrix/field'
import {
  bipedImpact,
  bipedJoints,
  box,
  gaitBarriers,
  gaitController,
  gaitLoss,
  gaitOrbit,
  hybridBarrierLoss,
  impactConditions,
  planarBiped,
  returnMap,
  stepBarriers,
  walk,
  walkingGait,
  walkingLoop,
  zeroDynamics,
  zeroDynamicsImpact,
} from '@separatrix/lyapunov'
import { tsit5 } from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('gait')

const random = seededRandom(5)
/** A gait near the one that one starts with: every property here holds whatever the weights. */
function someGait(hidden = 0): Field {
  const gait = walkingGait({ hidden, seed: 2 })
  return withTheta(
    gait,
    gait.theta.map((v) => v + 0.01 * random.normal()),
  )
}
const at = (field: Field, s: number, w = 0) => interpret(field, 0, [s, w])
const close = (a: number, b: number, tolerance: number, what = '') =>
  assert.ok(Math.abs(a - b) <= tolerance, `${what} ${a} and ${b}`)

test('a gait survives its impact exactly: the state after it lies on the gait again, at every speed', () => {
  for (const hidden of [0, 6]) {
    const gait = someGait(hidden)
    const orbit = gaitOrbit(gait)
    for (const w of [-0.2, 0, 0.3]) {
      const before = at(orbit, 1, w).subarray(0, 10)
      const joints = interpret(bipedJoints(), 0, before)
      close(joints[11], 0, 1e-14, 'both feet on the ground')
      const after = interpret(bipedImpact(), 0, before)
      const expected = at(orbit, 0, at(zeroDynamicsImpact(gait), 1, w)[1])
      // the work along the step is a polynomial through 10 nodes, right to about 1e-6
      after.forEach((v, i) => {
        close(v, expected[i], 1e-5 * (1 + Math.abs(v)), `${i}`)
      })
      // on the surface exactly: rates are a multiple of those of the orbit
      const ratio = after[5] / expected[5]
      for (let i = 5; i < 10; i++) close(after[i], ratio * expected[i], 1e-12 * (1 + Math.abs(after[i])))
    }
  }
})

test('on the gait the controlled machine does what the zero dynamics say', () => {
  const gait = someGait(5)
  const loop = compile(scalarize(closeLoop(planarBiped(), gaitController(gait, { rate: 20 }))))
  const rates = new Float64Array(10)
  for (const [s, w] of [
    [0, 0],
    [0.3, 0.2],
    [0.7, -0.2],
    [1, 0],
  ]) {
    // biome-ignore format: a table
    const reduced = at(gaitOrbit(gait), s, w)
    loop(0, reduced.slice(0, 10), rates, gaitTheta(gait))
    // solves of condition about 1e3 on accelerations of about 100
    for (let i = 0; i < 5; i++) close(rates[5 + i], reduced[10 + i], 1e-9, `acceleration ${i}`)
    const progress = at(zeroDynamics(gait), s, w)
    const phaseRate = (reduced[5] + reduced[6]) / 2
    close(progress[0], phaseRate / (gait.theta[1] - gait.theta[0]), 1e-12)
  }
})

/** The plant's parameters, then the gait's weights, as the closed loop has them. */
const gaitTheta = (gait: Field) => closeLoop(planarBiped(), gaitController(gait, { rate: 20 })).theta

test('a network that is added starts at 0, and its derivatives are right', () => {
  const [plain, gait] = [walkingGait(), walkingGait({ hidden: 4 })]
  assert.equal(interpret(gait, 0, [0.4]), interpret(plain, 0, [0.4]))
  // the acceleration of every link on the gait, from differences of its rates along the flow
  const some = someGait(4)
  const h = 1e-4
  const here = at(gaitOrbit(some), 0.4)
  const speed = at(zeroDynamics(some), 0.4)[0]
  const [after, before] = [0.4 + h, 0.4 - h].map((s) => at(gaitOrbit(some), s))
  for (let i = 0; i < 5; i++) {
    // the slope of the work is that of a polynomial through 10 nodes, right to about 1e-4; h² is far less. A wrong
    // derivative of the network would be off by its curvature, about 0.1
    close(((after[5 + i] - before[5 + i]) / (2 * h)) * speed, here[10 + i], 1e-3)
    close(((after[i] - before[i]) / (2 * h)) * speed, here[5 + i], 1e-5)
  }
})

test('errors of the joints fall as y″ = −2λy′ − λ²y', () => {
  const gait = walkingGait()
  const { field } = walkingLoop(gait, { rate: 20 })
  const f = compile(field)
  const x = at(gaitOrbit(gait), 0.5).slice(0, 10)
  // torso alone off by 0.1 rad and 0.3 rad/s: neither the phase nor another output changes
  const [before, after] = [new Float64Array(10), new Float64Array(10)]
  f(0, x, before)
  x[2] += 0.1
  x[7] += 0.3
  f(0, x, after)
  const torso = (rates: Float64Array, s: number) => {
    // y″ = torso″ − c_d′φ″ − c_d″φ′², the last the same before and after
    const h = 1e-4
    const [u, v] = [s + h, s - h].map((p) => interpret(gait, 0, [p])[1])
    const slope = (u - v) / (2 * h) / (gait.theta[1] - gait.theta[0])
    return rates[7] - (slope * (rates[5] + rates[6])) / 2
  }
  // the slope by differences is right to h²
  close(torso(after, 0.5) - torso(before, 0.5), -40 * 0.3 - 400 * 0.1, 1e-3)
})

test('ten steps of a gait: the predicted orbit is walked, and its multiplier is that of the return map', () => {
  const gait = walkingGait()
  const orbit = at(gaitOrbit(gait), 0)
  const settings = { method: tsit5, rtol: 1e-8, atol: 1e-8 }
  const { status, impacts, t, states, barriers, least } = walk(gait, {
    ...settings,
    steps: 10,
    rate: 20,
    looks: 20,
  })
  assert.is(status, 'walked')
  assert.is(impacts.length, 10)
  assert.is(t.length, states.length)
  assert.is(t.length, barriers.length)
  for (const { after } of impacts)
    after.forEach((v, i) => {
      close(v, orbit[i], 1e-4 * (1 + Math.abs(v)))
    })
  // before training the hips ask for too much, and the walk is too fast
  const broken = least.filter(({ value }) => value < 0).map(({ name }) => name)
  assert.ok(broken.includes('torque, stance hip') && broken.includes('speed limit'), broken.join())
  assert.equal(
    least.slice(0, stepBarriers.length).map(({ name }) => name),
    [...stepBarriers],
  )
  const { field, impact } = walkingLoop(gait, { rate: 20 })
  const map = returnMap(field, orbit.slice(0, 10), { ...settings, event: impact, within: 5 })
  assert.is(map.status, 'success')
  close(map.time, impacts[0].t, 1e-6)
  const sizes = map.multipliers.map(({ re, im }) => Math.hypot(re, im))
  // the state is on the orbit up to the polynomial of the work, and so is the multiplier
  close(sizes[0], orbit[16], 1e-4)
  // e^(−20·0.3) (1 + 20·0.3) = 0.02 of an error of the joints is left, times what the impact makes of it
  assert.ok(sizes[1] < 0.1, `${sizes[1]}`)
})

test('a machine that cannot go on says why', () => {
  const gait = walkingGait()
  const options = { steps: 3, rate: 20, method: tsit5, rtol: 1e-6, atol: 1e-6, looks: 5 }
  const slow = at(gaitOrbit(gait), 0).slice(0, 10)
  for (let i = 5; i < 10; i++) slow[i] *= 0.05
  // it does not get over its foot, and falls back
  const walked = walk(gait, { ...options, from: slow })
  assert.is(walked.status, 'fell')
  assert.match(walked.message, /step 1/)
  assert.throws(() => walk(gait, { ...options, steps: 0 }), /a positive number of steps/)
})

test('the loss of a gait: its gradient agrees with differences, and training lowers it', async () => {
  const gait = walkingGait()
  const loss = gaitLoss({ surplus: 0.2, batch: 8 })
  const bound = loss.bind(gait, undefined, { backend: 'wasm', precision: 'double' })
  const p = gait.theta.length
  const gradient = new Float64Array(p)
  const value = bound.evaluate(gait.theta, seededRandom(1), gradient)
  assert.ok(value > 1)
  const direction = gradient.map((_, i) => Math.sin(1 + i))
  const h = 1e-7
  const shifted = (sign: number) =>
    bound.evaluate(
      gait.theta.map((v, i) => v + sign * h * direction[i]),
      seededRandom(1),
      new Float64Array(p),
    )
  const slope = direction.reduce((sum, d, i) => sum + d * gradient[i], 0)
  const difference = (shifted(1) - shifted(-1)) / (2 * h)
  // kinks of relu within 1e-7 are rare; rounding 1e-14/1e-7 on values of about 10
  close(difference, slope, 1e-4 * (1 + Math.abs(slope)))
  const { losses, field } = await fit({
    field: gait,
    // bound once, since that is what takes the time
    loss: { name: 'gaitLoss', bind: () => bound },
    optimizer: adam({ rate: 1e-2 }),
    steps: 30,
    seed: 1,
    backend: 'wasm',
  })
  const mean = (list: Float64Array) => list.reduce((sum, v) => sum + v, 0) / list.length
  assert.ok(mean(losses.slice(-5)) < 0.3 * mean(losses.slice(0, 5)), `${losses.slice(-5)}`)
  assert.is(field.name, 'gait')
})

test('a hybrid barrier loss by hand: a ball that bounces', () => {
  const ball = system({ state: ['h', 'v'], params: { g: 10 }, dynamics: { h: 'v', v: '-g' } })
  const bounce = system({ state: ['h', 'v'], params: { keep: 0.5 }, dynamics: { h: 'h', v: '-keep*v' } })
  const barriers = expression('3 - v', ['h', 'v'])
  const only = (h: number, v: number) =>
    box([
      [h - 1e-12, h],
      [v - 1e-12, v],
    ])
  const value = (sampler: ReturnType<typeof box>, guard: ReturnType<typeof box>, margin = 0) => {
    const bound = hybridBarrierLoss({
      barriers,
      alpha: 2,
      sampler,
      guard,
      reset: bounce,
      margin,
      batch: 1,
    }).bind(ball)
    return bound.evaluate(bound.theta, seededRandom(0), new Float64Array(1))
  }
  // Ḃ = 10; B = −7 at v = 10: −(10 − 14) = 4. After the bounce from v = −8: B = 3 − 4 = −1
  close(value(only(1, 10), only(0, -4)), 4, 1e-9)
  close(value(only(1, 0), only(0, -8)), 1, 1e-9)
  close(value(only(1, 10), only(0, -8)), 5, 1e-9)
  close(value(only(1, 0), only(0, -4), 2), 1, 1e-9)
  assert.throws(
    () => hybridBarrierLoss({ barriers, alpha: 0, sampler: only(1, 0), guard: only(0, 0), reset: bounce }),
    /α > 0/,
  )
  const wrong = expression('x', ['x'])
  assert.throws(
    () =>
      hybridBarrierLoss({
        barriers: wrong,
        alpha: 1,
        sampler: only(1, 0),
        guard: only(0, 0),
        reset: bounce,
      }).bind(ball),
    /barriers on its state/,
  )
})

test('a return map by hand: a ball that falls from h returns with its speed times the restitution', () => {
  const g = 10
  const ball = system({ state: ['h', 'v'], params: { g }, dynamics: { h: 'v', v: '-g' } })
  const bounce = system({ state: ['h', 'v'], dynamics: { h: '0', v: '-0.5*v' } })
  const event = { when: expression('h', ['h', 'v']), direction: 'falling' as const, reset: bounce }
  const options = { event, within: 5, method: tsit5, rtol: 1e-10, atol: 1e-10 }
  const [h, v] = [2, 1]
  const { status, time, after, jacobian, multipliers } = returnMap(ball, [h, v], options)
  const speed = Math.sqrt(v * v + 2 * g * h)
  assert.is(status, 'success')
  close(time, (v + speed) / g, 1e-10)
  close(after[1], speed / 2, 1e-10)
  // after = [0, ½√(v² + 2gh)]
  ;[0, 0, g / (2 * speed), v / (2 * speed)].forEach((expected, i) => {
    close(jacobian.data[i], expected, 1e-9)
  })
  close(multipliers[0].re, v / (2 * speed), 1e-9)
  const none = returnMap(ball, [h, v], { ...options, within: 0.1 })
  assert.is(none.status, 'no-return')
  assert.ok(Number.isNaN(none.time) && /did not happen/.test(none.message))
})

test('barriers at a stance that is known', () => {
  // upright on a straight leg, the other leg back and bent, nothing moves
  const x = Float64Array.of(0, 0, 0, -0.1, 0.5, 0, 0, 0, 0, 0)
  const values = interpret(gaitBarriers(), 0, x, undefined, new Float64Array(5))
  const named = Object.fromEntries(stepBarriers.map((name, i) => [name, values[i]]))
  close(named['stance knee bends'], -0.5, 1e-12)
  close(named['swing knee bends'], (0.6 - 0.05) / 0.1, 1e-12)
  close(named['torso upright'], 1, 1e-12)
  close(named['hip height'], 1.5, 1e-12)
  close(named['forward speed'], -0.4 / 0.3, 1e-12)
  close(named['foot presses'], 0.75, 1e-12)
  close(named.friction, 0.5, 1e-12)
  assert.is(interpret(impactConditions(), 0, x).length, 4)
})

test('what does not fit is refused', () => {
  assert.throws(() => walkingGait({ phase: [0.2, -0.2] }), /a phase that grows/)
  assert.throws(() => walkingGait({}, { lShin: 0.5 }), /thighs and shins of one length/)
  assert.throws(() => gaitController(walkingGait(), { rate: 0 }), /a positive rate/)
  assert.throws(() => gaitLoss({ surplus: 2 }), /0 < surplus < 1/)
})

test.run()
