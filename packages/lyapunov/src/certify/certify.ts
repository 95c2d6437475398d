import { misuse, show } from '@separatrix/field/core'
import { intervalsOf } from './box.js'
import { certifyGlobal } from './certifyGlobal.js'
import { certifyStability } from './certifyStability.js'
import { checkThreads } from './crewRound.js'
import { faceMinimum } from './faceMinimum.js'
import { checkLimits, type RegionOptions } from './options.js'
import { bisectionProof, prepare, regionCertificate } from './prepare.js'
import { proveDecrease } from './proveDecrease.js'
import { proveQuadratic, quadraticDimension, quadraticForm } from './proveQuadratic.js'
import { regionOfAttraction } from './regionOfAttraction.js'
import { lowest, searchCounterexample } from './searchCounterexample.js'
import { stopCheck } from './stopCheck.js'
import { type Refutation, type Refuted, unknown, type Verdict } from './verdict.js'

export interface CertifyOptions extends Omit<RegionOptions, 'domain'> {
  /** a box about the origin: one [lo, hi] per state; a global claim needs none */
  readonly domain?: RegionOptions['domain']
  /** the level c of Ω = {V ≤ c}; without it the largest provable one is searched */
  readonly level?: number
  /** what is to be proved */
  readonly property?: keyof typeof properties
}

/** What can be asked, and by which other names textbooks ask for it. */
const properties = {
  'region-of-attraction': 'region-of-attraction',
  'asymptotic-stability': 'region-of-attraction',
  'exponential-stability': 'region-of-attraction',
  stability: 'stability',
  lasalle: 'stability',
  'global-asymptotic-stability': 'global-asymptotic-stability',
} as const

/**
 * Proves that Ω = {x in domain: V(x) ≤ level} is a region of attraction of the origin, refutes it by a point of Ω with
 * V̇ ≥ 0, or says why it can do neither. `property: 'global-asymptotic-stability'` claims all of Rⁿ, for polynomials; 'stability' claims what
 * LaSalle's theorem says where V̇ ≤ 0 only, see {@link certifyStability}. What
 * is proved is stated in {@link regionOfAttraction} and in the certificate. From four states on, a quadratic V is tried by
 * its form first.
 * @example
 * const field = system({ state: ['x', 'y'], dynamics: { x: '-y', y: 'x - (1 - x^2)*y' } })
 * const V = expression('1.5*x^2 - x*y + y^2', ['x', 'y'])
 * const verdict = certify({ field, V, domain: [[-2.5, 2.5], [-3.5, 3.5]], level: 2.3 })
 * if (verdict.kind === 'proved') checkCertificate(verdict.certificate).valid // true
 */
export function certify(options: CertifyOptions): Verdict {
  const { level, property: asked = 'region-of-attraction' } = options
  if (!Object.hasOwn(properties, asked))
    throw misuse({
      where: 'certify',
      expected: `a property: one of ${Object.keys(properties).join(', ')}`,
      got: show(asked),
      try: 'invariantSet for barriers, reachAvoidStay to reach and avoid',
    })
  if (asked === 'exponential-stability' && !(options.rate !== undefined && options.rate > 0))
    throw misuse({
      where: 'certify',
      expected: 'the rate κ > 0 of exponential stability',
      got: show(options.rate),
      try: 'rate: 0.1',
    })
  const property = properties[asked]
  if (property === 'global-asymptotic-stability') return certifyGlobal(options)
  if (level !== undefined && !(level > 0 && Number.isFinite(level)))
    throw misuse({
      where: 'certify',
      expected: 'a level c > 0',
      got: show(level),
      try: 'regionOfAttraction to find one',
    })
  const local = { ...options, domain: options.domain ?? [] }
  if (property === 'stability') return certifyStability(local)
  if (level === undefined) return certifyLargest(local)
  return certifyLevel(local, level)
}

function certifyLevel(options: RegionOptions, level: number): Verdict {
  const { field, maxBoxes = 2e6, onProgress, threads } = options
  checkLimits('certify', options)
  checkThreads('certify', threads)
  const nothing = { boxes: 0, leaves: 0 }
  const ready = prepare('certify', options)
  if (ready.kind === 'refuted')
    return refutedAt(ready.reason, ready.at?.point ?? new Float64Array(field.stateSize))
  const pair = ready.kind === 'ready' ? ready : ready.pair
  const near = ready.kind === 'unknown' ? ready.rising : undefined
  const early = pair && lowest(near, searchCounterexample(pair.readings, pair.domain))
  if (early !== undefined && early.value[1] <= level) return refuted(early, level, nothing)
  if (ready.kind === 'unknown') return unknown(ready.reason, nothing)
  const { readings, origin } = ready
  const stop = stopCheck(options, readings.cost)
  // its boxes take a millisecond each
  const eachBox = stopCheck(options, Infinity)
  const form =
    readings.n >= quadraticDimension && ready.blowUp === undefined
      ? quadraticForm(readings, ready.domain)
      : undefined
  const quadratic = form && level < form.ceiling ? proveQuadratic(form, level, 3000, eachBox) : undefined
  if (quadratic !== undefined)
    return {
      kind: 'proved',
      level,
      message: `{V ≤ ${level}} is a region of attraction`,
      certificate: regionCertificate(ready, quadratic, level),
      stats: { boxes: quadratic.tree.length, leaves: quadratic.multipliers.length },
    }
  const isMap = readings.time === 'discrete'
  const faces = isMap
    ? undefined
    : faceMinimum(readings, ready.domain, { enough: level, tolerance: 1e-9, maxBoxes, stop })
  if (faces?.stopped !== undefined) return unknown(faces.stopped, { boxes: faces.boxes, leaves: 0 })
  if (faces !== undefined && !(faces.lower > level))
    return unknown(
      `{V ≤ ${level}} may touch the boundary of the domain (V is at most ${faces.upper} at [${faces.at.join(', ')}]); ` +
        'take a larger domain or a lower level',
      { boxes: faces.boxes, leaves: 0 },
      Array.from(faces.at, (v) => [v, v] as const),
    )
  const result = proveDecrease(readings, ready.domain, {
    ceiling: level,
    origin,
    tolerance: 0,
    maxBoxes,
    onProgress,
    stop,
    threads,
  })
  const { threads: helped } = result
  const stats = {
    boxes: result.boxes + (faces?.boxes ?? 0),
    leaves: (result.tree.nodes() + 1) / 2,
    threads: helped,
  }
  if (result.refutation !== undefined && result.refutation.value[1] <= level)
    return refuted(result.refutation, level, stats)
  if (result.exit !== undefined && result.exit.value <= level)
    return unknown(
      `the point [${result.exit.point.join(', ')}] of {V ≤ ${level}} is led out of the domain; take a larger domain or a ` +
        'lower level',
      stats,
      Array.from(result.exit.point, (v) => [v, v] as const),
    )
  if (result.stuck !== undefined)
    return unknown(
      `${result.stuck.reason}; the decrease is proved up to the level ${result.proved}`,
      stats,
      intervalsOf(result.stuck.box),
    )
  if (!(result.proved > level)) return unknown(`the proof ended at the level ${result.proved}`, stats)
  return {
    kind: 'proved',
    level,
    message: `{V ≤ ${level}} is a region of attraction`,
    certificate: regionCertificate(ready, bisectionProof(ready, result), level),
    stats,
  }
}

function certifyLargest(options: RegionOptions): Verdict {
  const region = regionOfAttraction(options)
  const { certificate, stats, message } = region
  if (certificate !== undefined)
    return { kind: 'proved', level: region.level[0], certificate, stats, message }
  // a point with V > 0 refutes levels, not that there is any
  if (region.level[1] === 0 && region.refutedAt !== undefined) return refutedAt(message, region.refutedAt)
  return unknown(message, stats, region.box)
}

function refuted(
  { point, uncertain, value, rate }: Refutation,
  level: number,
  stats: Refuted['stats'],
): Refuted {
  const reason = `the decrease fails (the rate of V, + κV, is at least ${rate[0]}) at a point of {V ≤ ${level}}`
  return { kind: 'refuted', reason, message: `refuted: ${reason}`, point, uncertain, value, rate, stats }
}

function refutedAt(reason: string, point: Float64Array): Refuted {
  const stats = { boxes: 0, leaves: 0 }
  return { kind: 'refuted', reason, message: `refuted: ${reason}`, point, stats }
}
