import { expectField, misuse, toJSON } from '@separatrix/field/core'
import { type Box, intervalsOf } from './box.js'
import { makeCertificate } from './certificate.js'
import { checkThreads } from './crewRound.js'
import { originProblem } from './equilibrium.js'
import { faceMinimum } from './faceMinimum.js'
import { type FactoredRate, factoredRate } from './factoredRate.js'
import { isPositiveDefinite } from './intervalMatrix.js'
import { lower } from './lower.js'
import { checkLimits, type RegionOptions } from './options.js'
import { readOriginDomain, scope, withUncertain } from './prepare.js'
import { proveDecrease } from './proveDecrease.js'
import { isSteady, type Readings, readPair } from './readings.js'
import { levelSlack } from './regionOfAttraction.js'
import { searchCounterexample } from './searchCounterexample.js'
import { stopCheck } from './stopCheck.js'
import { unknown, type Verdict } from './verdict.js'

const nothing = { boxes: 0, leaves: 0 }

/**
 * Stability of the origin where V̇ ≤ 0 only, and what LaSalle's theorem (1960) then says and no more: {x in domain: V(x) ≤
 * level} is forward invariant, and every solution in it converges to the largest invariant set within the points where
 * V̇ = 0, which need not be the origin. V̇ ≤ 0 is shown by its factors, see {@link factoredRate}; V > 0 about the
 * origin by its Hessian. The largest provable level is searched where none is given.
 */
export function certifyStability(options: RegionOptions & { readonly level?: number }): Verdict {
  const { maxBoxes = 2e6, tolerance = 1e-3, level, onProgress, threads } = options
  checkLimits('certify', options)
  checkThreads('certify', threads)
  const problem = readStability(options)
  if ('kind' in problem) return problem
  const { readings, domain, rate } = problem
  const rising = searchCounterexample(readings, domain)
  if (rising !== undefined && rising.rate[0] > 0 && level !== undefined && rising.value[1] <= level) {
    const reason = `V̇ is at least ${rising.rate[0]} > 0 at a point of {V ≤ ${level}}`
    return { kind: 'refuted', reason, message: `refuted: ${reason}`, ...rising, stats: nothing }
  }
  const stop = stopCheck(options, readings.cost)
  const faces = faceMinimum(readings, domain, {
    enough: level ?? Infinity,
    tolerance: tolerance / 16,
    maxBoxes,
    stop,
  })
  if (faces.stopped !== undefined) return unknown(faces.stopped, { boxes: faces.boxes, leaves: 0 })
  if (level !== undefined && !(faces.lower > level))
    return unknown(
      `{V ≤ ${level}} may touch the boundary of the domain (V is at most ${faces.upper} there); take a larger domain or a ` +
        'lower level',
      { boxes: faces.boxes, leaves: 0 },
      Array.from(faces.at, (v) => [v, v] as const),
    )
  const result = proveDecrease(withQuotient(readings, rate), domain, {
    ceiling: level ?? faces.lower,
    origin: empty(domain),
    tolerance: level === undefined ? tolerance / 2 : 0,
    maxBoxes,
    onProgress,
    // V̇ in its factors is no graph, and interpreted: a hundred times as dear
    stop: stopCheck(options, 100 * readings.cost),
  })
  const stats = { boxes: result.boxes + faces.boxes, leaves: (result.tree.nodes() + 1) / 2 }
  const reached = Math.min(result.proved, faces.lower)
  const proved = level ?? reached * (1 - levelSlack)
  if (!(proved > 0 && proved < reached))
    return unknown(
      `V̇ ≤ 0 is shown up to the level ${Math.max(0, reached)} only: ${result.stuck?.reason ?? 'beyond it, its factors change their signs'}`,
      stats,
      result.stuck && intervalsOf(result.stuck.box),
    )
  return {
    kind: 'proved',
    level: proved,
    message:
      `x = 0 is stable, and solutions in {V ≤ ${proved}} converge to the largest invariant set on which V̇ = 0 (LaSalle), ` +
      'which may be more than x = 0',
    certificate: makeCertificate(readings.system, readings.candidate, {
      claim: { property: 'stability', level: proved, ...scope(readings, domain) },
      proof: {
        tree: result.tree.preorder(),
        ...(rate.factors && {
          factor: toJSON(lower(rate.factors.factor)),
          quotient: toJSON(lower(rate.factors.quotient)),
        }),
      },
    }),
    stats,
  }
}

interface StabilityProblem {
  readonly readings: Readings
  readonly domain: Box
  readonly rate: FactoredRate
}

/** The pair with V̇ in factors, V(0) = 0, ∇V(0) = 0, f(0) = 0 and a definite Hessian at 0 shown; or what is missing. */
function readStability({
  field,
  V,
  domain,
  params,
  ...rest
}: RegionOptions): StabilityProblem | Exclude<Verdict, { readonly kind: 'proved' }> {
  expectField('certify', field)
  expectField('certify', V)
  const [stray] = (['rate', 'disturbance', 'equilibrium', 'time'] as const).filter(
    (k) => rest[k] !== undefined,
  )
  if (stray !== undefined)
    throw misuse({
      where: 'certify',
      expected: "neither rate, disturbance, equilibrium nor time with the property 'stability'",
      got: stray,
      try: "the property 'region-of-attraction'",
    })
  const readings = readPair('certify', field, V, params && { params })
  if ('why' in readings) return unknown(readings.why, nothing)
  const box = withUncertain(readOriginDomain('certify', domain, field.stateSize), readings)
  const problem = originProblem(readings)
  if (problem?.kind === 'refuted')
    return {
      ...problem,
      message: `refuted: ${problem.reason}`,
      point: new Float64Array(field.stateSize),
      stats: nothing,
    }
  if (problem !== undefined) return unknown(problem.reason, nothing)
  if (!isCurvedAtOrigin(readings, box))
    return unknown('the Hessian of V at the origin is not positive definite', nothing)
  const rate = factoredRate(readings.candidate, readings.field)
  if (rate === undefined)
    return unknown(
      'V̇ is no polynomial in the states and smooth functions of them, so that its factors are not seen',
      nothing,
    )
  return { readings, domain: box, rate }
}

function isCurvedAtOrigin({ n, second, secondSize }: Readings, domain: Box): boolean {
  const [low, high] = [new Float64Array(secondSize), new Float64Array(secondSize)]
  const at0 = (side: Float64Array) => side.map((v, i) => (i < n ? 0 : v))
  second(at0(domain.lo), at0(domain.hi), low, high)
  const hessian = { n, lo: low.subarray(0, n * n), hi: high.subarray(0, n * n) }
  return isSteady(low, high, 2 * n * n) && isPositiveDefinite(hessian)
}

const empty = ({ lo, hi }: Box): Box => ({ lo: lo.map(() => Infinity), hi: hi.map(() => -Infinity) })

/** Readings whose rate is the quotient Q of V̇ = m·Q; its slopes are not known. */
function withQuotient(readings: Readings, { quotient }: FactoredRate): Readings {
  const { n, natural, slopes, sample } = readings
  return {
    ...readings,
    linear: undefined,
    sources: undefined,
    affine: () => undefined,
    natural: (lo, hi, outLo, outHi) => {
      natural(lo, hi, outLo, outHi)
      // where V̇ itself is undefined its factors may not be
      const isDefined = (outLo[1] as number) <= (outHi[1] as number)
      const q = quotient(Float64Array.from(lo), Float64Array.from(hi))
      outLo[1] = isDefined ? q.lo : Number.NaN
      outHi[1] = isDefined ? q.hi : Number.NaN
    },
    slopes: (lo, hi, outLo, outHi) => {
      slopes(lo, hi, outLo, outHi)
      outLo.fill(-Infinity, n)
      outHi.fill(Infinity, n)
    },
    sample: (point, out) => {
      sample(point, out)
      const at = (x: Float64Array) => quotient(x, x).lo
      out[1] = at(point)
      // differences are good enough to search by
      point.forEach((v, i) => {
        const h = 1e-6 * (1 + Math.abs(v))
        const moved = (by: number) => point.map((u, k) => (k === i ? v + by : u))
        out[2 + n + i] = (at(moved(h)) - at(moved(-h))) / (2 * h)
      })
    },
  }
}
