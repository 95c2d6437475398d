import assert from 'node:assert/strict'
import { sensitivity } from '@separatrix/adjoint'
import { closeLoop, type Field, network, system } from '@separatrix/field'
import { type ExplicitMethod, euler, rk4 } from '@separatrix/ode'
import type { NdArray } from 'ndarray'
import { test } from 'uvu'
import { type Big, bigInterpret, toBig } from '../support/bigInterpret.js'

// The discrete gradient is the derivative of the numbers that the steps produce. Here the same steps are
// taken in 60 digits and differenced with h = 1e-25: truncation 1e-25, rounding 1e-60/1e-25; both far below a
// double, so what is left is the rounding of the double gradient itself.

const lotkaVolterra = system({
  state: ['x', 'y'],
  params: { a: 1.5, b: 1, c: 3, d: 1 },
  dynamics: { x: 'a*x - b*x*y', y: '-c*y + d*x*y' },
})
const pendulum = system({
  state: ['theta', 'omega'],
  input: ['u'],
  params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
  dynamics: { theta: 'omega', omega: '(g/l) * sin(theta) - b/(m*l^2) * omega + u/(m*l^2)' },
})
const loop = closeLoop(pendulum, network({ widths: [2, 4, 1], activation: 'tanh', seed: 1 }))

const cases: readonly (readonly [string, Field, readonly number[], ExplicitMethod, number])[] = [
  ['Lotka–Volterra, rk4', lotkaVolterra, [1, 1], rk4, 20],
  ['Lotka–Volterra, euler', lotkaVolterra, [1, 1], euler, 40],
  ['pendulum with a network, rk4', loop, [0.5, -0.2], rk4, 10],
]

for (const [name, field, y0, method, steps] of cases) {
  test(`${name}: the discrete gradient equals a difference in 60 digits`, () => {
    const step = 1 / 32 // dyadic, so that the times are the same in both arithmetics
    const { dy0, dtheta } = sensitivity(field, y0, [0, steps * step], {
      method,
      step,
      saveAt: 'end',
      via: 'discrete',
      loss: { value: endLoss, gradient: endGradient },
    })
    const exact = bigSteps(field, method, { steps, step })
    const base = bigLoss(exact(y0.map(toBig), Array.from(field.theta, toBig)))
    const h = toBig('1e-25')
    const slope = (moved: Big) => Number(moved.minus(base).div(h))
    const shifted = (values: ArrayLike<number>, k: number) =>
      Array.from(values, (v, i) => (i === k ? toBig(v).plus(h) : toBig(v)))
    const expectedY = y0.map((_, k) => slope(bigLoss(exact(shifted(y0, k), Array.from(field.theta, toBig)))))
    const expectedTheta = Array.from(field.theta, (_, k) =>
      slope(bigLoss(exact(y0.map(toBig), shifted(field.theta, k)))),
    )
    close(dy0, expectedY)
    close(dtheta, expectedTheta)
  })
}

/** Σ yᵢ²/2 + y₀ at the end. */
function endLoss(y: NdArray): number {
  const last = y.shape[0] - 1
  return (y.get(last, 0) ** 2 + y.get(last, 1) ** 2) / 2 + y.get(last, 0)
}

function endGradient(y: NdArray, dy: NdArray): void {
  const last = y.shape[0] - 1
  dy.set(last, 0, y.get(last, 0) + 1)
  dy.set(last, 1, y.get(last, 1))
}

const bigLoss = ([x, y]: readonly Big[]): Big =>
  (x as Big)
    .times(x as Big)
    .plus((y as Big).times(y as Big))
    .div(2)
    .plus(x as Big)

/** The steps of an explicit tableau in 60 digits; its coefficients are the doubles that the solver uses. */
function bigSteps(
  field: Field,
  { c, a, b }: ExplicitMethod,
  { steps, step }: { steps: number; step: number },
) {
  const f = bigInterpret(field)
  return (y0: readonly Big[], theta: readonly Big[]): readonly Big[] => {
    let y = y0
    for (let n = 0; n < steps; n++) {
      const stages: Big[][] = []
      for (let i = 0; i < b.length; i++) {
        const at = combination(y, stages, (j) => (a[i]?.[j] ?? 0) * step)
        stages.push(f(toBig((n + (c[i] as number)) * step), at, theta))
      }
      y = combination(y, stages, (j) => toBig(b[j] as number).times(toBig(step)))
    }
    return y
  }
}

function combination(
  y: readonly Big[],
  stages: readonly (readonly Big[])[],
  weight: (j: number) => number | Big,
): Big[] {
  return y.map((value, k) =>
    stages.reduce((sum, stage, j) => {
      const w = weight(j)
      return sum.plus((typeof w === 'number' ? toBig(w) : w).times(stage[k] as Big))
    }, value),
  )
}

/** A few hundred roundings of 1e-16 each, on gradients of the size of their largest entry. */
function close(actual: ArrayLike<number>, expected: readonly number[]): void {
  assert.equal(actual.length, expected.length)
  const size = Math.max(...expected.map(Math.abs))
  expected.forEach((e, i) => {
    assert.ok(Math.abs((actual[i] as number) - e) <= 1e-13 * size, `${i}: ${actual[i]} against ${e}`)
  })
}

test.run()
