import type { Field } from '@separatrix/field/core'
import type { Method } from '@separatrix/ode'
import type { PreparedSensitivity } from '../gradient.js'
import { type DerivativeFunctions, derivativeFunctions } from '../steps/derivativeFunctions.js'
import { adjointOfState } from './adjointOfState.js'
import { adjointWay } from './adjointWay.js'
import { backwardOptions } from './backwardSolve.js'
import type { DenseRecord } from './denseRecord.js'
import { gaussLegendre } from './gaussLegendre.js'

/**
 * The adjoint equation for λ alone, n states whatever p, with y from the dense output; then ∂L/∂θ =
 * ∫(∂f/∂θ)ᵀλ dt by a Gauss rule on each backward step. For many parameters and implicit methods, whose
 * systems stay n × n. Rackauckas et al., arXiv:1812.01892.
 */
export function quadrature(field: Field, _method: Method): PreparedSensitivity {
  const functions = derivativeFunctions(field, 'pullback')
  return adjointWay(field, functions, true, ({ options, lambda, mu, forwards }) => {
    const backward = backwardOptions(options, { size: functions.n, counted: functions.n })
    // as many nodes as leave the rule's error behind the method's
    const rule = gaussLegendre(Math.ceil((backward.method.order + 1) / 2))
    return {
      integrate(piece) {
        const { back, adjoint } = adjointOfState(functions, forwards, piece, { lambda, backward })
        if (back.status === 'success') integrate({ functions, rule, forwards, adjoint }, mu)
        return back
      },
    }
  })
}

interface Integral {
  readonly functions: DerivativeFunctions
  readonly rule: ReturnType<typeof gaussLegendre>
  readonly forwards: DenseRecord
  readonly adjoint: DenseRecord
}

/** Adds ∫(∂f/∂θ)ᵀλ dt over the steps of the adjoint, taken forwards in time. */
function integrate({ functions, rule, forwards, adjoint }: Integral, mu: Float64Array): void {
  const { n, p } = functions
  const [y, lambda] = [new Float64Array(n), new Float64Array(n)]
  const times = adjoint.times()
  for (let i = 0; i + 1 < times.length; i++) {
    const h = times[i + 1] - times[i]
    rule.nodes.forEach((node, k) => {
      const t = times[i] + node * h
      forwards.at(t, y)
      adjoint.at(t, lambda)
      const pulled = functions.vjp(t, y, lambda, 0)
      for (let j = 0; j < p - 1; j++) mu[j] -= rule.weights[k] * h * pulled[n + j]
    })
  }
}
