import type { ExplicitMethod } from '@separatrix/ode'
import type { DerivativeFunctions } from './derivativeFunctions.js'
import { explicitStep } from './explicitStep.js'
import type { StepOutputs } from './stepDerivative.js'

/** A step of a tape, t to end by h. */
export interface TakenStep {
  readonly t: number
  readonly h: number
  readonly end: number
}

/** Cotangents of a pair (y, z). */
export interface PairCotangents {
  readonly onY: Float64Array
  readonly onZ: Float64Array
}

/**
 * A method that carries a pair (y, z) and whose steps can be taken back exactly; y and z are changed in place.
 */
export interface ReversibleScheme {
  readonly y: Float64Array
  readonly z: Float64Array
  /** z from y */
  start(t: number): void
  forth(step: TakenStep): void
  /** to the pair before the step, cotangents and ∂L/∂(θ, shift) along; returns h ∂L/∂h */
  back(step: TakenStep, on: PairCotangents, mu: Float64Array): number
  /** the cotangent of z at a start becomes one of y, which z was made from */
  backStart(t: number, on: PairCotangents, mu: Float64Array): void
}

const nothing: StepOutputs = {
  positions: new Float64Array(0),
  values: new Float64Array(0),
  first: 0,
  last: 0,
}

const pair = (n: number) => ({ y: new Float64Array(n), z: new Float64Array(n) })

/** For schemes that start from z = y. */
function copies(y: Float64Array, z: Float64Array): Pick<ReversibleScheme, 'start' | 'backStart'> {
  return {
    start: () => z.set(y),
    backStart(_t, { onY, onZ }) {
      for (let m = 0; m < onY.length; m++) onY[m] += onZ[m]
      onZ.fill(0)
    },
  }
}

/**
 * McCallum & Foster's scheme around a Runge–Kutta method with increments Ψ_h(t, y) = Φ_h(y) − y: y¹ = λy + (1 −
 * λ)z + Ψ_h(t, z), z¹ = z − Ψ_{−h}(t + h, y¹), from z₀ = y₀; it has the method's order. arXiv:2410.11648,
 * definition 3.1. Cost: twice the stages forth, four times back.
 */
export function coupledScheme(
  method: ExplicitMethod,
  functions: DerivativeFunctions,
  coupling: number,
): ReversibleScheme {
  const { n, lengthening } = functions
  const step = explicitStep(method, functions)
  const { y, z } = pair(n)
  const [change, pulled] = [new Float64Array(n), new Float64Array(n)]
  return {
    y,
    z,
    ...copies(y, z),
    forth({ t, h, end }) {
      step.enter(t, h, end, z, 0)
      step.increment(change)
      for (let m = 0; m < n; m++) y[m] = coupling * y[m] + (1 - coupling) * z[m] + change[m]
      step.enter(end, -h, t, y, 0)
      step.increment(change)
      for (let m = 0; m < n; m++) z[m] -= change[m]
    },
    back({ t, h, end }, { onY, onZ }, mu) {
      lengthening.measure(t)
      // z¹ = z − Ψ(y¹); a pullback gives (I + ∂Ψ)ᵀw, hence ∂Ψᵀw as a difference
      step.enter(end, -h, t, y, 0)
      step.increment(change)
      for (let m = 0; m < n; m++) pulled[m] = -onZ[m]
      step.pullback(pulled, mu, nothing)
      for (let m = 0; m < n; m++) {
        z[m] += change[m]
        onY[m] += pulled[m] + onZ[m]
      }
      // y¹ = λy + (1 − λ)z + Ψ(z)
      step.enter(t, h, end, z, 0)
      step.increment(change)
      pulled.set(onY)
      step.pullback(pulled, mu, nothing)
      for (let m = 0; m < n; m++) {
        y[m] = (y[m] - (1 - coupling) * z[m] - change[m]) / coupling
        onZ[m] += (1 - coupling) * onY[m] + (pulled[m] - onY[m])
        onY[m] *= coupling
      }
      return lengthening.measured()
    },
  }
}

/** {@link reversibleHeun}: z is the second argument of f. Cost: two vjps a step back. */
export function heunScheme(functions: DerivativeFunctions): ReversibleScheme {
  const { n, p, f, theta, lengthening } = functions
  const { y, z } = pair(n)
  const [before, after, w] = Array.from({ length: 3 }, () => new Float64Array(n))
  return {
    y,
    z,
    ...copies(y, z),
    forth({ t, h, end }) {
      f(t, z, before, theta)
      for (let m = 0; m < n; m++) z[m] = 2 * y[m] - z[m] + h * before[m]
      f(end, z, after, theta)
      for (let m = 0; m < n; m++) y[m] += (h / 2) * (before[m] + after[m])
    },
    back({ t, h, end }, { onY, onZ }, mu) {
      lengthening.measure(t)
      f(end, z, after, theta)
      for (let m = 0; m < n; m++) w[m] = (h / 2) * onY[m]
      const onEnd = functions.vjp(end, z, w, 0)
      for (let m = 0; m < n; m++) onZ[m] += onEnd[m]
      for (let k = 0; k < p; k++) mu[k] += onEnd[n + k]
      for (let m = 0; m < n; m++) z[m] = 2 * y[m] - z[m] - h * after[m]
      f(t, z, before, theta)
      for (let m = 0; m < n; m++) {
        y[m] -= (h / 2) * (before[m] + after[m])
        w[m] += h * onZ[m]
        onY[m] += 2 * onZ[m]
      }
      const onStart = functions.vjp(t, z, w, 0)
      for (let m = 0; m < n; m++) onZ[m] = onStart[m] - onZ[m]
      for (let k = 0; k < p; k++) mu[k] += onStart[n + k]
      return lengthening.measured()
    },
  }
}

/** {@link asynchronousLeapfrog}: z is a velocity. Cost: a vjp a step back. */
export function leapfrogScheme(functions: DerivativeFunctions): ReversibleScheme {
  const { n, p, f, theta } = functions
  const { y, z } = pair(n)
  const [middle, slope, w] = Array.from({ length: 3 }, () => new Float64Array(n))
  return {
    y,
    z,
    start(t) {
      f(t, y, z, theta)
    },
    forth({ t, h }) {
      for (let m = 0; m < n; m++) middle[m] = y[m] + (h / 2) * z[m]
      f(t + h / 2, middle, slope, theta)
      for (let m = 0; m < n; m++) {
        z[m] = 2 * slope[m] - z[m]
        y[m] = middle[m] + (h / 2) * z[m]
      }
    },
    back({ t, h }, { onY, onZ }, mu) {
      // h multiplies velocities here, and not f
      let onLength = 0
      for (let m = 0; m < n; m++) {
        middle[m] = y[m] - (h / 2) * z[m]
        onLength += (h / 2) * onY[m] * z[m]
        onZ[m] += (h / 2) * onY[m]
        w[m] = 2 * onZ[m]
      }
      f(t + h / 2, middle, slope, theta)
      const pulled = functions.vjp(t + h / 2, middle, w, 0)
      for (let k = 0; k < p; k++) mu[k] += pulled[n + k]
      onLength += (h / 2) * pulled[n + p - 1]
      for (let m = 0; m < n; m++) {
        z[m] = 2 * slope[m] - z[m]
        y[m] = middle[m] - (h / 2) * z[m]
        onY[m] += pulled[m]
        onLength += (h / 2) * onY[m] * z[m]
        onZ[m] = (h / 2) * onY[m] - onZ[m]
      }
      return onLength
    },
    backStart(t, { onY, onZ }, mu) {
      const pulled = functions.vjp(t, y, onZ, 0)
      for (let m = 0; m < n; m++) onY[m] += pulled[m]
      for (let k = 0; k < p; k++) mu[k] += pulled[n + k]
      onZ.fill(0)
    },
  }
}
