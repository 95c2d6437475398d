// Hessian-vector products: against differences of the gradient, symmetric, and in closed form.
import assert from 'node:assert/strict'
import {
  type HessianVectorOptions,
  hessianVector,
  type SolutionLoss,
  type StateAndParameters,
  sensitivity,
} from '@separatrix/adjoint'
import { expression, system } from '@separatrix/field'
import { dopri5, implicitMidpoint, rk4 } from '@separatrix/ode'
import { test } from 'uvu'
import { cases, lotkaVolterra, mixedLoss, mixedTimes } from './problems.js'

/** Σ cos(…)·y + ½y² has the Hessian 1; a cubic term makes it vary. */
const cubic: SolutionLoss = {
  value: (y, events) => mixedLoss.value(y, events) + y.data.reduce((sum, v) => sum + v ** 3 / 6, 0),
  gradient(y, dy, events, devents) {
    mixedLoss.gradient(y, dy, events, devents)
    y.data.forEach((v, k) => {
      dy.data[k] += (v * v) / 2
    })
  },
  hessianVector(y, dy, out) {
    dy.data.forEach((v, k) => {
      out.data[k] = (1 + y.data[k]) * v
    })
  },
}

const both = ({ dy0, dtheta }: StateAndParameters) => [...dy0, ...dtheta]
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, k) => sum + v * b[k], 0)
/** fixed directions of no symmetry */
const directionOf = (n: number, p: number, k: number) => ({
  dy0: Array.from({ length: n }, (_, i) => Math.cos(3 * i + k)),
  dtheta: Array.from({ length: p }, (_, i) => 0.3 * Math.sin(2 * i + k + 1)),
})

for (const { name, problem, options } of cases)
  test(`${name}: symmetric, and as differences of gradients`, () => {
    const { field, y0, span } = problem
    const [n, p] = [y0.length, field.theta.length]
    const given = { ...options, saveAt: mixedTimes(span, options.step), loss: cubic }
    const [one, other] = [directionOf(n, p, 0), directionOf(n, p, 1)].map((direction) => ({
      vector: [...direction.dy0, ...direction.dtheta],
      found: hessianVector(field, y0, span, { ...given, direction }),
    }))
    const [uHv, vHu] = [
      dot(one.vector, both(other.found.product)),
      dot(other.vector, both(one.found.product)),
    ]
    const scale = Math.max(...both(one.found.product).map(Math.abs)) * Math.hypot(...other.vector)
    // the same sum of products in another order
    assert.ok(Math.abs(uHv - vHu) < 1e-12 * scale, `${uHv} ${vHu}`)
    const direct = sensitivity(field, y0, span, { ...given, via: 'discrete' })
    // value and gradient are those of the same solve; an adaptive one has the same steps, the tangent not
    // counting, but for the rounding of other generated code
    const close = (a: readonly number[], b: readonly number[], bound: number, what: string) => {
      const size = Math.max(...b.map(Math.abs))
      a.forEach((v, k) => void assert.ok(Math.abs(v - b[k]) <= bound * size, `${what} ${k}: ${v} ${b[k]}`))
    }
    close([one.found.value], [direct.value], 1e-12, 'value')
    close(both(one.found.gradient), both(direct), 1e-11, 'gradient')
    close([one.found.slope], [dot(one.vector, both(direct))], 1e-11, 'slope')
    if (options.rtol !== undefined) return
    const at = (s: number) => {
      const start = Float64Array.from(y0, (v, i) => v + s * one.vector[i])
      const theta = field.theta.map((v, i) => v + s * one.vector[n + i])
      return both(sensitivity(field, start, span, { ...given, theta, via: 'discrete' }))
    }
    // central differences, extrapolated once: truncation h⁴ of sixth derivatives, rounding 1e-13/h
    const h = 2e-3
    const slopes = (s: number) => {
      const [plus, minus] = [at(s), at(-s)]
      return plus.map((v, k) => (v - minus[k]) / (2 * s))
    }
    const [coarse, fine] = [slopes(h), slopes(h / 2)]
    close(
      both(one.found.product),
      fine.map((v, k) => (4 * v - coarse[k]) / 3),
      1e-7,
      'product',
    )
  })

test('x′ = −kx: second derivatives of x(t)² in closed form', () => {
  const field = system({ state: ['x'], params: { k: 0.7 }, dynamics: { x: '-k*x' } })
  const loss: SolutionLoss = {
    value: (y) => y.get(0, 0) ** 2,
    gradient: (y, dy) => dy.set(0, 0, 2 * y.get(0, 0)),
    hessianVector: (_y, dy, out) => out.set(0, 0, 2 * dy.get(0, 0)),
  }
  const [x, t] = [1.5, 2]
  const decay = Math.exp(-2 * 0.7 * t)
  for (const via of [
    'discrete',
    'forward',
    'backsolve',
    'interpolated',
    'quadrature',
    'reversible',
  ] as const) {
    const options = { method: dopri5, rtol: 1e-11, atol: 1e-11, saveAt: 'end', loss, via } as const
    const row = (direction: HessianVectorOptions['direction']) =>
      both(hessianVector(field, [x], [0, t], { ...options, direction }).product)
    const found = [...row({ dy0: [1] }), ...row({ dtheta: [1] })]
    const expected = [2 * decay, -4 * t * x * decay, -4 * t * x * decay, 4 * t * t * x * x * decay]
    // a few hundred tolerances: the tangent does not count in the error norm
    found.forEach(
      (v, k) => void assert.ok(Math.abs(v - expected[k]) < 1e-8, `${via} ${k}: ${v} ${expected[k]}`),
    )
  }
})

test('an integral has its own second derivatives, beside a loss or alone', () => {
  const { field, y0, span } = lotkaVolterra
  const integral = expression('u^3*v + a*v^2', ['u', 'v'], { a: 1 })
  for (const loss of [cubic, undefined]) {
    const options = { method: implicitMidpoint, step: 0.05, saveAt: [0.5, 1.3], loss, integral }
    const direction = directionOf(2, 4, 0)
    const vector = [...direction.dy0, ...direction.dtheta]
    const { product, value } = hessianVector(field, y0, span, { ...options, direction })
    const at = (s: number) => {
      const start = y0.map((v, i) => v + s * vector[i])
      const theta = field.theta.map((v, i) => v + s * vector[2 + i])
      return sensitivity(field, start, span, { ...options, theta, via: 'discrete' })
    }
    assert.ok(Math.abs(value - at(0).value) < 1e-12 * Math.abs(value))
    const h = 1e-3
    const slopes = (s: number) => both(at(s)).map((v, k) => (v - both(at(-s))[k]) / (2 * s))
    const [coarse, fine] = [slopes(h), slopes(h / 2)]
    const size = Math.max(...both(product).map(Math.abs))
    both(product).forEach((v, k) => {
      // as above
      const estimate = (4 * fine[k] - coarse[k]) / 3
      assert.ok(Math.abs(v - estimate) < 1e-7 * size, `${k}: ${v} ${estimate}`)
    })
  }
})

test('what is missing is asked for', () => {
  const { field, y0, span } = lotkaVolterra
  const given = { method: rk4, step: 0.1, direction: { dy0: [1, 0] } }
  assert.throws(
    () => hessianVector(field, y0, span, { ...given, loss: mixedLoss }),
    /hessianVector\(y, dy, out\)/,
  )
  assert.throws(
    () => hessianVector(field, y0, span, { ...given, loss: cubic, direction: { dy0: [1] } }),
    /direction\.dy0\): expected 2 numbers, got 1/,
  )
  const events = { ...given, loss: cubic, events: [] }
  assert.throws(() => hessianVector(field, y0, span, events), /without events/)
})

test.run()
