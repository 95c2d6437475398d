import type { Field } from '@separatrix/field/core'
import { type Method, type Solution, solve } from '@separatrix/ode'
import { lossOf, noGradient, type PreparedSensitivity, solving } from '../gradient.js'
import { derivativeFunctions } from '../steps/derivativeFunctions.js'
import { backOverOutputs, backwardOptions, failedBackwards } from './backwardSolve.js'
import { denseRecord } from './denseRecord.js'

/**
 * The adjoint equation with y read from the dense output of the solve forwards: stable where `backsolve` is
 * not; memory n + 2 a step. Right up to tolerances and to the order of the interpolant.
 */
export function interpolated(field: Field, _method: Method): PreparedSensitivity {
  const [n, p] = [field.stateSize, field.theta.length]
  const functions = derivativeFunctions(field, 'pullback')
  return (y0, span, options) => {
    const forwards = denseRecord(span[0], y0)
    const solution = solve(field, y0, span, { ...solving(options), observers: forwards.observers })
    const { stats, status, message } = solution
    if (status !== 'success') return noGradient(solution, n, p)
    functions.theta.set(options.theta ?? field.theta)
    const { value, cotangents } = lossOf(options.loss, solution)
    const backward = backwardOptions(options, { size: n + p, counted: n })
    const z = new Float64Array(n + p)
    const y = new Float64Array(n)
    const rate = (t: number, now: Float64Array, out: Float64Array) => {
      forwards.at(t, y)
      const pulled = functions.vjp(t, y, now, 0)
      for (let i = 0; i < n + p; i++) out[i] = -pulled[i]
    }
    let failure: Solution | undefined
    const arrived = backOverOutputs(
      solution.t,
      span[0],
      (s) => {
        for (let m = 0; m < n; m++) z[m] += cotangents[s * n + m]
      },
      (from, to) => {
        const back = solve(rate, z, [from, to], { ...backward, saveAt: 'end' })
        z.set(back.y.data)
        if (back.status !== 'success') failure = back
        return failure === undefined
      },
    )
    if (!arrived && failure !== undefined)
      return noGradient({ ...failure, stats, message: failedBackwards(failure, field) }, n, p)
    return { value, dy0: z.slice(0, n), dtheta: z.slice(n), stats, status, message }
  }
}
