import { compile, type Field } from '@separatrix/field/core'
import { type Method, solve } from '@separatrix/ode'
import type { PreparedSensitivity } from '../gradient.js'
import { adjointField } from '../steps/adjointField.js'
import { adjointWay } from './adjointWay.js'
import { backwardOptions } from './backwardSolve.js'
import { departures, largestDeparture, percent } from './departure.js'

/**
 * The adjoint equation with y solved backwards along: no memory but the outputs and events, at which y is put
 * back to what was found forwards. Right up to tolerances. Where the field contracts strongly y is lost
 * between outputs: how far it misses them and y₀ is checked, and the status 'unstable' says so. Chen et al.,
 * NeurIPS 2018.
 */
export function backsolve(field: Field, _method: Method): PreparedSensitivity {
  const [n, p] = [field.stateSize, field.theta.length]
  const adjoint = adjointField(field)
  const functions = { f: compile(field), theta: Float64Array.from(field.theta) }
  return adjointWay(field, functions, false, ({ options, theta, lambda, mu, solution }) => {
    const backward = backwardOptions(options, { size: 2 * n + p, counted: 2 * n })
    const z = new Float64Array(2 * n + p)
    const lost = departures(n, solution.y.data)
    return {
      integrate({ from, to, start, end }) {
        if (start !== undefined) z.set(start)
        z.set(lambda, n)
        z.set(mu.subarray(0, p), 2 * n)
        const back = solve(adjoint, z, [from, to], { ...backward, theta, saveAt: 'end' })
        z.set(back.y.data)
        lambda.set(z.subarray(n, 2 * n))
        mu.set(z.subarray(2 * n))
        if (end !== undefined) lost.compare(z, 0, end, 0)
        return back
      },
      verdict: () => (lost.largest() <= largestDeparture ? undefined : lostWay(lost.largest())),
    }
  })
}

function lostWay(lost: number): string {
  return `solved backwards, y misses the solution by ${percent(lost)} of its size: what the field contracts forwards it magnifies backwards. Try via: 'interpolated' or 'discrete', or more outputs, at which y is put back.`
}
