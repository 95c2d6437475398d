import {
  certify,
  invariantSet,
  type ProofProgress,
  type Region,
  reachAvoidStay,
  regionOfAttraction,
  type Verdict,
} from '@separatrix/lyapunov'
import type { Ending, Outcome } from './outcome.js'
import type { ProofJob, Sides } from './proofJob.js'

export interface CarryOutOptions {
  /** milliseconds on a monotonic clock */
  readonly now: () => number
  readonly onProgress?: ((progress: ProofProgress) => void) | undefined
  /** whether somebody wants it to end; asked at every progress */
  readonly isInterrupted?: (() => boolean) | undefined
}

/** Carries out a proof in the calling thread, within its limits; what is proved when it ends early stays. */
export function carryOut(job: ProofJob, { now, onProgress, isInterrupted }: CarryOutOptions): Outcome {
  const { limits = {} } = job
  const start = now()
  const stop = new AbortController()
  let endedBy: Ending | undefined
  let last: ProofProgress | undefined
  const end = (by: Ending) => {
    endedBy = by
    stop.abort()
  }
  const hooks = {
    signal: stop.signal,
    ...(limits.boxes !== undefined && { maxBoxes: limits.boxes }),
    onProgress: (progress: ProofProgress) => {
      last = progress
      onProgress?.(progress)
      if (isInterrupted?.() === true) end('interrupt')
      else if (limits.time !== undefined && now() - start > 1000 * limits.time) end('time')
    },
  }
  const found = outcomeOf(job, hooks)
  const milliseconds = now() - start
  if (endedBy === undefined && limits.boxes !== undefined && found.stats.boxes >= limits.boxes)
    endedBy = 'boxes'
  const isEarly =
    endedBy !== undefined && (found.kind === 'unknown' || found.box !== undefined || endedBy !== 'boxes')
  return {
    ...found,
    property: job.property,
    milliseconds,
    ...(isEarly && { endedBy, ...(last && { settled: last.settled }) }),
  }
}

type Hooks = {
  readonly signal: AbortSignal
  readonly maxBoxes?: number
  readonly onProgress: (progress: ProofProgress) => void
}

type Found = Omit<Outcome, 'milliseconds'>

function outcomeOf(job: ProofJob, hooks: Hooks): Found {
  const { property, field, V, set, barrier, rate, time, equilibrium, level, unknowns } = job
  const { params = {}, disturbance = {} } = unknowns ?? {}
  const open = {
    ...(Object.keys(params).length > 0 && { params }),
    ...(Object.keys(disturbance).length > 0 && { disturbance }),
  }
  if (property === 'invariant-set') {
    if (set !== undefined) return ofVerdict(invariantSet({ field, set, ...open, ...hooks }))
    const domain = job.domain as Sides
    return ofVerdict(invariantSet({ field, barrier: needed(barrier), domain, ...open, ...hooks }))
  }
  const problem = { field, V: needed(V), domain: job.domain as Sides, ...open, ...hooks }
  if (property === 'reach-avoid-stay') {
    const { inner, initial, goal, avoid } = job
    return ofVerdict(
      reachAvoidStay({
        ...problem,
        level: level as number,
        inner: inner as number,
        ...(initial && { initial }),
        ...(goal && { goal }),
        ...(avoid && { avoid }),
      }),
    )
  }
  const claim = {
    ...problem,
    ...(rate !== undefined && { rate }),
    ...(time === 'discrete' && { time }),
    ...(equilibrium && { equilibrium }),
  }
  if (property === 'region-of-attraction' && level === undefined)
    return { rate, ...ofRegion(regionOfAttraction(claim)) }
  return { rate, ...ofVerdict(certify({ ...claim, property, ...(level !== undefined && { level }) }), level) }
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a proof job without what its property needs')
  return value
}

function ofRegion(region: Region): Found {
  const { status, message, level, refutedAt, uncertain, limitedBy, box, certificate, stats } = region
  const isOrigin = status !== 'proved' && level[1] === 0 && refutedAt?.every((x) => x === 0) === true
  return {
    kind: isOrigin ? 'refuted' : status,
    message,
    level: level[0],
    refuted: level[1],
    stats,
    ...(refutedAt && { point: refutedAt }),
    ...(uncertain && { uncertain }),
    ...(limitedBy && { limitedBy }),
    ...(box && { box }),
    ...(certificate && { certificate }),
  }
}

function ofVerdict(verdict: Verdict, asked?: number): Found {
  const { kind, stats } = verdict
  if (kind === 'proved') {
    const { message, level, certificate } = verdict
    // sets have the level 0, global claims none
    return { kind, message, level: Number.isFinite(level) ? level : 0, certificate, stats }
  }
  const common = { kind, message: verdict.reason, level: 0, stats }
  if (kind === 'unknown') return { ...common, ...(verdict.box && { box: verdict.box }) }
  const { point, uncertain } = verdict
  return { ...common, point, ...(uncertain && { uncertain }), ...(asked !== undefined && { refuted: asked }) }
}
