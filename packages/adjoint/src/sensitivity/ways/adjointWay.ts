import type { Field } from '@separatrix/field/core'
import { type Solution, type SolveOptions, solve } from '@separatrix/ode'
import {
  type GradientOptions,
  isOver,
  noGradient,
  type PreparedSensitivity,
  type Sensitivity,
  solving,
  withGradient,
} from '../gradient.js'
import type { DerivativeFunctions } from '../steps/derivativeFunctions.js'
import { eventDerivatives } from '../steps/eventDerivatives.js'
import { failedBackwards } from './backwardSolve.js'
import { type AdjointPiece, backwardSweep } from './backwardSweep.js'
import { type DenseRecord, denseRecord } from './denseRecord.js'
import { lossOf } from './lossRows.js'
import { smoothRows } from './smoothRows.js'
import { cutRecord } from './smoothStretches.js'

/** One gradient by an adjoint equation, as the ways see it. */
export interface AdjointCall {
  readonly options: GradientOptions
  readonly theta: Float64Array
  /** changed in place from piece to piece; μ has a place for ∂L/∂t₀ behind θ's */
  readonly lambda: Float64Array
  readonly mu: Float64Array
  readonly solution: Solution
  /** the solution between its steps, for the ways that keep it */
  readonly forwards: DenseRecord
}

/** What a way does with the pieces of a call. */
export interface AdjointPieces {
  /** solves λ (and μ) backwards over a piece, and returns that solve */
  integrate(piece: AdjointPiece): Solution
  /** why the result is not to be trusted */
  verdict?(): string | undefined
  /** an estimate of the largest error of the integrals for θ */
  quadratureError?(): number
}

/**
 * What all ways share that solve an adjoint equation: the solve forwards, the loss, the way back over outputs
 * and events. `keep` says whether the steps forwards are needed.
 */
export function adjointWay(
  field: Field,
  functions: Pick<DerivativeFunctions, 'f' | 'theta'>,
  keep: boolean,
  begin: (call: AdjointCall) => AdjointPieces,
): PreparedSensitivity {
  const [n, p] = [field.stateSize, field.theta.length]
  const derivatives = eventDerivatives(field)
  return (y0, span, options): Sensitivity => {
    const given: SolveOptions = solving(options)
    const events = derivatives(given.events ?? [])
    const [forwards, cuts] = [denseRecord(span[0], y0, given.method), cutRecord(given.breakpoints)]
    const observers = [cuts.observer, ...(keep ? forwards.observers : [])]
    const solution = solve(field, y0, span, { ...given, observers })
    const { stats } = solution
    if (!isOver(solution)) return noGradient(solution, n, p)
    functions.theta.set(options.theta ?? field.theta)
    const { f, theta } = functions
    const loss = lossOf(options.loss, solution)
    const { stretches, crossings } = cuts.stretches(solution, span, given.events ?? [])
    const rows = smoothRows(solution, stretches, crossings, options.saveAt, loss)
    const [lambda, mu] = [new Float64Array(n), new Float64Array(p + 1)]
    const pieces = begin({ options, theta, lambda, mu, solution, forwards })
    let failure: Solution | undefined
    const sweep = { span, y0: Float64Array.from(y0), stretches, rows, loss, events, f, theta }
    const dt1 = backwardSweep(sweep, { lambda, mu }, (piece) => {
      forwards.within(piece.stretch.first, piece.stretch.last)
      const back = pieces.integrate(piece)
      if (back.status !== 'success') failure = back
      return failure === undefined
    })
    if (failure !== undefined)
      return noGradient({ ...failure, stats, message: failedBackwards(failure, field) }, n, p)
    const verdict = pieces.verdict?.()
    if (verdict !== undefined) return noGradient({ stats, status: 'unstable', message: verdict }, n, p)
    const result = withGradient(solution, { value: loss.value, dy0: lambda, mu, dt1: dt1 ?? Number.NaN })
    const quadratureError = pieces.quadratureError?.()
    return quadratureError === undefined ? result : { ...result, quadratureError }
  }
}
