import type { Field } from '@separatrix/field/core'
import { type Method, solve } from '@separatrix/ode'
import type { PreparedSensitivity } from '../gradient.js'
import { derivativeFunctions } from '../steps/derivativeFunctions.js'
import { adjointWay } from './adjointWay.js'
import { backwardOptions } from './backwardSolve.js'

/**
 * The adjoint equation with y read from the dense output of the solve forwards: stable where `backsolve` is
 * not; memory n + 2 a step. Right up to tolerances and to the order of the interpolant.
 */
export function interpolated(field: Field, _method: Method): PreparedSensitivity {
  const [n, p] = [field.stateSize, field.theta.length]
  const functions = derivativeFunctions(field, 'pullback')
  const y = new Float64Array(n)
  return adjointWay(field, functions, true, ({ options, lambda, mu, forwards }) => {
    const backward = backwardOptions(options, { size: n + p, counted: n })
    const z = new Float64Array(n + p)
    const rate = (t: number, now: Float64Array, out: Float64Array) => {
      forwards.at(t, y)
      const pulled = functions.vjp(t, y, now, 0)
      for (let i = 0; i < n + p; i++) out[i] = -pulled[i]
    }
    return {
      integrate({ from, to }) {
        z.set(lambda)
        z.set(mu.subarray(0, p), n)
        const back = solve(rate, z, [from, to], { ...backward, saveAt: 'end' })
        lambda.set(back.y.data.subarray(0, n))
        mu.set(back.y.data.subarray(n))
        return back
      },
    }
  })
}
