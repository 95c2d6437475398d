import { midpointSubsteps as substeps } from '@separatrix/ode'
import type { DerivativeFunctions } from './derivativeFunctions.js'
import type { StepDerivative } from './stepDerivative.js'

/** Rows of the steps that output between steps is found by, as in the solver. */
const outputRows = 7

/**
 * T_rr as a combination Σ cᵢTᵢ₁ of the midpoint results: Lagrange's weights at 0 in h², cᵢ = Π_{k≠i} nᵢ²/(nᵢ² −
 * n_k²), per number of rows.
 */
const weights = substeps.map((_, last) =>
  substeps
    .slice(0, last + 1)
    .map((own, i) =>
      substeps
        .slice(0, last + 1)
        .reduce((c, n, k) => (k === i ? c : (c * own * own) / (own * own - n * n)), 1),
    ),
)

/**
 * Gragg's extrapolated midpoint steps, differentiated: each row z₁ = y + w f(y), z_{s+1} = z_{s−1} + 2w f(z_s)
 * goes back by its own recurrence, weighted as extrapolation does. How many rows a step of variable order took
 * is not on the tape; rows are computed again until their result is the state that followed. Outputs inside a
 * step are shorter steps. Hairer, Nørsett & Wanner, Solving ODEs I, §II.9. Cost: the step again, and a vjp per
 * evaluation.
 */
export function extrapolatedStep(functions: DerivativeFunctions): StepDerivative {
  const { n, p, f, theta } = functions
  const most = substeps.reduce((sum, count) => sum + count, 0)
  const points = new Float64Array(most * n)
  const [y, slope, rate, point, end, best] = Array.from({ length: 6 }, () => new Float64Array(n))
  const table = substeps.map(() => new Float64Array(n))
  const [before, middle, after, onSlope, total] = Array.from({ length: 5 }, () => new Float64Array(n))
  const [tangent, slopeTangent] = [new Float64Array(n + p), new Float64Array(n)]
  // t, h, rows of the step that was entered; captured variables would box a number at every step
  const now = new Float64Array(3)
  const startOf = substeps.map((_, j) => substeps.slice(0, j).reduce((sum, count) => sum + count, 0) * n)

  /** row j of a step of size h, its points kept: z_0 is y and not among them, z_1 … z_n are */
  const row = (j: number, h: number) => {
    const w = h / substeps[j]
    const at = startOf[j]
    for (let m = 0; m < n; m++) points[at + m] = y[m] + w * slope[m]
    for (let s = 1; s < substeps[j]; s++) {
      for (let m = 0; m < n; m++) point[m] = points[at + (s - 1) * n + m]
      f(now[0] + s * w, point, rate, theta)
      for (let m = 0; m < n; m++)
        points[at + s * n + m] = (s === 1 ? y[m] : points[at + (s - 2) * n + m]) + 2 * w * rate[m]
    }
    // Aitken and Neville's scheme in the solver's own order of operations, so that results are the same doubles
    for (let m = 0; m < n; m++) {
      let value = points[at + (substeps[j] - 1) * n + m]
      for (let k = 0; k <= j; k++) {
        const old = table[k][m]
        table[k][m] = value
        if (k === j) break
        const ratio = substeps[j] / substeps[j - k - 1]
        value += (value - old) / (ratio * ratio - 1)
      }
      best[m] = table[j][m]
    }
  }

  /** the rows whose result is the state after the step, or comes closest */
  const findRows = (): number => {
    let [rows, least] = [1, Number.POSITIVE_INFINITY]
    for (let j = 0; j < substeps.length; j++) {
      row(j, now[1])
      const distance = best.reduce((most, v, m) => Math.max(most, Math.abs(v - end[m])), 0)
      if (distance < least) {
        least = distance
        rows = j + 1
      }
      if (distance === 0) break
    }
    return rows
  }

  const take = (rows: number, h: number) => {
    for (let j = 0; j < rows; j++) row(j, h)
  }

  /** into[…] += (∂T/∂y)ᵀw for the rows that were taken */
  const pull = (rows: number, h: number, w: Float64Array, mu: Float64Array) => {
    onSlope.fill(0)
    total.fill(0)
    for (let j = 0; j < rows; j++) {
      const size = h / substeps[j]
      for (let m = 0; m < n; m++) {
        after[m] = weights[rows - 1][j] * w[m]
        middle[m] = 0
      }
      for (let s = substeps[j] - 1; s >= 1; s--) {
        for (let m = 0; m < n; m++) {
          point[m] = points[startOf[j] + (s - 1) * n + m]
          rate[m] = 2 * size * after[m]
        }
        const pulled = functions.vjp(now[0] + s * size, point, rate, 0)
        for (let k = 0; k < p; k++) mu[k] += pulled[n + k]
        for (let m = 0; m < n; m++) {
          const onEarlier = after[m]
          after[m] = middle[m] + pulled[m]
          middle[m] = onEarlier
        }
      }
      for (let m = 0; m < n; m++) {
        total[m] += middle[m] + after[m]
        onSlope[m] += size * after[m]
      }
    }
    const pulled = functions.vjp(now[0], y, onSlope, 0)
    for (let k = 0; k < p; k++) mu[k] += pulled[n + k]
    for (let m = 0; m < n; m++) total[m] += pulled[m]
    return total
  }

  const push = (rows: number, h: number, dy: Float64Array, dtheta: Float64Array) => {
    total.fill(0)
    tangent.set(dtheta, n)
    tangent.set(dy)
    functions.jvp(now[0], y, tangent, slopeTangent, 0)
    for (let j = 0; j < rows; j++) {
      const size = h / substeps[j]
      for (let m = 0; m < n; m++) {
        before[m] = dy[m]
        middle[m] = dy[m] + size * slopeTangent[m]
      }
      for (let s = 1; s < substeps[j]; s++) {
        for (let m = 0; m < n; m++) point[m] = points[startOf[j] + (s - 1) * n + m]
        tangent.set(middle)
        functions.jvp(now[0] + s * size, point, tangent, rate, 0)
        for (let m = 0; m < n; m++) {
          const next = before[m] + 2 * size * rate[m]
          before[m] = middle[m]
          middle[m] = next
        }
      }
      for (let m = 0; m < n; m++) total[m] += weights[rows - 1][j] * middle[m]
    }
    return total
  }

  return {
    enter(t, h, _end, states, at) {
      now[0] = t
      now[1] = h
      for (let m = 0; m < n; m++) {
        y[m] = states[at + m]
        end[m] = states[at + n + m]
      }
      f(t, y, slope, theta)
      now[2] = findRows()
    },

    pullback(lambda, mu, { positions, values, first, last }) {
      take(now[2], now[1])
      const own = pull(now[2], now[1], lambda, mu)
      lambda.set(own)
      for (let s = first; s < last; s++) {
        take(outputRows, positions[s] * now[1])
        for (let m = 0; m < n; m++) before[m] = values[s * n + m]
        const pulled = pull(outputRows, positions[s] * now[1], before, mu)
        for (let m = 0; m < n; m++) lambda[m] += pulled[m]
      }
    },

    pushforward(dy, dtheta, { positions, values, first, last }) {
      for (let s = first; s < last; s++) {
        take(outputRows, positions[s] * now[1])
        values.set(push(outputRows, positions[s] * now[1], dy, dtheta), s * n)
      }
      take(now[2], now[1])
      dy.set(push(now[2], now[1], dy, dtheta))
    },

    // an output is a step of order 14: its derivative is f to far below the error of the method
    slope(sigma, out) {
      take(outputRows, sigma * now[1])
      point.set(best)
      f(now[0] + sigma * now[1], point, out, theta)
    },
  }
}
