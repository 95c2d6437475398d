import { type Box, type Interval, intervalsOf } from './box.js'
import type { Certificate } from './certificate.js'
import { checkThreads } from './crewRound.js'
import { type FaceMinimum, faceMinimum } from './faceMinimum.js'
import { checkLimits, type RegionOptions } from './options.js'
import { bisectionProof, type Prepared, prepare, regionCertificate } from './prepare.js'
import { proveDecrease } from './proveDecrease.js'
import {
  largestQuadratic,
  type QuadraticForm,
  type QuadraticProof,
  quadraticDimension,
  quadraticForm,
} from './proveQuadratic.js'
import type { Readings } from './readings.js'
import { lowest, searchCounterexample } from './searchCounterexample.js'
import { stopCheck } from './stopCheck.js'
import type { ProofStats, Refutation } from './verdict.js'

/**
 * The certified level stays this far below what the prover reached: its own bounds of V are sharp to the last bit at
 * the critical box, and a checker with other bounds would have to bisect to rounding there.
 */
export const levelSlack = 1e-6

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
  /** values of what is uncertain there, in the order of the claim */
  readonly uncertain?: Float64Array
  /** where the search ended early */
  readonly box?: readonly Interval[]
  readonly stats: ProofStats
}

/**
 * Brackets the largest sublevel set of V that is a proved region of attraction of the origin: on Ω = {x in domain:
 * V(x) ≤ c}, V̇ < 0 except at 0 and Ω does not touch the boundary of the domain, hence Ω is forward invariant and every
 * solution in it converges to 0 (LaSalle 1960). All roundings, the neighbourhood of the origin, containment and
 * f(0) = 0 are part of the proof. With `time: 'discrete'` the same is proved of the map x⁺ = f(x), which must lead from Ω
 * into Ω. One best-first run of branch and bound; cost grows with the boxes near the level at
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
  tolerance = 1e-3,
  maxBoxes = 2e6,
  onProgress,
  signal,
  deadline,
  threads,
  ...claim
}: RegionOptions): Region {
  checkLimits('regionOfAttraction', { tolerance, maxBoxes })
  checkThreads('regionOfAttraction', threads)
  const ready = prepare('regionOfAttraction', { field, V, domain, signal, deadline, ...claim })
  if (ready.kind === 'refuted')
    return nothingProved(ready.reason, 0, ready.at?.point ?? new Float64Array(field.stateSize))
  if (ready.kind === 'unknown') {
    const early =
      ready.pair && lowest(ready.rising, searchCounterexample(ready.pair.readings, ready.pair.domain))
    return nothingProved(ready.reason, early?.value[1] ?? Infinity, early?.point)
  }
  const { readings, origin } = ready
  const stop = stopCheck({ signal, deadline }, readings.cost)
  const early = searchCounterexample(readings, ready.domain)
  // its boxes take a millisecond each
  const eachBox = stopCheck({ signal, deadline }, Infinity)
  const form =
    readings.n >= quadraticDimension && ready.blowUp === undefined
      ? quadraticForm(readings, ready.domain)
      : undefined
  const best = form && largestQuadratic(form, early?.value[1] ?? Infinity, eachBox)
  if (form !== undefined && best !== undefined) return quadraticRegion(ready, form, { ...best, early })
  const isMap = readings.time === 'discrete'
  const limits = { enough: Infinity, tolerance: tolerance / 16, maxBoxes, stop }
  const faces = isMap ? wholeDomain(readings, ready.domain) : faceMinimum(readings, ready.domain, limits)
  const result = proveDecrease(readings, ready.domain, {
    ceiling: faces.lower,
    origin,
    refutation: early,
    tolerance: tolerance / 2,
    maxBoxes,
    onProgress,
    stop,
    threads,
  })
  const border = result.exit ?? { value: faces.upper, point: faces.at }
  const refuted = Math.min(border.value, result.refutation?.value[1] ?? Infinity)
  const reached = Math.min(result.proved, faces.lower, refuted)
  const proved = reached * (1 - levelSlack)
  const isByDecrease = result.refutation !== undefined && result.refutation.value[1] <= border.value
  const outcome = {
    refutedAt: isByDecrease ? result.refutation?.point : refuted < Infinity ? border.point : undefined,
    ...(isByDecrease && { uncertain: result.refutation?.uncertain }),
    ...(result.stuck && { box: intervalsOf(result.stuck.box) }),
    limitedBy: isByDecrease ? ('decrease' as const) : ('domain' as const),
    stats: {
      boxes: result.boxes + faces.boxes,
      leaves: (result.tree.nodes() + 1) / 2,
      threads: result.threads,
    },
  }
  const why = result.stuck === undefined ? '' : `; the search ended early: ${result.stuck.reason}`
  // the bounds are proved below what was reached only, and a subnormal does not shrink by the slack
  if (!(proved > 0 && proved < reached))
    return {
      ...outcome,
      level: [0, refuted],
      status: 'unknown',
      message: `no positive level is proved${why}`,
    }
  const limit = isByDecrease
    ? `${isMap ? 'V does not fall' : 'V̇ ≥ 0'} at a point with V = ${refuted}`
    : refuted === Infinity
      ? 'that is all of the domain'
      : `{V ≤ ${refuted}} ${isMap ? 'is led out of' : 'touches the boundary of'} the domain; a larger domain may give more`
  return {
    ...outcome,
    level: [proved, refuted],
    certificate: regionCertificate(ready, bisectionProof(ready, result), proved),
    status: 'proved',
    message: `{V ≤ ${proved}} is a region of attraction; ${limit}${why}`,
  }
}

/** A map leads where it leads: the boundary of the domain is nothing that it would have to cross. */
function wholeDomain({ natural }: Readings, { lo, hi }: Box): FaceMinimum {
  const [low, high] = [new Float64Array(2), new Float64Array(2)]
  natural(lo, hi, low, high)
  const lower = Number.isNaN(high[0]) ? Infinity : high[0]
  return { lower, upper: Infinity, at: new Float64Array(0), boxes: 0 }
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

/** The region that a quadratic form proves: its bracket can stay open, since the form is sufficient only. */
function quadraticRegion(
  ready: Extract<Prepared, { kind: 'ready' }>,
  { ceiling }: QuadraticForm,
  {
    level,
    proof,
    early,
  }: { readonly level: number; readonly proof: QuadraticProof; readonly early?: Refutation },
): Region {
  const isByDecrease = early !== undefined && early.value[1] < ceiling
  const refuted = isByDecrease ? early.value[1] : ceiling * (1 + 1e-6)
  return {
    level: [level, refuted],
    certificate: regionCertificate(ready, proof, level),
    status: 'proved',
    message: `{V ≤ ${level}} is a region of attraction, by its quadratic form; levels up to ${refuted} are not decided`,
    limitedBy: isByDecrease ? 'decrease' : 'domain',
    ...(isByDecrease && { refutedAt: early.point }),
    stats: { boxes: proof.tree.length, leaves: proof.multipliers.length },
  }
}
