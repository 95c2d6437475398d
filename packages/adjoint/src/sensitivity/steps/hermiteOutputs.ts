import type { DerivativeFunctions } from './derivativeFunctions.js'
import type { StepDerivative, StepOutputs } from './stepDerivative.js'

/**
 * Adds outputs inside steps to the derivative of a step whose method has no interpolant of its own: cubic
 * Hermite interpolation y(σ) = H₀y + H₁y¹ + h(K₀f(y) + K₁f(y¹)), H₁ = σ²(3 − 2σ), H₀ = 1 − H₁, K₀ = σ(1 −
 * σ)², K₁ = −σ²(1 − σ). Hairer, Nørsett & Wanner, Solving ODEs I, (II.6.7). Cost: two more vjps in a step
 * with outputs.
 */
export function hermiteOutputs(
  step: Omit<StepDerivative, 'slope'>,
  functions: DerivativeFunctions,
): StepDerivative {
  const { n, p } = functions
  const [start, end] = [new Float64Array(n), new Float64Array(n)]
  const parts = Array.from({ length: 4 }, () => new Float64Array(n))
  const [onStart, onEnd, onStartSlope, onEndSlope] = parts
  const tangent = new Float64Array(n + p)
  const none: StepOutputs = { positions: new Float64Array(0), values: new Float64Array(0), first: 0, last: 0 }
  const [before, slopeBefore, slopeAfter] = Array.from({ length: 3 }, () => new Float64Array(n))
  // t, h and the end of the step; captured variables would box a number at every step
  const now = new Float64Array(3)

  const pullSlope = (
    t: number,
    y: Float64Array,
    w: Float64Array,
    into: { readonly lambda: Float64Array; readonly mu: Float64Array },
  ) => {
    const pulled = functions.vjp(t, y, w, 0)
    for (let m = 0; m < n; m++) into.lambda[m] += pulled[m]
    for (let k = 0; k < into.mu.length; k++) into.mu[k] += pulled[n + k]
  }
  const pushSlope = (
    t: number,
    y: Float64Array,
    dy: Float64Array,
    dtheta: Float64Array,
    out: Float64Array,
  ) => {
    tangent.set(dy)
    tangent.set(dtheta, n)
    functions.jvp(t, y, tangent, out, 0)
  }

  return {
    pullbackSteps: step.pullbackSteps,

    enter(t, h, until, y, at) {
      now[0] = t
      now[1] = h
      now[2] = until
      for (let m = 0; m < n; m++) {
        start[m] = y[at + m]
        end[m] = y[at + n + m]
      }
      step.enter(t, h, until, y, at)
    },

    pullback(lambda, mu, outputs) {
      if (outputs.last === outputs.first) {
        step.pullback(lambda, mu, outputs)
        return
      }
      for (const part of parts) part.fill(0)
      for (let s = outputs.first; s < outputs.last; s++) {
        const [h0, h1, k0, k1] = weights(outputs.positions[s], now[1])
        for (let m = 0; m < n; m++) {
          const g = outputs.values[s * n + m]
          onStart[m] += h0 * g
          onEnd[m] += h1 * g
          onStartSlope[m] += k0 * g
          onEndSlope[m] += k1 * g
        }
      }
      for (let m = 0; m < n; m++) lambda[m] += onEnd[m]
      pullSlope(now[2], end, onEndSlope, { lambda, mu })
      step.pullback(lambda, mu, none)
      for (let m = 0; m < n; m++) lambda[m] += onStart[m]
      pullSlope(now[0], start, onStartSlope, { lambda, mu })
    },

    pushforward(dy, dtheta, outputs) {
      before.set(dy)
      step.pushforward(dy, dtheta, none)
      if (outputs.last === outputs.first) return
      pushSlope(now[0], start, before, dtheta, slopeBefore)
      pushSlope(now[2], end, dy, dtheta, slopeAfter)
      for (let s = outputs.first; s < outputs.last; s++) {
        const [h0, h1, k0, k1] = weights(outputs.positions[s], now[1])
        for (let m = 0; m < n; m++)
          outputs.values[s * n + m] = h0 * before[m] + h1 * dy[m] + k0 * slopeBefore[m] + k1 * slopeAfter[m]
      }
    },

    slope(sigma, out) {
      functions.f(now[0], start, slopeBefore, functions.theta)
      functions.f(now[2], end, slopeAfter, functions.theta)
      const chord = (6 * sigma * (1 - sigma)) / now[1]
      const [onBefore, onAfter] = [1 - 4 * sigma + 3 * sigma * sigma, 3 * sigma * sigma - 2 * sigma]
      for (let m = 0; m < n; m++)
        out[m] = chord * (end[m] - start[m]) + onBefore * slopeBefore[m] + onAfter * slopeAfter[m]
    },
  }
}

function weights(sigma: number, h: number): readonly [number, number, number, number] {
  const rest = 1 - sigma
  const end = sigma * sigma * (1 + 2 * rest)
  return [1 - end, end, h * sigma * rest * rest, -h * sigma * sigma * rest]
}
