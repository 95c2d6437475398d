import { expectField, misuse, show } from '@separatrix/field/core'
import type { BisectionTree } from './bisectionTree.js'
import { type Box, type Interval, intervalsOf } from './box.js'
import { type Certificate, type Claim, makeCertificate, type Proof } from './certificate.js'
import { originProblem } from './equilibrium.js'
import type { RegionOptions } from './options.js'
import { findOriginBox } from './originBox.js'
import { type Readings, readPair } from './readings.js'

/** A pair ready for the search over boxes, or what stands in the way of any proof. */
export type Prepared =
  | { readonly kind: 'ready'; readonly readings: Readings; readonly domain: Box; readonly origin: Box }
  | { readonly kind: 'refuted'; readonly reason: string }
  | {
      readonly kind: 'unknown'
      readonly reason: string
      /** present where a counterexample may still be looked for */
      readonly pair?: { readonly readings: Readings; readonly domain: Box }
    }

/** Checks and freezes a pair, shows f(0) = 0, V(0) = 0 and ∇V(0) = 0 exactly, and closes the origin. */
export function prepare(
  where: string,
  {
    field,
    V,
    domain,
    rate,
    params,
    disturbance,
  }: Pick<RegionOptions, 'field' | 'V' | 'domain' | 'rate' | 'params' | 'disturbance'>,
): Prepared {
  expectField(where, field)
  expectField(where, V)
  const box = readDomain(where, domain, field.stateSize)
  if (!box.lo.every((lo, i) => lo < 0 && (box.hi[i] as number) > 0))
    throw misuse({
      where,
      expected: 'a domain with the origin inside',
      got: show(domain),
      try: 'shifting the state so that the equilibrium is at 0',
    })
  if (rate !== undefined && !(rate >= 0 && Number.isFinite(rate)))
    throw misuse({ where, expected: 'a rate κ ≥ 0', got: show(rate), try: 'rate: 0.1' })
  const readings = readPair(where, field, V, { rate, params, disturbance })
  if ('why' in readings) return { kind: 'unknown', reason: readings.why }
  const problem = originProblem(readings)
  if (problem !== undefined) return problem
  const whole = withUncertain(box, readings)
  const origin = findOriginBox(readings, whole)
  if ('why' in origin) return { kind: 'unknown', reason: origin.why, pair: { readings, domain: whole } }
  return { kind: 'ready', readings, domain: whole, origin }
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

/** The box of the states, followed by that of what is uncertain. */
export function withUncertain({ lo, hi }: Box, { uncertain }: Readings): Box {
  return {
    lo: Float64Array.from([...lo, ...uncertain.map(({ interval }) => interval[0])]),
    hi: Float64Array.from([...hi, ...uncertain.map(({ interval }) => interval[1])]),
  }
}

/** The part of a claim that says over what it holds. */
export function scope(
  { rate, uncertain, n }: Readings,
  domain: Box,
): Pick<Claim, 'domain' | 'uncertain' | 'rate'> {
  return {
    domain: intervalsOf(domain).slice(0, n),
    ...(uncertain.length > 0 && { uncertain }),
    ...(rate > 0 && { rate }),
  }
}

/** The proof by bisection of the domain. */
export function bisectionProof(
  { readings, origin }: Extract<Prepared, { kind: 'ready' }>,
  { tree }: { readonly tree: BisectionTree },
): Proof {
  return { tree: tree.preorder(), origin: intervalsOf(origin).slice(0, readings.n) }
}

/** How a statement names what is uncertain. */
export function quantifier({ uncertain }: Readings): string {
  const list = (kind: string) =>
    uncertain.filter((u) => u.kind === kind).map((u) => `${u.name} in [${u.interval.join(', ')}]`)
  const [constants, functions] = [list('parameter'), list('disturbance')]
  const parts = [
    ...(constants.length > 0 ? [`every constant ${constants.join(', ')}`] : []),
    ...(functions.length > 0 ? [`every measurable ${functions.join(', ')} of time`] : []),
  ]
  return parts.length === 0 ? '' : `For ${parts.join(' and ')}: `
}

/** The certificate of a region of attraction. */
export function regionCertificate(
  { readings, domain }: Extract<Prepared, { kind: 'ready' }>,
  proof: Proof,
  level: number,
): Certificate {
  return makeCertificate(readings.field, readings.candidate, {
    claim: {
      property: 'region-of-attraction',
      level,
      ...scope(readings, domain),
      statement:
        `${quantifier(readings)}The set {x in domain: V(x) <= level} does not meet the boundary of the domain, V ` +
        "decreases strictly along every solution of x' = f(x) in it except at the equilibrium x = 0, and hence it is " +
        'forward invariant and every solution that starts in it converges to 0' +
        (readings.rate > 0 ? `; moreover V(x(t)) <= exp(-${readings.rate} t) V(x(0)).` : '.'),
    },
    proof,
  })
}
