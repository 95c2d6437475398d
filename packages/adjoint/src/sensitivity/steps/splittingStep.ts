import type { Splitting } from '@separatrix/ode'
import type { DerivativeFunctions } from './derivativeFunctions.js'
import type { StepDerivative } from './stepDerivative.js'

/**
 * The step of a splitting method on a separable field: substeps z ← z + h·c·P f(t, z), P choosing momenta
 * (kick) or positions (drift), are taken back one by one: λ ← λ + (∂f/∂z)ᵀ h·c·Pλ. Cost: one more step and a
 * vjp per substep.
 */
export function splittingStep(
  { substeps }: Splitting,
  parts: { readonly q: readonly number[]; readonly p: readonly number[] },
  functions: DerivativeFunctions,
): Omit<StepDerivative, 'slope'> {
  const { n, p, f, theta } = functions
  const points = new Float64Array((substeps.length + 1) * n)
  const moves = { kick: Int32Array.from(parts.p), drift: Int32Array.from(parts.q) }
  const progress = startsOf(substeps)
  const [point, rate, part] = Array.from({ length: 3 }, () => new Float64Array(n))
  const tangent = new Float64Array(n + p)
  // t, h and the end of the step; captured variables would box a number at every step
  const now = new Float64Array(3)
  const timeOf = (k: number) => (Math.abs(progress[k] - 1) < 1e-15 ? now[2] : now[0] + progress[k] * now[1])

  return {
    enter(t, h, end, y, at) {
      now[0] = t
      now[1] = h
      now[2] = end
      for (let m = 0; m < n; m++) points[m] = point[m] = y[at + m]
      substeps.forEach(([kind, c], k) => {
        f(timeOf(k), point, rate, theta)
        for (const i of moves[kind]) point[i] += h * c * rate[i]
        points.set(point, (k + 1) * n)
      })
    },

    pullback(lambda, mu) {
      for (let k = substeps.length - 1; k >= 0; k--) {
        const [kind, c] = substeps[k]
        part.fill(0)
        for (const i of moves[kind]) part[i] = now[1] * c * lambda[i]
        for (let m = 0; m < n; m++) point[m] = points[k * n + m]
        const pulled = functions.vjp(timeOf(k), point, part, 0)
        for (let m = 0; m < n; m++) lambda[m] += pulled[m]
        for (let j = 0; j < p; j++) mu[j] += pulled[n + j]
      }
    },

    pushforward(dy, dtheta) {
      tangent.set(dtheta, n)
      substeps.forEach(([kind, c], k) => {
        tangent.set(dy)
        for (let m = 0; m < n; m++) point[m] = points[k * n + m]
        functions.jvp(timeOf(k), point, tangent, rate, 0)
        for (const i of moves[kind]) dy[i] += now[1] * c * rate[i]
      })
    },
  }
}

/**
 * At which part of the step each substep evaluates: kicks where the drifts have come to, drifts where the
 * kicks have.
 */
function startsOf(substeps: Splitting['substeps']): number[] {
  const passed = { kick: 0, drift: 0 }
  return substeps.map(([kind, c]) => {
    const at = kind === 'kick' ? passed.drift : passed.kick
    passed[kind] += c
    return at
  })
}
