import { expectField, misuse, show } from '@separatrix/field/core'
import type { BisectionTree } from './bisectionTree.js'
import { blowUpOrigin } from './blowUp.js'
import { type Box, type Interval, intervalsOf } from './box.js'
import { type Certificate, makeCertificate, type Proof } from './certificate.js'
import type { Claim } from './claim.js'
import { originProblem } from './equilibrium.js'
import type { RegionOptions } from './options.js'
import { findOriginBox } from './originBox.js'
import { type Readings, readPair } from './readings.js'
import { stopCheck } from './stopCheck.js'
import type { Refutation } from './verdict.js'
import type { BlowUp } from './weightedProof.js'

/** A pair ready for the search over boxes, or what stands in the way of any proof. */
export type Prepared =
  | {
      readonly kind: 'ready'
      readonly readings: Readings
      readonly domain: Box
      readonly origin: Box
      /** how the origin is closed where its second-order forms are not definite */
      readonly blowUp?: BlowUp
    }
  | {
      readonly kind: 'refuted'
      readonly reason: string
      /** where V ≤ 0; without it the origin itself is at fault */
      readonly at?: Refutation
    }
  | {
      readonly kind: 'unknown'
      readonly reason: string
      /** present where a counterexample may still be looked for */
      readonly pair?: { readonly readings: Readings; readonly domain: Box }
      /** a counterexample near the origin */
      readonly rising?: Refutation | undefined
    }

/** Checks and freezes a pair, shows f(0) = 0, V(0) = 0 and ∇V(0) = 0 exactly, and closes the origin. */
export function prepare(
  where: string,
  {
    field,
    V,
    domain,
    time,
    rate,
    signal,
    deadline,
    ...options
  }: Pick<
    RegionOptions,
    | 'field'
    | 'V'
    | 'domain'
    | 'rate'
    | 'time'
    | 'equilibrium'
    | 'params'
    | 'disturbance'
    | 'signal'
    | 'deadline'
  >,
): Prepared {
  expectField(where, field)
  expectField(where, V)
  const box = readOriginDomain(where, domain, field.stateSize)
  checkTime(where, time, rate)
  const readings = readPair(where, field, V, { rate, time, ...options })
  if ('why' in readings) return { kind: 'unknown', reason: readings.why }
  const problem = originProblem(readings)
  if (problem !== undefined) return problem
  const whole = withUncertain(box, readings)
  const origin = findOriginBox(readings, whole)
  if (!('why' in origin)) return { kind: 'ready', readings, domain: whole, origin }
  const pair = { readings, domain: whole }
  if (!origin.isFlat) return { kind: 'unknown', reason: `the origin cannot be closed: ${origin.why}`, pair }
  // its boxes take long: those of high derivatives
  const stop = stopCheck({ signal, deadline }, Infinity)
  const blown = blowUpOrigin(readings, whole, stop)
  if (!('why' in blown)) return { kind: 'ready', readings, domain: whole, ...blown }
  if (blown.sunken !== undefined)
    return {
      kind: 'refuted',
      reason: `V is not positive: it is at most ${blown.sunken.value[1]} at [${blown.sunken.point.join(', ')}]`,
      at: blown.sunken,
    }
  return {
    kind: 'unknown',
    reason: `the origin cannot be closed: ${origin.why}, and to higher orders ${stop() ?? blown.why}`,
    pair,
    rising: blown.rising,
  }
}

/** Refuses what is no time, and no rate of it. */
export function checkTime(where: string, time: RegionOptions['time'] = 'continuous', rate = 0): void {
  if (!(rate >= 0 && Number.isFinite(rate)))
    throw misuse({ where, expected: 'a rate κ ≥ 0', got: show(rate), try: 'rate: 0.1' })
  if (time !== 'continuous' && time !== 'discrete')
    throw misuse({
      where,
      expected: "time 'continuous' or 'discrete'",
      got: show(time),
      try: "'discrete' for a map",
    })
  if (time === 'discrete' && rate >= 1)
    throw misuse({ where, expected: 'a rate κ < 1 of a map', got: show(rate), try: 'rate: 0.1' })
}

/** A domain with the origin inside. */
export function readOriginDomain(where: string, domain: readonly Interval[], n: number): Box {
  const box = readDomain(where, domain, n)
  if (!box.lo.every((lo, i) => lo < 0 && (box.hi[i] as number) > 0))
    throw misuse({
      where,
      expected: 'a domain with the origin inside',
      got: show(domain),
      try: 'shifting the state so that the equilibrium is at 0, or equilibrium: [ a point near it ]',
    })
  return box
}

export function readDomain(where: string, domain: readonly Interval[], n: number): Box {
  const isFine =
    Array.isArray(domain) &&
    domain.length === n &&
    domain.every((side) => side.length === 2 && side.every(Number.isFinite) && side[0] < side[1])
  if (!isFine)
    throw misuse({
      where,
      expected: `a domain of ${n} intervals [lo, hi], lo < hi`,
      got: show(domain),
      try: `[${Array.from({ length: n }, () => '[-1, 1]').join(', ')}]`,
      code: 'wrong-dimension',
    })
  return { lo: Float64Array.from(domain, ([lo]) => lo), hi: Float64Array.from(domain, ([, hi]) => hi) }
}

/** The box of the states, followed by the equilibrium's and that of what is uncertain. */
export function withUncertain({ lo, hi }: Box, { extras }: Readings): Box {
  return {
    lo: Float64Array.from([...lo, ...extras.map(([low]) => low)]),
    hi: Float64Array.from([...hi, ...extras.map(([, high]) => high)]),
  }
}

/** The part of a claim that says over what it holds. */
export function scope(
  { rate, uncertain, time, equilibrium, n }: Readings,
  domain: Box,
): Pick<Claim, 'domain' | 'uncertain' | 'rate' | 'time' | 'equilibrium'> {
  return {
    domain: intervalsOf(domain).slice(0, n),
    ...(uncertain.length > 0 && { uncertain }),
    ...(rate > 0 && { rate }),
    ...(time === 'discrete' && { time }),
    ...(equilibrium && { equilibrium: equilibrium.box }),
  }
}

/** The proof by bisection of the domain. */
export function bisectionProof(
  { readings, origin, blowUp }: Extract<Prepared, { kind: 'ready' }>,
  { tree }: { readonly tree: BisectionTree },
): Proof {
  return {
    tree: tree.preorder(),
    origin: intervalsOf(origin).slice(0, readings.n),
    ...(blowUp && { blowUp }),
  }
}

/** The certificate of a region of attraction. */
export function regionCertificate(
  { readings, domain }: Extract<Prepared, { kind: 'ready' }>,
  proof: Proof,
  level: number,
): Certificate {
  const { system, candidate, equilibrium } = readings
  return makeCertificate(system, candidate, {
    claim: { property: 'region-of-attraction', level, ...scope(readings, domain) },
    proof: { ...proof, ...(equilibrium && { preconditioner: equilibrium.preconditioner }) },
  })
}
