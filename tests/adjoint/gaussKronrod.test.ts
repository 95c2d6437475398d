import assert from 'node:assert/strict'
import { type SolutionLoss, sensitivity } from '@separatrix/adjoint'
import { system } from '@separatrix/field'
import { dopri5, rk4 } from '@separatrix/ode'
import { test } from 'uvu'

const end: SolutionLoss = { value: (y) => y.get(0, 0), gradient: (_y, dy) => dy.set(0, 0, 1) }

// x′ = Σ a_k t^k has λ = 1 throughout, so that ∂L/∂a_k is the rule's value of ∫t^k dt
const powers = Array.from({ length: 23 }, (_, k) => `a${k}`)
const polynomial = system({
  state: ['x'],
  params: Object.fromEntries(powers.map((name, k) => [name, 1 / (k + 1)])),
  dynamics: { x: powers.map((name, k) => (k === 0 ? name : `${name}*t^${k}`)).join(' + ') },
})

test('Kronrod’s rule is exact for polynomials of degree 22', () => {
  const options = { method: rk4, step: 2, saveAt: 'end', loss: end, via: 'gaussKronrod' } as const
  const { dtheta } = sensitivity(polynomial, [0], [-1, 1], options)
  // fifteen terms of weights that are right to half a unit of the last place
  dtheta.forEach(
    (v, k) => void assert.ok(Math.abs(v - (k % 2 === 0 ? 2 / (k + 1) : 0)) < 2e-15, `${k}: ${v}`),
  )
})

test('intervals are halved where the integrand asks for it, and the estimate bounds the error', () => {
  // λ = 1 again: backwards there is hardly a step, but the integrand has a peak of width 0.01
  const peak = system({ state: ['x'], params: { a: 1 }, dynamics: { x: 'a/((t - 0.3)^2 + 0.0001)' } })
  const exact = 100 * (Math.atan(70) + Math.atan(30))
  for (const tolerance of [1e-4, 1e-7, 1e-10]) {
    const options = { method: dopri5, rtol: tolerance, atol: tolerance, saveAt: 'end', loss: end } as const
    const { dtheta, quadratureError } = sensitivity(peak, [0], [0, 1], { ...options, via: 'gaussKronrod' })
    const error = Math.abs(dtheta[0] - exact)
    assert.ok(
      error <= (quadratureError as number) + 1e-11 && error < tolerance * exact,
      `${tolerance}: ${error}`,
    )
  }
})

test.run()
