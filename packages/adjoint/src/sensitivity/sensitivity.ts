import { type Field, isField, misuse, show } from '@separatrix/field/core'
import type { SolveOptions, SolveStats, SolveStatus } from '@separatrix/ode'
import ndarray from 'ndarray'
import { derivativeFunctions } from './derivativeFunctions.js'
import { differentiateStep } from './differentiateStep.js'
import { forwardSweep } from './forwardSweep.js'
import type { SolutionLoss } from './loss.js'
import { outputTimes } from './outputTimes.js'
import { recordSolve } from './recordSolve.js'
import { reverseSweep } from './reverseSweep.js'

/** How the gradient is found; see {@link sensitivity}. */
export type Via = 'discrete' | 'forward'

export interface SensitivityOptions extends Omit<SolveOptions, 'observers'> {
  readonly via: Via
  readonly loss: SolutionLoss
}

export interface Sensitivity {
  readonly value: number
  /** ∂L/∂y₀ */
  readonly dy0: Float64Array
  /** ∂L/∂θ, laid out as field.layout */
  readonly dtheta: Float64Array
  /** of the solve forwards */
  readonly stats: SolveStats
  /** 'success', or why the solve ended early: value and gradients are then NaN */
  readonly status: SolveStatus
  readonly message: string
}

/**
 * The gradient of a loss of a solution in the initial state and the parameters.
 *
 * - `discrete`: reverse differentiation of the very steps that were taken, outputs inside steps included: exact to
 *   rounding for the computed solution, step sizes being constants. Cost: about three solves, whatever p; memory n + 2 a step.
 * - `forward`: tangents through the same steps. The same numbers; cost grows with n + p.
 *
 * `y` and `dy` of the loss are what {@link solve} returns for the same options: rows are `saveAt`, or all accepted steps.
 * A prepared version for many calls is {@link prepareSensitivity}.
 * @example
 * const { value, dy0, dtheta } = sensitivity(lotkaVolterra, [1, 1], [0, 10], {
 *   method: dopri5, rtol: 1e-8, atol: 1e-10, saveAt: [5, 10], via: 'discrete',
 *   loss: { value: (y) => y.get(1, 0), gradient: (_y, dy) => dy.set(1, 0, 1) },
 * })
 */
export function sensitivity(
  field: Field,
  y0: ArrayLike<number>,
  span: readonly [number, number],
  options: SensitivityOptions,
): Sensitivity {
  return prepareSensitivity(field, options.method, options.via)(y0, span, options)
}

/** A gradient computation whose derivatives are compiled; `theta` may differ from call to call. */
export type PreparedSensitivity = (
  y0: ArrayLike<number>,
  span: readonly [number, number],
  options: Omit<SensitivityOptions, 'via'>,
) => Sensitivity

/** Compiles what {@link sensitivity} needs once, for training loops. */
export function prepareSensitivity(
  field: Field,
  method: SolveOptions['method'],
  via: Via,
): PreparedSensitivity {
  if (!isField(field))
    throw misuse({
      where: 'sensitivity',
      expected: 'a field, whose derivatives are known',
      got: show(field),
      try: 'system({ … }) or network({ … }) instead of a function',
      code: 'no-derivative',
    })
  const [n, p] = [field.stateSize, field.theta.length]
  const functions = derivativeFunctions(field, via === 'forward' ? 'pushforward' : 'pullback')
  const derivative = differentiateStep(method, functions, field)
  return (y0, span, { loss, ...options }) => {
    const { solution, tape } = recordSolve(field, y0, span, options)
    const { stats, status, message, y } = solution
    if (status !== 'success')
      return { value: Number.NaN, dy0: nan(n), dtheta: nan(p), stats, status, message }
    functions.theta.set(options.theta ?? field.theta)
    const value = loss.value(y)
    const cotangents = new Float64Array(y.data.length)
    loss.gradient(y, ndarray(cotangents, y.shape))
    const outputs = outputTimes(solution.t, tape)
    const [dy0, dtheta] = [new Float64Array(n), new Float64Array(p)]
    if (via === 'discrete') {
      reverseSweep(tape, derivative, outputs, cotangents, { lambda: dy0, mu: dtheta })
    } else {
      const tangents = forwardSweep(tape, derivative, outputs, { n, p })
      tangents.forEach((values, k) => {
        const total = values.reduce((sum, v, i) => sum + v * cotangents[i], 0)
        if (k < n) dy0[k] = total
        else dtheta[k - n] = total
      })
    }
    return { value, dy0, dtheta, stats, status, message }
  }
}

function nan(length: number): Float64Array {
  return new Float64Array(length).fill(Number.NaN)
}
