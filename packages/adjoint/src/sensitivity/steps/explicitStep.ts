import type { ExplicitMethod } from '@separatrix/ode'
import type { DerivativeFunctions } from './derivativeFunctions.js'
import { stageTable } from './stageTable.js'
import type { StepDerivative } from './stepDerivative.js'

/** Also the step itself, for ways that take steps of their own. */
export interface ExplicitStep extends StepDerivative {
  /** y¹ − y of the step that was entered */
  increment(out: Float64Array): void
}

/**
 * The step of an explicit Runge–Kutta method, differentiated exactly (Hager, Numer. Math. 87 (2000), eq.
 * 3.6–3.9, for the method's own stages; dense output adds its weights): k̄ᵢ = h(bᵢλ + Σₛ wᵢ(σₛ)gₛ) + h
 * Σ_{j>i} a[j][i] x̄ⱼ, (x̄ᵢ, θ̄ᵢ) = (∂f(Yᵢ)/∂(x, θ))ᵀ k̄ᵢ, ȳ = λ + Σₛ gₛ + Σᵢ x̄ᵢ. Stages are computed again
 * from y, so that a tape holds only states. Cost: one more step and a vjp per stage.
 */
export function explicitStep(method: ExplicitMethod, functions: DerivativeFunctions): ExplicitStep {
  const { n, f, theta } = functions
  const table = stageTable(method)
  const { stages, own, c, a, b } = table
  const points = new Float64Array(stages * n)
  const slopes = new Float64Array(stages * n)
  const changes = new Float64Array(stages * n)
  const weight = new Float64Array(stages)
  const rate = new Float64Array(n)
  const point = new Float64Array(n)
  const tangent = new Float64Array(n + functions.p)
  // t, h and the end of the step; captured variables would box a number at every step
  const now = new Float64Array(3)
  let ready = 0
  const timeOf = (i: number) => (c[i] === 1 ? now[2] : now[0] + c[i] * now[1])

  /** Yᵢ and kᵢ up to a stage; those of dense output only where an output asks for them. */
  const stagesUpTo = (count: number) => {
    const size = now[1]
    for (let i = ready; i < count; i++) {
      for (let m = 0; m < n; m++) {
        let sum = 0
        for (let j = 0; j < a[i].length; j++) sum += a[i][j] * slopes[j * n + m]
        point[m] = points[m] + size * sum
      }
      points.set(point, i * n)
      f(timeOf(i), point, rate, theta)
      slopes.set(rate, i * n)
    }
    ready = Math.max(ready, count)
  }

  return {
    enter(t, h, end, y, at) {
      now[0] = t
      now[1] = h
      now[2] = end
      ready = 0
      for (let m = 0; m < n; m++) points[m] = y[at + m]
    },

    increment(out) {
      const size = now[1]
      stagesUpTo(own)
      for (let m = 0; m < n; m++) {
        let sum = 0
        for (let i = 0; i < own; i++) sum += b[i] * slopes[i * n + m]
        out[m] = size * sum
      }
    },

    pullback(lambda, mu, outputs) {
      const size = now[1]
      const { positions, values, first, last } = outputs
      const used = last > first ? stages : own
      stagesUpTo(used)
      for (let i = 0; i < used; i++) for (let m = 0; m < n; m++) changes[i * n + m] = size * b[i] * lambda[m]
      for (let s = first; s < last; s++) {
        table.weights(positions[s], weight)
        for (let m = 0; m < n; m++) {
          const g = values[s * n + m]
          lambda[m] += g
          for (let i = 0; i < used; i++) changes[i * n + m] += size * weight[i] * g
        }
      }
      for (let i = used - 1; i >= 0; i--) {
        if (isZero(changes, i * n, n)) continue
        const pulled = functions.vjp(timeOf(i), points, changes, i * n)
        for (let m = 0; m < n; m++) {
          lambda[m] += pulled[m]
          for (let j = 0; j < a[i].length; j++) changes[j * n + m] += size * a[i][j] * pulled[m]
        }
        for (let k = 0; k < mu.length; k++) mu[k] += pulled[n + k]
      }
    },

    pushforward(dy, dtheta, outputs) {
      const size = now[1]
      const { positions, values, first, last } = outputs
      const used = last > first ? stages : own
      stagesUpTo(used)
      tangent.set(dtheta, n)
      for (let i = 0; i < used; i++) {
        for (let m = 0; m < n; m++) {
          let sum = 0
          for (let j = 0; j < a[i].length; j++) sum += a[i][j] * changes[j * n + m]
          tangent[m] = dy[m] + size * sum
        }
        functions.jvp(timeOf(i), points, tangent, changes, i * n)
      }
      for (let s = first; s < last; s++) {
        table.weights(positions[s], weight)
        for (let m = 0; m < n; m++) {
          let sum = 0
          for (let i = 0; i < used; i++) sum += weight[i] * changes[i * n + m]
          values[s * n + m] = dy[m] + size * sum
        }
      }
      for (let m = 0; m < n; m++) {
        let sum = 0
        for (let i = 0; i < own; i++) sum += b[i] * changes[i * n + m]
        dy[m] += size * sum
      }
    },

    slope(sigma, out) {
      stagesUpTo(stages)
      table.slopes(sigma, weight)
      for (let m = 0; m < n; m++) {
        let sum = 0
        for (let i = 0; i < stages; i++) sum += weight[i] * slopes[i * n + m]
        out[m] = sum
      }
    },
  }
}

function isZero(x: Float64Array, start: number, length: number): boolean {
  for (let i = start; i < start + length; i++) if (x[i] !== 0) return false
  return true
}
