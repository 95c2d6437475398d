import type { DerivativeFunctions } from './derivativeFunctions.js'
import { linearSystem } from './linearSystem.js'
import type { StepDerivative } from './stepDerivative.js'

/** Newton steps after which a half-step that the solver found is given up; two or three are usual. */
const mostIterations = 30

/**
 * The general Störmer–Verlet step p½ = p + h/2 a(z₀), q¹ = q + h/2 (v(z₀) + v(z₁)), p¹ = p½ + h/2 a(z₁) with
 * z₀ = (q, p½), z₁ = (q¹, p½) on a field that is not separable, by the implicit function rule in both
 * implicit lines. Hairer, Lubich & Wanner, Geometric Numerical Integration, (VI.3.4). Cost: two Jacobians,
 * two LUs of half size, three vjps.
 */
export function generalVerletStep(
  parts: { readonly q: readonly number[]; readonly p: readonly number[] },
  functions: DerivativeFunctions,
): Omit<StepDerivative, 'slope'> {
  const { n, p, f, theta } = functions
  const [Q, P] = [Int32Array.from(parts.q), Int32Array.from(parts.p)]
  const half = Q.length
  const [z0, z1, rate, w] = Array.from({ length: 4 }, () => new Float64Array(n))
  const [J0, J1] = [new Float64Array(n * n), new Float64Array(n * n)]
  const [kick, drift] = [linearSystem(n, P), linearSystem(n, Q)]
  const [b, positions] = [new Float64Array(half), new Float64Array(half)]
  const tangent = new Float64Array(n + p)
  // t, h and the end of the step; captured variables would box a number at every step
  const now = new Float64Array(3)

  /** p½ by Newton's method, from p¹'s half of the way */
  const findHalfKick = (t: number, h: number, y: Float64Array, at: number) => {
    for (let k = 0; k < mostIterations; k++) {
      functions.jacobian(t, z0, J0)
      kick.set(J0, h / 2)
      f(t, z0, rate, theta)
      let [change, scale] = [0, 0]
      for (let m = 0; m < half; m++) b[m] = y[at + P[m]] + (h / 2) * rate[P[m]] - z0[P[m]]
      kick.solve(b)
      for (let m = 0; m < half; m++) {
        z0[P[m]] += b[m]
        change = Math.max(change, Math.abs(b[m]))
        scale = Math.max(scale, Math.abs(z0[P[m]]))
      }
      if (change <= 4 * Number.EPSILON * scale) break
    }
  }
  /** adds (∂f/∂(z, θ))ᵀw to λ-like and μ */
  const pull = (t: number, z: Float64Array, into: Float64Array, mu: Float64Array) => {
    const pulled = functions.vjp(t, z, w, 0)
    for (let m = 0; m < n; m++) into[m] += pulled[m]
    for (let k = 0; k < p; k++) mu[k] += pulled[n + k]
  }
  const push = (t: number, z: Float64Array, dz: Float64Array) => {
    tangent.set(dz)
    functions.jvp(t, z, tangent, rate, 0)
  }

  return {
    enter(t, h, until, y, at) {
      now[0] = t
      now[1] = h
      now[2] = until
      for (let m = 0; m < n; m++) z0[m] = y[at + m]
      for (const i of P) z0[i] = (y[at + i] + y[at + n + i]) / 2
      findHalfKick(t, h, y, at)
      for (const i of Q) z1[i] = y[at + n + i]
      for (const i of P) z1[i] = z0[i]
      functions.jacobian(t, z0, J0)
      functions.jacobian(until, z1, J1)
      kick.set(J0, h / 2)
      drift.set(J1, h / 2)
    },

    pullback(lambda, mu) {
      const [time, size, end] = [now[0], now[1], now[2]]
      // p¹ = p½ + h/2 a(z₁)
      w.fill(0)
      for (const i of P) w[i] = (size / 2) * lambda[i]
      pull(end, z1, lambda, mu)
      // q¹ − h/2 v(z₁) = q + h/2 v(z₀); λ's positions are cotangents of q¹ until here, of q from here on
      for (let m = 0; m < half; m++) b[m] = lambda[Q[m]]
      drift.solveTransposed(b)
      w.fill(0)
      for (let m = 0; m < half; m++) w[Q[m]] = (size / 2) * b[m]
      pull(end, z1, lambda, mu)
      for (let m = 0; m < half; m++) lambda[Q[m]] = b[m]
      pull(time, z0, lambda, mu)
      // p½ − h/2 a(z₀) = p
      for (let m = 0; m < half; m++) b[m] = lambda[P[m]]
      kick.solveTransposed(b)
      w.fill(0)
      for (let m = 0; m < half; m++) w[P[m]] = (size / 2) * b[m]
      pull(time, z0, lambda, mu)
      for (let m = 0; m < half; m++) lambda[P[m]] = b[m]
    },

    pushforward(dy, dtheta) {
      const [time, size, end] = [now[0], now[1], now[2]]
      tangent.set(dtheta, n)
      // dp½ = (I − h/2 a_p)⁻¹ (dp + h/2 (a_q dq + a_θ dθ))
      w.set(dy)
      for (const i of P) w[i] = 0
      push(time, z0, w)
      for (let m = 0; m < half; m++) b[m] = dy[P[m]] + (size / 2) * rate[P[m]]
      kick.solve(b)
      for (let m = 0; m < half; m++) dy[P[m]] = b[m]
      // dq¹ = (I − h/2 v_q)⁻¹ (dq + h/2 (dv(z₀) + v_p dp½ + v_θ dθ))
      push(time, z0, dy)
      for (let m = 0; m < half; m++) positions[m] = dy[Q[m]] + (size / 2) * rate[Q[m]]
      w.set(dy)
      for (const i of Q) w[i] = 0
      push(end, z1, w)
      for (let m = 0; m < half; m++) positions[m] += (size / 2) * rate[Q[m]]
      drift.solve(positions)
      for (let m = 0; m < half; m++) dy[Q[m]] = positions[m]
      push(end, z1, dy)
      for (const i of P) dy[i] += (size / 2) * rate[i]
    },
  }
}
