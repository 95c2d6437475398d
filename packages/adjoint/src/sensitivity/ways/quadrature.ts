import type { Field } from '@separatrix/field/core'
import { type Method, type Solution, solve } from '@separatrix/ode'
import { lossOf, noGradient, type PreparedSensitivity, solving } from '../gradient.js'
import { type DerivativeFunctions, derivativeFunctions } from '../steps/derivativeFunctions.js'
import { backOverOutputs, backwardOptions, failedBackwards } from './backwardSolve.js'
import { type DenseRecord, denseRecord } from './denseRecord.js'
import { gaussLegendre } from './gaussLegendre.js'

/**
 * The adjoint equation for λ alone, n states whatever p, with y from the dense output; then ∂L/∂θ =
 * ∫(∂f/∂θ)ᵀλ dt by a Gauss rule on each backward step. For many parameters and implicit methods, whose
 * systems stay n × n. Rackauckas et al., arXiv:1812.01892.
 */
export function quadrature(field: Field, _method: Method): PreparedSensitivity {
  const [n, p] = [field.stateSize, field.theta.length]
  const functions = derivativeFunctions(field, 'pullback')
  return (y0, span, options) => {
    const forwards = denseRecord(span[0], y0)
    const solution = solve(field, y0, span, { ...solving(options), observers: forwards.observers })
    const { stats, status, message } = solution
    if (status !== 'success') return noGradient(solution, n, p)
    functions.theta.set(options.theta ?? field.theta)
    const { value, cotangents } = lossOf(options.loss, solution)
    const backward = backwardOptions(options, { size: n, counted: n })
    const [lambda, dtheta, y] = [new Float64Array(n), new Float64Array(p), new Float64Array(n)]
    const rate = (t: number, now: Float64Array, out: Float64Array) => {
      forwards.at(t, y)
      const pulled = functions.vjp(t, y, now, 0)
      for (let i = 0; i < n; i++) out[i] = -pulled[i]
    }
    // as many nodes as leave the rule's error behind the method's
    const rule = gaussLegendre(Math.ceil((backward.method.order + 1) / 2))
    let failure: Solution | undefined
    const arrived = backOverOutputs(
      solution.t,
      span[0],
      (s) => {
        for (let m = 0; m < n; m++) lambda[m] += cotangents[s * n + m]
      },
      (from, to) => {
        const record = denseRecord(from, lambda)
        const back = solve(rate, lambda, [from, to], {
          ...backward,
          saveAt: 'end',
          observers: record.observers,
        })
        if (back.status !== 'success') failure = back
        else integrate({ functions, rule, forwards, adjoint: record }, dtheta)
        lambda.set(back.y.data)
        return failure === undefined
      },
    )
    if (!arrived && failure !== undefined)
      return noGradient({ ...failure, stats, message: failedBackwards(failure, field) }, n, p)
    return { value, dy0: lambda, dtheta, stats, status, message }
  }
}

interface Integral {
  readonly functions: DerivativeFunctions
  readonly rule: ReturnType<typeof gaussLegendre>
  readonly forwards: DenseRecord
  readonly adjoint: DenseRecord
}

/** Adds ∫(∂f/∂θ)ᵀλ dt over the steps of the adjoint, taken forwards in time. */
function integrate({ functions, rule, forwards, adjoint }: Integral, dtheta: Float64Array): void {
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
      for (let j = 0; j < p; j++) dtheta[j] -= rule.weights[k] * h * pulled[n + j]
    })
  }
}
