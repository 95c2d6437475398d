import { combine, expectField, type Field } from '@separatrix/field/core'
import { bisectionTree, leaf, midpoint } from './bisectionTree.js'
import { type Box, type Interval, intervalsOf } from './box.js'
import { type BoxBounds, boxEvaluator } from './boxBounds.js'
import { boxQueue } from './boxQueue.js'
import { makeCertificate } from './certificate.js'
import { faceMinimum } from './faceMinimum.js'
import { checkLimits, type RegionOptions } from './options.js'
import { readDomain, scope, withUncertain } from './prepare.js'
import { type Readings, readPair } from './readings.js'
import { latticePoint } from './searchCounterexample.js'
import { unknown, type Verdict } from './verdict.js'

export interface InvariantSetOptions
  extends Pick<RegionOptions, 'domain' | 'params' | 'disturbance' | 'maxBoxes' | 'onProgress' | 'signal'> {
  /** an autonomous field, closed but for what `disturbance` bounds */
  readonly field: Field
  /** B: the set is {B ≥ 0} */
  readonly barrier: Field
}

/**
 * Proves that {x in domain: B(x) ≥ 0} is forward invariant, compact and not empty: Ḃ > 0 wherever B = 0, and B < 0 on
 * the whole boundary of the domain (Nagumo 1942, in the strict form that needs no regularity of the boundary); f is
 * shown to be defined throughout the set. Refutes it by a box through which B = 0 passes and on which Ḃ < 0.
 * @example
 * const field = system({ state: ['x'], dynamics: { x: '-x' } })
 * invariantSet({ field, barrier: expression('1 - x^2', ['x']), domain: [[-2, 2]] }).kind // 'proved'
 */
export function invariantSet({
  field,
  barrier,
  domain,
  params,
  disturbance,
  maxBoxes = 2e6,
  onProgress,
  signal,
}: InvariantSetOptions): Verdict {
  expectField('invariantSet', field)
  expectField('invariantSet', barrier)
  checkLimits('invariantSet', { maxBoxes })
  const states = readDomain('invariantSet', domain, field.stateSize)
  // W = −B: the set is {W ≤ 0}, and W must fall where it is 0
  const turned = combine([barrier], (b, place) => b.neg(place(barrier)))
  const readings = readPair('invariantSet', field, turned, { params, disturbance })
  if ('why' in readings) return unknown(readings.why, { boxes: 0, leaves: 0 })
  const box = withUncertain(states, readings)
  const witness = findWitness(readings, box)
  if (witness === undefined)
    return unknown('no point with B ≥ 0 was found in the domain', { boxes: 0, leaves: 0 })
  const faces = faceMinimum(readings, box, { enough: 0, tolerance: 1e-9, maxBoxes })
  if (!(faces.lower > 0))
    return unknown(
      `B is not proved negative on the boundary of the domain (B may reach ${-faces.lower} there); take a larger domain`,
      { boxes: faces.boxes, leaves: 0 },
      Array.from(faces.at, (v): Interval => [v, v]),
    )
  return search({ readings, domain: box, witness, barrier }, { maxBoxes, onProgress, signal })
}

interface Problem {
  readonly readings: Readings
  readonly domain: Box
  readonly witness: readonly number[]
  readonly barrier: Field
}

function search(
  problem: Problem,
  {
    maxBoxes,
    onProgress,
    signal,
  }: Required<Pick<InvariantSetOptions, 'maxBoxes'>> & Pick<InvariantSetOptions, 'onProgress' | 'signal'>,
): Verdict {
  const { readings, domain } = problem
  const { size } = readings
  const queue = boxQueue(size)
  const tree = bisectionTree()
  // within the set f must at least be defined, or solutions end there: then the rate is not NaN
  const isOff = (b: BoxBounds) => b.valueLow > 0 || (b.valueHigh < 0 && b.rateLow <= b.rateHigh)
  const settles = (b: BoxBounds) => isOff(b) || b.rateHigh < 0
  const { bounds, evaluate } = boxEvaluator(readings, settles)
  const [lo, hi] = [Float64Array.from(domain.lo), Float64Array.from(domain.hi)]
  const [parentLo, parentHi] = [new Float64Array(size), new Float64Array(size)]
  let boxes = 0
  const stats = () => ({ boxes, leaves: (tree.nodes() + 1) / 2 })
  let crossing: Verdict | undefined
  // B = 0 may run along a side of a box: the crossing is sought in one half as large again
  const wide = boxEvaluator(readings, () => false)
  const findCrossing = (from: Float64Array, to: Float64Array): Verdict | undefined => {
    const grown = (side: Float64Array, bound: Float64Array, sign: 1 | -1) =>
      side.map(
        (v, i) =>
          sign *
          Math.min(sign * v + ((to[i] as number) - (from[i] as number)) / 4, sign * (bound[i] as number)),
      )
    const [low, high] = [grown(from, domain.lo, -1), grown(to, domain.hi, 1)]
    wide.evaluate(low, high)
    if (!(wide.bounds.rateLow > 0 && changesSign(readings, low, high))) return undefined
    const rate = [-wide.bounds.rateHigh, -wide.bounds.rateLow] as const
    const reason = `B = 0 within the box [${low.join(', ')}] to [${high.join(', ')}], on all of which Ḃ ≤ ${rate[1]} < 0`
    const { centre } = wide.bounds
    const [point, uncertain] = [centre.slice(0, readings.n), centre.slice(readings.n)]
    return { kind: 'refuted', reason, message: `refuted: ${reason}`, point, uncertain, rate, stats: stats() }
  }
  const look = (node: number) => {
    boxes++
    evaluate(lo, hi)
    if (isOff(bounds)) return tree.mark(node, leaf.outside)
    if (bounds.rateHigh < 0) return tree.mark(node, leaf.decrease)
    if (bounds.rateLow > 0) crossing ??= findCrossing(lo, hi)
    queue.push(lo, hi, { key: boxes, node, axis: bounds.axis })
  }
  look(0)
  while (queue.size() > 0 && crossing === undefined) {
    const { node, axis } = queue.pop(parentLo, parentHi)
    const middle = midpoint(parentLo[axis] as number, parentHi[axis] as number)
    const isSplittable = middle > (parentLo[axis] as number) && middle < (parentHi[axis] as number)
    if (boxes >= maxBoxes || !isSplittable || signal?.aborted) {
      const why = signal?.aborted
        ? 'it was stopped'
        : isSplittable
          ? `${maxBoxes} boxes were not enough`
          : 'a box cannot be split further'
      return unknown(
        `${why}; Ḃ > 0 is not proved where B = 0`,
        stats(),
        intervalsOf({ lo: parentLo, hi: parentHi }),
      )
    }
    const child = tree.split(node, axis)
    for (const half of [0, 1]) {
      lo.set(parentLo)
      hi.set(parentHi)
      if (half === 0) hi[axis] = middle
      else lo[axis] = middle
      look(child + half)
    }
    if ((boxes & 1023) < 2) onProgress?.({ proved: 0, refuted: Infinity, boxes })
  }
  return crossing ?? proved(problem, tree.preorder(), stats())
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
  for (let k = 0; k <= 1000; k++) {
    const x =
      k === 0
        ? new Float64Array(size).map((_, i) => midpoint(domain.lo[i] as number, domain.hi[i] as number))
        : latticePoint(k, domain)
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
