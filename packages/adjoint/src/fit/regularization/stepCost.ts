import { compile, type Field, vjp } from '@separatrix/field/core'
import type { ExplicitMethod } from '@separatrix/ode'

/** What the steps of a path cost, and the way back through one of them. */
export interface StepCost {
  /** the cost of the step of size h at (t, y), whose stages are kept */
  forward(t: number, h: number, y: Float64Array, theta: Float64Array): number
  /**
   * of the last step: λ = ∂/∂y¹ becomes ∂/∂y, the cost's own part included, and ∂/∂θ is added to `dtheta`; allocates
   * nothing
   */
  reverse(lambda: Float64Array, dtheta: Float64Array): void
}

/**
 * error·|e|² + stiffness·S² of a step, with the error estimate e = h Σ b̃ᵢkᵢ and S² = |k_a − k_b|²/|g_a − g_b|² of the
 * last two stages at c = 1, whose states g differ by terms of high order (Shampine's estimate, as in DOPRI5); 0 where
 * those states coincide.
 */
export function stepCost(
  field: Field,
  { a, b, bError = [], c, stages }: ExplicitMethod,
  { error, stiffness }: { readonly error: number; readonly stiffness: number },
): StepCost {
  const [n, p] = [field.stateSize, field.theta.length]
  const slope = compile(field)
  const pull = compile(vjp(field, { wrt: ['state', 'theta'] }))
  const vectors = (length: number) => Array.from({ length: stages }, () => new Float64Array(length))
  // of stage i: [g; k̄], which is the argument of the pullback, the slope k, and ḡ
  const [states, slopes, stateCotangents] = [vectors(2 * n), vectors(n), vectors(n)]
  const [estimate, back] = [new Float64Array(n), new Float64Array(n + p)]
  const [last, other] = stagesAtEnd(c)
  const measured = stiffness > 0 && other !== undefined ? other : undefined
  const at = { t: 0, h: 0, theta: field.theta, rise: 0, run: 0 }
  return {
    forward(t, h, y, theta) {
      Object.assign(at, { t, h, theta })
      estimate.fill(0)
      for (let i = 0; i < stages; i++) {
        for (let k = 0; k < n; k++) {
          let sum = 0
          for (let j = 0; j < i; j++) sum += a[i][j] * slopes[j][k]
          states[i][k] = y[k] + h * sum
        }
        slope(t + c[i] * h, states[i], slopes[i], theta)
        for (let k = 0; k < n; k++) estimate[k] += h * (bError[i] ?? 0) * slopes[i][k]
      }
      let cost = 0
      for (let k = 0; k < n; k++) cost += error * estimate[k] ** 2
      if (measured === undefined) return cost
      at.rise = squaredDistance(slopes[last], slopes[measured], n)
      at.run = squaredDistance(states[last], states[measured], n)
      return at.run === 0 ? cost : cost + (stiffness * at.rise) / at.run
    },
    reverse(lambda, dtheta) {
      const { t, h, theta, rise, run } = at
      for (let i = 0; i < stages; i++) {
        stateCotangents[i].fill(0)
        for (let k = 0; k < n; k++)
          states[i][n + k] = h * (b[i] * lambda[k] + 2 * error * (bError[i] ?? 0) * estimate[k])
      }
      if (measured !== undefined && run > 0)
        for (let k = 0; k < n; k++) {
          const dk = (2 * stiffness * (slopes[last][k] - slopes[measured][k])) / run
          const dg = (-2 * stiffness * rise * (states[last][k] - states[measured][k])) / run ** 2
          states[last][n + k] += dk
          states[measured][n + k] -= dk
          stateCotangents[last][k] += dg
          stateCotangents[measured][k] -= dg
        }
      for (let i = stages - 1; i >= 0; i--) {
        pull(t + c[i] * h, states[i], back, theta)
        for (let k = 0; k < n; k++) {
          const total = stateCotangents[i][k] + back[k]
          lambda[k] += total
          for (let j = 0; j < i; j++) states[j][n + k] += h * a[i][j] * total
        }
        for (let k = 0; k < p; k++) dtheta[k] += back[n + k]
      }
    },
  }
}

/** The last two stages at c = 1; the second undefined where there is one only. */
export function stagesAtEnd(c: readonly number[]): readonly [number, number | undefined] {
  const at = c.flatMap((v, i) => (v === 1 ? [i] : []))
  return [at.at(-1) ?? c.length - 1, at.at(-2)]
}

function squaredDistance(x: Float64Array, y: Float64Array, n: number): number {
  let sum = 0
  for (let k = 0; k < n; k++) sum += (x[k] - y[k]) ** 2
  return sum
}
