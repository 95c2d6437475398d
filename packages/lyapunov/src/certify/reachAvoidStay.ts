import { expectField, type Field, misuse, show } from '@separatrix/field/core'
import { midpoint } from './bisectionTree.js'
import { type Box, type Interval, intervalsOf } from './box.js'
import { boxEvaluator, widestOf } from './boxBounds.js'
import { makeCertificate } from './certificate.js'
import { checkThreads } from './crewRound.js'
import { faceMinimum } from './faceMinimum.js'
import { checkLimits, type RegionOptions } from './options.js'
import { readDomain, scope, withUncertain } from './prepare.js'
import { proveBand } from './proveBand.js'
import { type Readings, readPair } from './readings.js'
import { lattice, replay, searchCounterexample } from './searchCounterexample.js'
import { type StopCheck, stopCheck } from './stopCheck.js'
import { unitsOf } from './unitsOf.js'
import { type ProofStats, type Refutation, unknown, type Verdict } from './verdict.js'

export interface ReachAvoidStayOptions
  extends Pick<
    RegionOptions,
    'domain' | 'params' | 'disturbance' | 'maxBoxes' | 'onProgress' | 'signal' | 'deadline' | 'threads'
  > {
  /** an autonomous field, closed but for what `disturbance` bounds; it needs no equilibrium */
  readonly field: Field
  readonly V: Field
  /** solutions start in {V ≤ level} and stay there */
  readonly level: number
  /** they come to {V ≤ inner}, inner < level, and stay there */
  readonly inner: number
  /** a box of initial states: {V ≤ level} contains it */
  readonly initial?: readonly Interval[]
  /** a box that contains {V ≤ inner} */
  readonly goal?: readonly Interval[]
  /** boxes that {V ≤ level} does not meet */
  readonly avoid?: readonly (readonly Interval[])[]
}

const where = 'reachAvoidStay'

/**
 * Proves that every solution from {x in domain: V ≤ level} stays in it, reaches {V ≤ inner} in finite time and stays
 * there: V̇ < 0 on the compact shell between, hence below a negative constant. An equilibrium is not needed, so that
 * disturbances which do not vanish, biased networks and limit cycles are covered: practical stability, with what to start
 * from, to avoid and to reach as boxes.
 * @example
 * const field = system({ state: ['x'], input: ['d'], dynamics: { x: '-x + d' } })
 * const claim = { level: 4, inner: 0.1, initial: [[-1, 1]], goal: [[-0.5, 0.5]], avoid: [[[2.1, 3]]] } as const
 * reachAvoidStay({ field, V: expression('x^2', ['x']), domain: [[-3, 3]], disturbance: { d: [-0.3, 0.3] }, ...claim }).kind // 'proved'
 */
export function reachAvoidStay(options: ReachAvoidStayOptions): Verdict {
  const { field, V, level, inner, initial, goal, avoid = [], params = {}, disturbance = {} } = options
  const { maxBoxes = 2e6 } = options
  expectField(where, field)
  expectField(where, V)
  checkLimits(where, { maxBoxes })
  checkThreads(where, options.threads)
  if (!(Number.isFinite(inner) && Number.isFinite(level) && inner < level))
    throw misuse({
      where,
      expected: 'levels inner < level',
      got: `${show(inner)} and ${show(level)}`,
      try: 'inner: 0.1, level: 1',
    })
  const n = field.stateSize
  const states = readDomain(where, options.domain, n)
  const boxes = [initial, goal, ...avoid].map((box) => box && readDomain(where, box, n))
  const readings = readPair(where, field, V, { params, disturbance })
  if ('why' in readings) return unknown(readings.why, { boxes: 0, leaves: 0 })
  const domain = withUncertain(states, readings)
  const stop = stopCheck(options, readings.cost)
  const faces = faceMinimum(readings, domain, { enough: level, tolerance: 1e-9, maxBoxes, stop })
  if (faces.stopped !== undefined) return unknown(faces.stopped, { boxes: faces.boxes, leaves: 0 })
  if (!(faces.lower > level))
    return unknown(
      `{V ≤ ${level}} may touch the boundary of the domain (V is at most ${faces.upper} there)`,
      { boxes: faces.boxes, leaves: 0 },
      Array.from(faces.at, (v): Interval => [v, v]),
    )
  const [start, target, ...unsafe] = boxes
  const obstacle = containmentProblem(readings, {
    domain: states,
    start,
    target,
    unsafe,
    level,
    inner,
    maxBoxes,
    stop,
  })
  if (obstacle !== undefined)
    return unknown(obstacle.reason, { boxes: faces.boxes, leaves: 0 }, intervalsOf(obstacle.box))
  let rising = inBand(searchCounterexample(readings, domain), options)
  if (rising !== undefined) return refuted(rising, options, { boxes: faces.boxes, leaves: 0 })
  const result = proveBand(readings, domain, {
    ...options,
    stop,
    lower: inner,
    upper: level,
    maxBoxes,
    onRising: (lo, hi) => {
      rising ??= inBand(
        replay(
          readings,
          lo.map((v, i) => midpoint(v, hi[i])),
        ),
        options,
      )
      return rising !== undefined
    },
  })
  const stats = { boxes: faces.boxes + result.boxes, leaves: result.leaves, threads: result.threads }
  if (rising !== undefined) return refuted(rising, options, stats)
  if (result.stuck !== undefined)
    return unknown(
      `${result.stuck.reason}; V̇ < 0 is not proved between the levels`,
      stats,
      intervalsOf(result.stuck.box),
    )
  const claim = {
    property: 'reach-avoid-stay' as const,
    level,
    inner,
    ...scope(readings, domain),
    ...(initial && { initial }),
    ...(goal && { goal }),
    ...(avoid.length > 0 && { avoid }),
  }
  const proof = { tree: result.tree }
  return {
    kind: 'proved',
    level,
    message: `solutions from {V ≤ ${level}} come to {V ≤ ${inner}} in finite time and stay there`,
    certificate: makeCertificate(readings.system, readings.candidate, { claim, proof }),
    stats,
  }
}

function refuted(rising: Refutation, { inner, level }: ReachAvoidStayOptions, stats: ProofStats): Verdict {
  const reason = `V̇ is at least ${rising.rate[0]} at a point between the levels ${inner} and ${level}`
  return { kind: 'refuted', reason, message: `refuted: ${reason}`, ...rising, stats }
}

function inBand(
  found: Refutation | undefined,
  { inner, level }: { readonly inner: number; readonly level: number },
): Refutation | undefined {
  return found !== undefined && found.value[0] >= inner && found.value[1] <= level ? found : undefined
}

interface Containment {
  readonly domain: Box
  readonly start: Box | undefined
  readonly target: Box | undefined
  readonly unsafe: readonly (Box | undefined)[]
  readonly level: number
  readonly inner: number
  readonly maxBoxes: number
  readonly stop: StopCheck
}

/** What is not shown of: the start lies in {V ≤ level}, unsafe boxes off it, {V ≤ inner} in the target. */
function containmentProblem(
  readings: Readings,
  { domain, start, target, unsafe, level, inner, ...limits }: Containment,
): { readonly reason: string; readonly box: Box } | undefined {
  if (start && !start.lo.every((v, i) => v >= domain.lo[i] && start.hi[i] <= domain.hi[i]))
    return { reason: 'the box initial is not within the domain', box: start }
  const above = (bound: number) => (low: number) => low > bound
  // a claim about no solution at all is true, but not what is meant
  if (start === undefined && !isMet(readings, domain, level)) {
    const met = coverValues(readings, withUncertain(domain, readings), above(level), limits)
    if (met === undefined) return { reason: `{V ≤ ${level}} is empty within the domain`, box: domain }
  }
  const prove = (box: Box, reason: string, holds: (low: number, high: number) => boolean) => {
    const stuck = coverValues(readings, withUncertain(box, readings), holds, limits)
    return stuck && { reason, box: stuck }
  }
  const isAtMost = (_low: number, high: number) => high <= level
  for (const box of unsafe) {
    const problem = box && prove(box, `V is not shown to be above ${level} on a box of avoid`, above(level))
    if (problem !== undefined) return problem
  }
  const outer = start && prove(start, `V is not shown to be at most ${level} on the box initial`, isAtMost)
  if (outer !== undefined || target === undefined) return outer
  for (const slab of slabsBeside(domain, target)) {
    const problem = prove(slab, `{V ≤ ${inner}} is not shown to lie within the box goal`, above(inner))
    if (problem !== undefined) return problem
  }
  return undefined
}

/** Whether V ≤ level at the centre or another point of a lattice. */
function isMet({ natural, extras }: Readings, { lo, hi }: Box, level: number): boolean {
  const [low, high] = [new Float64Array(2), new Float64Array(2)]
  const ends = [0, 1].map((side) => extras.map((interval) => interval[side]))
  const pointAt = lattice({ lo, hi })
  for (let k = 0; k <= 1000; k++) {
    const x = k === 0 ? lo.map((v, i) => midpoint(v, hi[i])) : pointAt(k)
    natural([...x, ...ends[0]], [...x, ...ends[1]], low, high)
    if (high[0] <= level) return true
  }
  return false
}

/** The parts of a domain beyond each face of a box, which overlap. */
function slabsBeside(domain: Box, box: Box): Box[] {
  return Array.from(domain.lo).flatMap((_, i) => {
    const below = { lo: domain.lo, hi: domain.hi.map((v, k) => (k === i ? Math.min(v, box.lo[i]) : v)) }
    const beyond = { lo: domain.lo.map((v, k) => (k === i ? Math.max(v, box.hi[i]) : v)), hi: domain.hi }
    return [below, beyond].filter(({ lo, hi }) => lo.every((v, k) => v <= hi[k]))
  })
}

/** Bisects a box until the bounds of V satisfy a condition on every part; the part on which they do not, if any. */
function coverValues(
  readings: Readings,
  box: Box,
  holds: (low: number, high: number) => boolean,
  { maxBoxes, stop }: { readonly maxBoxes: number; readonly stop: StopCheck },
): Box | undefined {
  const { n } = readings
  const units = unitsOf(readings, box)
  const { bounds, evaluate } = boxEvaluator(readings, units, (b) => holds(b.valueLow, b.valueHigh), 'V')
  const open = [box]
  for (let boxes = 0; open.length > 0; boxes++) {
    const { lo, hi } = open.pop() as Box
    evaluate(lo, hi)
    if (holds(bounds.valueLow, bounds.valueHigh)) continue
    const axis = widestOf(lo.subarray(0, n), hi.subarray(0, n), units)
    const middle = midpoint(lo[axis], hi[axis])
    if (boxes >= maxBoxes || stop() !== undefined || !(middle > lo[axis] && middle < hi[axis]))
      return { lo, hi }
    open.push(
      { lo, hi: hi.map((v, i) => (i === axis ? middle : v)) },
      { lo: lo.map((v, i) => (i === axis ? middle : v)), hi },
    )
  }
  return undefined
}
