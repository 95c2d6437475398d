import type { Field } from '@separatrix/field/core'
import type { Method, Tolerance } from '@separatrix/ode'
import type { PreparedSensitivity } from '../gradient.js'
import { derivativeFunctions } from '../steps/derivativeFunctions.js'
import { adjointOfState } from './adjointOfState.js'
import { adjointWay } from './adjointWay.js'
import { backwardOptions, smallest } from './backwardSolve.js'
import { integrateAdaptively } from './integrateAdaptively.js'

/**
 * As `quadrature`, with the integrals for θ taken adaptively by Gauss and Kronrod's pair on the dense outputs
 * of both solves: nodes go where the integrand needs them, not where λ does, and the error is known. The
 * tolerances are those of the solve backwards; with equal steps there are none, and each step gets one rule.
 */
export function gaussKronrod(field: Field, _method: Method): PreparedSensitivity {
  const functions = derivativeFunctions(field, 'pullback')
  const { n, p } = functions
  const [y, w] = [new Float64Array(n), new Float64Array(n)]
  return adjointWay(field, functions, true, ({ options, lambda, mu, forwards }) => {
    const backward = backwardOptions(options, { size: n, counted: n })
    let quadratureError = 0
    return {
      integrate(piece) {
        const { back, adjoint } = adjointOfState(functions, forwards, piece, { lambda, backward })
        if (back.status !== 'success') return back
        const integrand = (t: number) => {
          forwards.at(t, y)
          adjoint.at(t, w)
          return functions.vjp(t, y, w, 0).subarray(n, n + p - 1)
        }
        const { rtol, atol, step } = backward
        const times = step === undefined ? Float64Array.of(piece.from, piece.to) : adjoint.times()
        const bound =
          step === undefined ? tolerances(rtol, atol) : { rtol: 0, atol: Number.POSITIVE_INFINITY }
        let converged = true
        for (let i = 0; i + 1 < times.length; i++) {
          const found = integrateAdaptively(integrand, [times[i], times[i + 1]], p - 1, bound)
          for (let k = 0; k < p - 1; k++) mu[k] -= found.values[k]
          quadratureError += found.error
          converged &&= found.converged
        }
        return converged ? back : { ...back, status: 'max-steps', message: unsettled }
      },
      quadratureError: () => quadratureError,
    }
  })
}

function tolerances(rtol: Tolerance | undefined, atol: Tolerance | undefined) {
  return { rtol: smallest(rtol) ?? 0, atol: smallest(atol) ?? 0 }
}

const unsettled =
  'the integrals for the parameters do not settle to the tolerances: the dense outputs are rougher than that. Try tighter tolerances for the solve forwards than in `backward`.'
