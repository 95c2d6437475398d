// Hessian-vector products: against differences of the gradient, symmetric, and in closed form.
import assert from 'node:assert/strict'
import {
  type HessianVectorOptions,
  hessianVector,
  type SolutionLoss,
  type StateAndParameters,
  sensitivity,
} from '@separatrix/adjoint'
import { expression, gradient, interpret, jacobian, system } from '@separatrix/field'
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
  const zero = { when: expression('u - 2', ['u', 'v']) }
  const ends = { ...given, loss: cubic, events: [{ ...zero, terminal: true }] }
  assert.throws(() => hessianVector(field, y0, span, ends), /events\[0\] not to end the solve/)
  const opaque = { ...given, loss: cubic, events: [{ when: (_t: number, y: ArrayLike<number>) => y[0] - 2 }] }
  assert.throws(() => hessianVector(field, y0, span, opaque), /as a field/)
  const reset = system({ state: ['u', 'v'], dynamics: { u: 'u', v: 'v/2' } })
  const together = { ...given, loss: cubic, events: [0, 1].map(() => ({ ...zero, reset })) }
  assert.throws(() => hessianVector(field, y0, span, together), /resets at different times/)
})

/** A ball that is thrown down to a plate, which gives back a part of its speed. */
const thrown = (drag: string) =>
  system({
    state: ['h', 'v'],
    params: { g: 9.81, keep: 0.8 },
    dynamics: { h: 'v', v: `-g - ${drag}` },
  })
const bounce = {
  when: expression('h', ['h', 'v']),
  direction: 'falling',
  reset: system({ state: ['h', 'v'], params: { keep: 1 }, dynamics: { h: 'h', v: '-keep*v' } }),
} as const
const height: SolutionLoss = {
  value: (y) => y.get(0, 0),
  gradient: (_y, dy) => dy.set(0, 0, 1),
  hessianVector: () => undefined,
}

test('a bounce: second derivatives of the height after it in closed form', () => {
  const time = 0.8
  // falls for (v + √(v² + 2gh))/g, arrives at √(v² + 2gh)
  const speed = 'sqrt(v^2 + 2*g*h)'
  const left = `(${time} - (v + ${speed})/g)`
  const closed = expression(`keep*${speed}*${left} - g/2*${left}^2`, ['h', 'v', 'g', 'keep'])
  const at = [1, 0.3, 9.81, 0.8]
  const hessian = interpret(jacobian(gradient(closed)), 0, at)
  const slopes = interpret(gradient(closed), 0, at)
  for (const via of ['discrete', 'forward', 'backsolve', 'quadrature'] as const)
    for (let k = 0; k < 4; k++) {
      const unit = [0, 1, 2, 3].map((i) => Number(i === k))
      const { gradient: first, product } = hessianVector(thrown('0'), [1, 0.3], [0, time], {
        ...{ method: dopri5, rtol: 1e-11, atol: 1e-11, saveAt: 'end', loss: height, events: [bounce], via },
        direction: { dy0: unit.slice(0, 2), dtheta: unit.slice(2) },
      })
      // steps are exact on a parabola; the time of the bounce is a root to rounding, on entries up to 2
      both(product).forEach((v, i) => {
        assert.ok(Math.abs(v - hessian[4 * i + k]) < 1e-11, `${via} ${i} ${k}: ${v} ${hessian[4 * i + k]}`)
      })
      both(first).forEach((v, i) => void assert.ok(Math.abs(v - slopes[i]) < 1e-11, `${via} ${i}`))
    }
})

test('bounces with drag, in time and in a parameter: symmetric, and as differences of gradients', () => {
  const field = thrown('0.3*v*(1 + 0.2*sin(5*t))')
  const given = {
    ...{ method: dopri5, rtol: 1e-11, atol: 1e-11, saveAt: [0.3, 0.9, 1.5], loss: cubic },
    events: [bounce],
  } as const
  const span = [0, 1.5] as const
  const vectors = [
    [0.7, -0.4, 0.5, 0.3],
    [-0.2, 0.9, 0.1, -0.6],
  ]
  const found = vectors.map((v) =>
    hessianVector(field, [1, 0.3], span, {
      ...given,
      direction: { dy0: v.slice(0, 2), dtheta: v.slice(2) },
    }),
  )
  const products = found.map(({ product }) => both(product))
  const size = Math.max(...products.flat().map(Math.abs))
  // the tangent crosses as the exact solution does: symmetric to a few hundred tolerances
  assert.ok(Math.abs(dot(vectors[1], products[0]) - dot(vectors[0], products[1])) < 1e-8 * size)
  const at = (s: number) => {
    const [dh, dv, dg, dkeep] = vectors[0].map((x) => s * x)
    const theta = [field.theta[0] + dg, field.theta[1] + dkeep]
    return both(sensitivity(field, [1 + dh, 0.3 + dv], span, { ...given, theta, via: 'discrete' }))
  }
  const slopes = (s: number) => at(s).map((v, k) => (v - at(-s)[k]) / (2 * s))
  const [coarse, fine] = [slopes(2e-3), slopes(1e-3)]
  products[0].forEach((v, k) => {
    // truncation as above; steps that adapt differ from point to point, a tolerance over the difference
    assert.ok(Math.abs(v - (4 * fine[k] - coarse[k]) / 3) < 1e-6 * size, `${k}: ${v} ${fine[k]}`)
  })
})

test.run()
