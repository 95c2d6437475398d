import { type Solution, type SolveOptions, solve } from '@separatrix/ode'
import type { DerivativeFunctions } from '../steps/derivativeFunctions.js'
import type { AdjointPiece } from './backwardSweep.js'
import { type DenseRecord, denseRecord } from './denseRecord.js'

/**
 * Solves λ′ = −(∂f/∂x)ᵀλ backwards over a piece, y read from the solve forwards, and keeps its dense output, so
 * that the integrals for θ can be taken afterwards.
 */
export function adjointOfState(
  functions: DerivativeFunctions,
  forwards: DenseRecord,
  { from, to }: AdjointPiece,
  { lambda, backward }: { readonly lambda: Float64Array; readonly backward: SolveOptions },
): { readonly back: Solution; readonly adjoint: DenseRecord } {
  const { n } = functions
  const y = new Float64Array(n)
  const rate = (t: number, now: Float64Array, out: Float64Array) => {
    forwards.at(t, y)
    const pulled = functions.vjp(t, y, now, 0)
    for (let i = 0; i < n; i++) out[i] = -pulled[i]
  }
  const adjoint = denseRecord(from, lambda, backward.method)
  const back = solve(rate, lambda, [from, to], { ...backward, saveAt: 'end', observers: adjoint.observers })
  lambda.set(back.y.data)
  return { back, adjoint }
}
