import type { Field } from '@separatrix/field/core'
import type { Certificate, Interval } from './certificate.js'
import { faceMinimum } from './faceMinimum.js'
import { prepare, regionCertificate } from './prepare.js'
import { proveDecrease } from './proveDecrease.js'
import { searchCounterexample } from './searchCounterexample.js'
import type { Uncertainty } from './uncertainty.js'
import type { ProofStats } from './verdict.js'

/**
 * The certified level stays this far below what the prover reached: its own bounds of V are sharp to the last bit at
 * the critical box, and a checker with other bounds would have to bisect to rounding there.
 */
export const levelSlack = 1e-6

export interface RegionOptions extends Uncertainty {
  /** an autonomous field with its equilibrium at 0, closed but for what `disturbance` bounds */
  readonly field: Field
  /** the candidate, a scalar field of the same state */
  readonly V: Field
  /** a box about the origin: one [lo, hi] per state */
  readonly domain: readonly Interval[]
  /** κ > 0: prove V̇ < −κV instead of V̇ < 0, hence V(x(t)) ≤ e^(−κt) V(x(0)) */
  readonly rate?: number
  /** relative width of the bracket at which the search ends; 10⁻³ */
  readonly tolerance?: number
  /** boxes after which it gives up; 2 million */
  readonly maxBoxes?: number
  /** called every thousand boxes or so */
  readonly onProgress?: (progress: {
    readonly proved: number
    readonly refuted: number
    readonly boxes: number
  }) => void
  /** stops the search (onProgress is where a synchronous caller can abort); what was proved until then stays */
  readonly signal?: AbortSignal
}

export interface Region {
  /**
   * [proved, refuted]: {V ≤ proved} is a region of attraction; {V ≤ refuted} is not one that this V can prove on this
   * domain: it contains a point with V̇ ≥ 0 (`refutedAt`) or touches the boundary of the domain
   */
  readonly level: readonly [number, number]
  /** for the proved level; absent where none was proved */
  readonly certificate?: Certificate
  readonly status: 'proved' | 'unknown'
  readonly message: string
  /** what keeps a larger level from being proved */
  readonly limitedBy?: 'decrease' | 'domain'
  /** the point behind the refuted level */
  readonly refutedAt?: Float64Array
  readonly stats: ProofStats
}

/**
 * Brackets the largest sublevel set of V that is a proved region of attraction of the origin: on Ω = {x in domain:
 * V(x) ≤ c}, V̇ < 0 except at 0 and Ω does not touch the boundary of the domain, hence Ω is forward invariant and every
 * solution in it converges to 0 (LaSalle 1960). All roundings, the neighbourhood of the origin, containment and
 * f(0) = 0 are part of the proof. One best-first run of branch and bound; cost grows with the boxes near the level at
 * which V̇ vanishes.
 * @example
 * const field = system({ state: ['x', 'y'], dynamics: { x: '-y', y: 'x - (1 - x^2)*y' } })
 * const V = expression('1.5*x^2 - x*y + y^2', ['x', 'y'])
 * const { level } = regionOfAttraction({ field, V, domain: [[-2.5, 2.5], [-3.5, 3.5]] }) // [2.303…, 2.3045]
 */
export function regionOfAttraction({
  field,
  V,
  domain,
  rate,
  params,
  disturbance,
  tolerance = 1e-3,
  maxBoxes = 2e6,
  onProgress,
  signal,
}: RegionOptions): Region {
  const ready = prepare('regionOfAttraction', { field, V, domain, rate, params, disturbance })
  if (ready.kind === 'refuted') return nothingProved(ready.reason, 0)
  if (ready.kind === 'unknown') {
    const early = ready.pair && searchCounterexample(ready.pair.readings, ready.pair.domain)
    return nothingProved(ready.reason, early?.value[1] ?? Infinity, early?.point)
  }
  const { readings, origin } = ready
  const faces = faceMinimum(readings, ready.domain, { enough: Infinity, tolerance: tolerance / 16, maxBoxes })
  const found = searchCounterexample(readings, ready.domain)
  const result = proveDecrease(readings, ready.domain, {
    ceiling: faces.lower,
    origin,
    refutation: found,
    tolerance: tolerance / 2,
    maxBoxes,
    onProgress,
    signal,
  })
  const refuted = Math.min(faces.upper, result.refutation?.value[1] ?? Infinity)
  const proved = Math.min(result.proved, faces.lower, refuted) * (1 - levelSlack)
  const isByDecrease = (result.refutation?.value[1] ?? Infinity) <= faces.upper
  const outcome = {
    refutedAt: isByDecrease ? result.refutation?.point : faces.at,
    limitedBy: isByDecrease ? ('decrease' as const) : ('domain' as const),
    stats: { boxes: result.boxes + faces.boxes, leaves: (result.tree.nodes() + 1) / 2 },
  }
  const why = result.stuck === undefined ? '' : `; the search ended early: ${result.stuck.reason}`
  if (!(proved > 0))
    return {
      ...outcome,
      level: [0, refuted],
      status: 'unknown',
      message: `no positive level is proved${why}`,
    }
  const limit = isByDecrease
    ? `V̇ ≥ 0 at a point with V = ${refuted}`
    : `{V ≤ ${refuted}} touches the boundary of the domain; a larger domain may give more`
  return {
    ...outcome,
    level: [proved, refuted],
    certificate: regionCertificate(ready, result, proved),
    status: 'proved',
    message: `{V ≤ ${proved}} is a region of attraction; ${limit}${why}`,
  }
}

function nothingProved(reason: string, refuted: number, refutedAt?: Float64Array): Region {
  return {
    level: [0, refuted],
    status: 'unknown',
    message: `no level is proved: ${reason}`,
    stats: { boxes: 0, leaves: 0 },
    ...(refutedAt && { refutedAt }),
  }
}
