import type { Field } from '@separatrix/field'
import type { ProofProgress } from '@separatrix/lyapunov'
import type { Progress, Terminal } from '../terminal/terminal.js'
import { carryOut } from './carryOut.js'
import type { Outcome } from './outcome.js'
import type { ProofJob, Sides } from './proofJob.js'
import { proveInThread } from './proveInThread.js'

export interface ProofTask {
  readonly field: Field
  readonly V: Field
  readonly domain: Sides
  /** the level to prove; the largest one is searched for where it is left out */
  readonly level?: number | undefined
  /** κ of V(x(t)) ≤ e^(−κt) V(x(0)), proved along */
  readonly rate?: number | undefined
}

/** What the point of an outcome shows. */
export function fault({ rate, property, limitedBy }: Outcome): string {
  if (property === 'invariant-set') return 'the field points out of the set at'
  if (limitedBy === 'domain') return 'the set reaches the boundary of the domain at'
  return rate === undefined ? 'V does not decrease at' : 'V does not fall at that rate at'
}

/** Proves a region of attraction with a progress bar. */
export function prove(task: ProofTask, what: string, terminal: Terminal): Outcome {
  return proveHere({ property: 'region-of-attraction', ...task }, what, terminal)
}

/** Carries out a proof with a progress bar, in a thread of its own where somebody can interrupt it. */
export async function proveJob(job: ProofJob, what: string, terminal: Terminal): Promise<Outcome> {
  const { interrupts } = terminal
  if (interrupts === undefined) return proveHere(job, what, terminal)
  const bar = terminal.progress(what, detailColumns)
  try {
    return await proveInThread(job, { interrupts, onProgress: shown(job, bar), remark: terminal.remark })
  } finally {
    bar.stop()
  }
}

function proveHere(job: ProofJob, what: string, terminal: Terminal): Outcome {
  const bar = terminal.progress(what, detailColumns)
  try {
    return carryOut(job, { now: terminal.now, onProgress: shown(job, bar) })
  } finally {
    bar.stop()
  }
}

const shown =
  (job: ProofJob, bar: Progress) =>
  (at: ProofProgress): void =>
    bar.update(fractionOf(job, at), progressText(job, at))

/** Of a level where one is sought or given, else of the domain. */
function fractionOf({ property, level }: ProofJob, { proved, refuted, settled }: ProofProgress): number {
  const isByLevel = property === 'region-of-attraction' || property === 'stability'
  if (!isByLevel) return settled
  const goal = Math.min(level ?? Infinity, refuted)
  return goal < Infinity && proved > 0 ? proved / goal : 0
}

/** Boxes, the share of the domain that is settled, and the bracket of the level. */
export function progressText(
  { property }: Pick<ProofJob, 'property'>,
  { proved, refuted, boxes, settled }: ProofProgress,
): string {
  const digits = (v: number) => Number(v.toPrecision(3))
  const isByLevel = property === 'region-of-attraction' || property === 'stability'
  const from = isByLevel && proved > 0 ? `${digits(proved)} ≤ ` : ''
  const to = isByLevel && refuted < Infinity ? ` ≤ ${digits(refuted)}` : ''
  const bracket = from === '' && to === '' ? '' : `, ${from}c${to}`
  return `${boxes} boxes, ${Math.floor(100 * settled)}% vol.${bracket}`
}

/** 12345 boxes, 38% vol., 0.213 ≤ c ≤ 2.31 fits; what is longer is cut */
const detailColumns = 40
