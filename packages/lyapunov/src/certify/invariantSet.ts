import { combine, expectField, type Field } from '@separatrix/field/core'
import { midpoint } from './bisectionTree.js'
import { type Box, type Interval, intervalsOf } from './box.js'
import { boxEvaluator } from './boxBounds.js'
import { makeCertificate } from './certificate.js'
import { checkThreads } from './crewRound.js'
import { faceMinimum } from './faceMinimum.js'
import { invariantPolytope } from './invariantPolytope.js'
import { checkLimits, type RegionOptions } from './options.js'
import { readDomain, scope, withUncertain } from './prepare.js'
import { type BandOptions, proveBand } from './proveBand.js'
import { type Readings, readPair } from './readings.js'
import { lattice } from './searchCounterexample.js'
import { ellipsoidBarrier, polytopeOf, type SetShape } from './setShapes.js'
import { stopCheck } from './stopCheck.js'
import { unitsOf } from './unitsOf.js'
import { type Refuted, unknown, type Verdict } from './verdict.js'

interface CommonOptions
  extends Pick<
    RegionOptions,
    'params' | 'disturbance' | 'maxBoxes' | 'onProgress' | 'signal' | 'deadline' | 'threads'
  > {
  /** an autonomous field, closed but for what `disturbance` bounds */
  readonly field: Field
}

export interface BarrierSetOptions extends CommonOptions, Pick<RegionOptions, 'domain'> {
  /** B: the set is {B ≥ 0} */
  readonly barrier: Field
  readonly set?: undefined
}

export interface ShapedSetOptions extends CommonOptions {
  /** a box, an ellipsoid, a simplex or another polytope */
  readonly set: SetShape
}

export type InvariantSetOptions = BarrierSetOptions | ShapedSetOptions

/**
 * Proves that {x in domain: B(x) ≥ 0} is forward invariant, compact and not empty: Ḃ > 0 wherever B = 0, and B < 0 on
 * the whole boundary of the domain (Nagumo 1942, in the strict form that needs no regularity of the boundary); f is
 * shown to be defined throughout the set. Refutes it by a box through which B = 0 passes and on which Ḃ < 0. A `set` is
 * given by its shape instead: an ellipsoid is proved in the same way, boxes, simplices and other polytopes face by face,
 * see {@link invariantPolytope}.
 * @example
 * const field = system({ state: ['x'], dynamics: { x: '-x' } })
 * invariantSet({ field, barrier: expression('1 - x^2', ['x']), domain: [[-2, 2]] }).kind // 'proved'
 * invariantSet({ field, set: { kind: 'box', sides: [[-1, 2]] } }).kind // 'proved'
 */
export function invariantSet(options: InvariantSetOptions): Verdict {
  expectField('invariantSet', options.field)
  if (options.set === undefined) return barrierSet(options)
  const { field, set, maxBoxes = 2e6, params = {}, disturbance = {}, onProgress } = options
  checkLimits('invariantSet', { maxBoxes })
  if (set.kind === 'ellipsoid')
    return barrierSet({ ...options, set: undefined, ...ellipsoidBarrier('invariantSet', set, field) })
  const polytope = polytopeOf('invariantSet', set, field.stateSize)
  const stop = stopCheck(options, 1000)
  return invariantPolytope(field, polytope, { params, disturbance, maxBoxes, onProgress, stop })
}

function barrierSet({
  field,
  barrier,
  domain,
  params,
  disturbance,
  maxBoxes = 2e6,
  onProgress,
  signal,
  deadline,
  threads,
}: BarrierSetOptions): Verdict {
  expectField('invariantSet', barrier)
  checkLimits('invariantSet', { maxBoxes })
  checkThreads('invariantSet', threads)
  const states = readDomain('invariantSet', domain, field.stateSize)
  // W = −B: the set is {W ≤ 0}, and W must fall where it is 0
  const turned = combine([barrier], (b, place) => b.neg(place(barrier)))
  const readings = readPair('invariantSet', field, turned, { params, disturbance })
  if ('why' in readings) return unknown(readings.why, { boxes: 0, leaves: 0 })
  const box = withUncertain(states, readings)
  const witness = findWitness(readings, box)
  if (witness === undefined)
    return unknown('no point with B ≥ 0 was found in the domain', { boxes: 0, leaves: 0 })
  const stop = stopCheck({ signal, deadline }, readings.cost)
  const faces = faceMinimum(readings, box, { enough: 0, tolerance: 1e-9, maxBoxes, stop })
  if (faces.stopped !== undefined) return unknown(faces.stopped, { boxes: faces.boxes, leaves: 0 })
  if (!(faces.lower > 0))
    return unknown(
      `B is not proved negative on the boundary of the domain (B may reach ${-faces.lower} there); take a larger domain`,
      { boxes: faces.boxes, leaves: 0 },
      Array.from(faces.at, (v): Interval => [v, v]),
    )
  return search({ readings, domain: box, witness, barrier }, { maxBoxes, onProgress, stop, threads })
}

interface Problem {
  readonly readings: Readings
  readonly domain: Box
  readonly witness: readonly number[]
  readonly barrier: Field
}

function search(
  problem: Problem,
  limits: Pick<BandOptions, 'maxBoxes' | 'onProgress' | 'stop' | 'threads'>,
): Verdict {
  const { readings, domain } = problem
  let crossing: Omit<Refuted, 'stats'> | undefined
  // B = 0 may run along a side of a box: the crossing is sought in one half as large again
  const wide = boxEvaluator(readings, unitsOf(readings, domain), () => false)
  const onRising = (from: Float64Array, to: Float64Array) => {
    const grown = (side: Float64Array, bound: Float64Array, sign: 1 | -1) =>
      side.map((v, i) => sign * Math.min(sign * v + (to[i] - from[i]) / 4, sign * bound[i]))
    const [low, high] = [grown(from, domain.lo, -1), grown(to, domain.hi, 1)]
    wide.evaluate(low, high)
    if (!(wide.bounds.rateLow > 0 && changesSign(readings, low, high))) return false
    const rate = [-wide.bounds.rateHigh, -wide.bounds.rateLow] as const
    const reason = `B = 0 within the box [${low.join(', ')}] to [${high.join(', ')}], on all of which Ḃ ≤ ${rate[1]} < 0`
    const { centre } = wide.bounds
    const [point, uncertain] = [centre.slice(0, readings.n), centre.slice(readings.n)]
    crossing = { kind: 'refuted', reason, message: `refuted: ${reason}`, point, uncertain, rate }
    return true
  }
  const { boxes, leaves, threads, tree, stuck } = proveBand(readings, domain, {
    ...limits,
    lower: 0,
    upper: 0,
    onRising,
  })
  const stats = { boxes, leaves, threads }
  if (crossing !== undefined) return { ...crossing, stats }
  if (stuck !== undefined)
    return unknown(`${stuck.reason}; Ḃ > 0 is not proved where B = 0`, stats, intervalsOf(stuck.box))
  return proved(problem, tree, stats)
}

function proved(
  { readings, domain, witness, barrier }: Problem,
  tree: readonly number[],
  stats: { boxes: number; leaves: number },
): Verdict {
  const frozen = combine([readings.candidate], (b, place) => b.neg(place(readings.candidate)), barrier.name)
  const certificate = makeCertificate(readings.system, frozen, {
    claim: { property: 'invariant-set', level: 0, ...scope(readings, domain) },
    proof: { tree, witness },
  })
  return {
    kind: 'proved',
    level: 0,
    message: '{B ≥ 0} is forward invariant within the domain',
    certificate,
    stats,
  }
}

/** A point with W ≤ 0 for certain, from a lattice. */
function findWitness({ natural, n, size }: Readings, domain: Box): readonly number[] | undefined {
  const [lo, hi] = [new Float64Array(2), new Float64Array(2)]
  const pointAt = lattice(domain)
  for (let k = 0; k <= 1000; k++) {
    const x =
      k === 0
        ? new Float64Array(size).map((_, i) => midpoint(domain.lo[i] as number, domain.hi[i] as number))
        : pointAt(k)
    natural(x, x, lo, hi)
    if ((hi[0] as number) <= 0) return Array.from(x.subarray(0, n))
  }
  return undefined
}

/** Whether W < 0 at one corner and W > 0 at another, for certain: then W = 0 in between. */
function changesSign({ natural, n }: Readings, lo: Float64Array, hi: Float64Array): boolean {
  const [low, high, x] = [new Float64Array(2), new Float64Array(2), Float64Array.from(lo)]
  let [below, above] = [false, false]
  for (let k = 0; k < 2 ** Math.min(n, 10); k++) {
    for (let i = 0; i < n; i++) x[i] = ((k >> i) & 1 ? hi[i] : lo[i]) as number
    natural(x, x, low, high)
    below ||= (high[0] as number) < 0
    above ||= (low[0] as number) > 0
  }
  return below && above
}
