import type { DerivativeFunctions } from './derivativeFunctions.js'
import { linearSystem } from './linearSystem.js'
import type { StepDerivative } from './stepDerivative.js'

/**
 * The implicit midpoint rule y¹ = y + h f(t + h/2, Y), Y = (y + y¹)/2, by the implicit function rule: with (I
 * − h/2 J)ᵀu = hλ, λ ← λ + Jᵀu and μ ← μ + (∂f/∂θ)ᵀu, J and ∂f/∂θ at Y. Exact up to the residual of the
 * step's equation, which the solver brings to rounding. Cost: one Jacobian, one LU and one vjp.
 */
export function midpointStep(functions: DerivativeFunctions): Omit<StepDerivative, 'slope'> {
  const { n, p } = functions
  const [middle, u] = [new Float64Array(n), new Float64Array(n)]
  const J = new Float64Array(n * n)
  const system = linearSystem(
    n,
    Array.from({ length: n }, (_, i) => i),
  )
  const tangent = new Float64Array(n + p)
  // the middle of the step, and h; captured variables would box a number at every step
  const now = new Float64Array(2)
  return {
    enter(t, h, _end, y, at) {
      now[0] = t + h / 2
      now[1] = h
      for (let m = 0; m < n; m++) middle[m] = (y[at + m] + y[at + n + m]) / 2
      functions.jacobian(now[0], middle, J)
      system.set(J, h / 2)
    },
    pullback(lambda, mu) {
      for (let m = 0; m < n; m++) u[m] = now[1] * lambda[m]
      system.solveTransposed(u)
      const pulled = functions.vjp(now[0], middle, u, 0)
      for (let m = 0; m < n; m++) lambda[m] += pulled[m]
      for (let k = 0; k < p; k++) mu[k] += pulled[n + k]
    },
    pushforward(dy, dtheta) {
      tangent.set(dy)
      tangent.set(dtheta, n)
      functions.jvp(now[0], middle, tangent, u, 0)
      system.solve(u)
      for (let m = 0; m < n; m++) dy[m] += now[1] * u[m]
    },
  }
}
