import { type Field, misuse } from '@separatrix/field/core'
import { type ExplicitMethod, type Method, solve, stepRecord } from '@separatrix/ode'
import type { Path, Penalty } from './pathCost.js'
import { stagesAtEnd, stepCost } from './stepCost.js'

export interface SolverWeights {
  /** of the sum over steps of the squared error estimate (ERNODE) */
  readonly error?: number
  /** of the sum over steps of the squared stiffness estimate (SRNODE) */
  readonly stiffness?: number
}

/**
 * A penalty on how hard a path is to solve: error·Σ|eⱼ|² + stiffness·ΣSⱼ² over the accepted steps, where e is the
 * method's error estimate and S Shampine's stiffness estimate; and its gradient through the very steps, whose sizes
 * are constants. Pal, Ma, Shah & Rackauckas, "Opening the Blackbox", ICML 2021, section 3, with squares in place of
 * norms, so that it is smooth. Cost: a solve and about three more.
 */
export function prepareSolverCost(
  field: Field,
  { error = 0, stiffness = 0 }: SolverWeights,
  method: Method,
): (path: Path) => Penalty {
  const step = stepCost(field, expectEstimates(method, { error, stiffness }), { error, stiffness })
  const state = new Float64Array(field.stateSize)
  const lambda = new Float64Array(field.stateSize)
  return ({ y0, span, theta, solving }) => {
    const record = stepRecord(span[0], y0)
    const { status, message } = solve(field, y0, span, {
      ...solving,
      method,
      theta,
      saveAt: 'end',
      observers: [record],
    })
    const { t, h, y } = record.steps()
    const dtheta = new Float64Array(field.theta.length)
    if (status !== 'success')
      return {
        value: Number.NaN,
        dtheta: dtheta.fill(Number.NaN),
        failure: `A solve ended with ${status}: ${message}`,
      }
    let value = 0
    lambda.fill(0)
    for (let j = record.count() - 1; j >= 0; j--) {
      for (let i = 0; i < state.length; i++) state[i] = y[j * state.length + i]
      value += step.forward(t[j], h[j], state, theta)
      step.reverse(lambda, dtheta)
    }
    return { value, dtheta, failure: undefined }
  }
}

function expectEstimates(method: Method, { error, stiffness }: Required<SolverWeights>): ExplicitMethod {
  const bad = (expected: string, remedy: string) =>
    misuse({
      where: 'trajectoryLoss(regularize)',
      expected,
      got: method.name,
      try: remedy,
      code: 'no-estimate',
    })
  if (method.family !== 'explicit') throw bad('an explicit Runge–Kutta method', 'method: dopri5')
  const explicit = method as ExplicitMethod
  if (error > 0 && explicit.bError === undefined)
    throw bad('a method with an error estimate', 'method: dopri5')
  if (stiffness > 0 && stagesAtEnd(explicit.c)[1] === undefined)
    throw bad('a method with two stages at the end of a step', 'method: dopri5 or tsit5')
  return explicit
}
