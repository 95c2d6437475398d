import type { Field, Random } from '@separatrix/field/core'
import type { Method, SolveOptions } from '@separatrix/ode'
import type { NdArray } from 'ndarray'
import { prepareSensitivity, type Via } from '../../sensitivity/sensitivity.js'
import { type PathWeights, pathField } from './pathField.js'

/** What a penalty adds to a loss; `failure` where a solve ended early, the value then being NaN. */
export interface Penalty {
  readonly value: number
  readonly dtheta: Float64Array
  readonly failure: string | undefined
}

/** A path whose solve is penalised. */
export interface Path {
  readonly y0: Float64Array
  readonly span: readonly [number, number]
  readonly theta: Float64Array
  readonly solving: Omit<SolveOptions, 'saveAt' | 'theta'>
}

/**
 * RNODE's penalty of one path, kinetic·∫|f|² dt + jacobian·∫|(∂f/∂x)ᵀε|² dt with fresh standard normal ε, and its
 * gradient. The integrals do not count in the error norm, so that they do not drive the steps. Cost: a solve and its
 * gradient, with one vector–Jacobian product more per evaluation for the second term.
 */
export function preparePathCost(
  field: Field,
  { kinetic = 0, jacobian = 0 }: PathWeights,
  { method, via }: { readonly method: Method; readonly via: Via },
): (path: Path, random: Random) => Penalty {
  const extended = pathField(field, { kinetic: kinetic > 0, jacobian: jacobian > 0 })
  const gradientOf = prepareSensitivity(extended, method, via)
  const [n, p] = [field.stateSize, field.theta.length]
  const factors = [kinetic, jacobian].filter((factor) => factor > 0)
  const start = new Float64Array(extended.stateSize)
  const theta = new Float64Array(p + n)
  const counted = Float64Array.from(start, (_, i) => (i < n ? 1 : 0))
  const loss = {
    value: ({ data: y }: NdArray<Float64Array>) => factors.reduce((sum, v, k) => sum + v * y[n + k], 0),
    gradient(_y: NdArray<Float64Array>, { data: dy }: NdArray<Float64Array>) {
      for (const [k, v] of factors.entries()) dy[n + k] = v
    },
  }
  return ({ y0, span, theta: own, solving }, random) => {
    start.set(y0)
    theta.set(own)
    for (let i = p; i < p + n; i++) theta[i] = random.normal()
    const { rtol, atol } = solving
    const control =
      solving.step === undefined
        ? { weights: counted, rtol: lengthened(rtol, start.length), atol: lengthened(atol, start.length) }
        : {}
    const options = { ...solving, ...control, method, theta, saveAt: 'end', loss } as const
    const { value, dtheta, status, message } = gradientOf(start, span, options)
    const failure = status === 'success' ? undefined : `A solve ended with ${status}: ${message}`
    return { value, dtheta: dtheta.subarray(0, p), failure }
  }
}

/** Tolerances by component, with any for the integrals, which do not count. */
function lengthened(tolerance: SolveOptions['rtol'], length: number): SolveOptions['rtol'] {
  if (tolerance === undefined || typeof tolerance === 'number') return tolerance
  return Float64Array.from({ length }, (_, i) => tolerance[i] ?? tolerance[0])
}
