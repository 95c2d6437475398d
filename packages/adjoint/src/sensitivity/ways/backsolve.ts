import type { Field } from '@separatrix/field/core'
import { type Method, type Solution, solve } from '@separatrix/ode'
import { lossOf, noGradient, type PreparedSensitivity, solving } from '../gradient.js'
import { adjointField } from '../steps/adjointField.js'
import { backOverOutputs, backwardOptions, failedBackwards } from './backwardSolve.js'
import { departures, largestDeparture, percent } from './departure.js'

/**
 * The adjoint equation with y solved backwards along: no memory but the outputs, at which y is put back to
 * what was found forwards. Right up to tolerances. Where the field contracts strongly y is lost between
 * outputs: how far it misses them and y₀ is checked, and the status 'unstable' says so. Chen et al., NeurIPS
 * 2018.
 */
export function backsolve(field: Field, _method: Method): PreparedSensitivity {
  const [n, p] = [field.stateSize, field.theta.length]
  const adjoint = adjointField(field)
  return (y0, span, options) => {
    const solution = solve(field, y0, span, solving(options))
    const { stats, status, message } = solution
    if (status !== 'success') return noGradient(solution, n, p)
    const { value, cotangents } = lossOf(options.loss, solution)
    const backward = backwardOptions(options, { size: 2 * n + p, counted: 2 * n })
    const theta = options.theta ?? field.theta
    const z = new Float64Array(2 * n + p)
    const lost = departures(n, solution.y.data)
    let failure: Solution | undefined
    const arrived = backOverOutputs(
      solution.t,
      span[0],
      (s) => {
        if (s < solution.t.length - 1) lost.compare(z, 0, solution.y.data, s * n)
        for (let m = 0; m < n; m++) {
          z[m] = solution.y.data[s * n + m]
          z[n + m] += cotangents[s * n + m]
        }
      },
      (from, to) => {
        const back = solve(adjoint, z, [from, to], { ...backward, theta, saveAt: 'end' })
        z.set(back.y.data)
        if (back.status !== 'success') failure = back
        return failure === undefined
      },
    )
    if (!arrived && failure !== undefined)
      return noGradient({ ...failure, stats, message: failedBackwards(failure, field) }, n, p)
    if (solution.t.length > 0) lost.compare(z, 0, y0, 0)
    if (!(lost.largest() <= largestDeparture))
      return noGradient({ stats, status: 'unstable', message: lostWay(lost.largest()) }, n, p)
    return { value, dy0: z.slice(n, 2 * n), dtheta: z.slice(2 * n), stats, status, message }
  }
}

function lostWay(lost: number): string {
  return `solved backwards, y misses the solution by ${percent(lost)} of its size: what the field contracts forwards it magnifies backwards. Try via: 'interpolated' or 'discrete', or more outputs, at which y is put back.`
}
