import { misuse, show } from '@separatrix/field/core'
import type { BoundLoss } from './loss.js'

export interface ValidationOptions {
  /** part of the loss's samples to set aside, chosen by the seed of the run */
  readonly fraction?: number
  /** samples apart, in place of a fraction */
  readonly data?: unknown
  /** steps between two looks; 1 by default */
  readonly every?: number
  /** looks without improvement that end the run; unlimited by default */
  readonly patience?: number
}

/** What is known about held-out samples, as plain data. */
export interface ValidationRecord {
  /** steps done when each loss was taken */
  readonly steps: number[]
  readonly losses: number[]
  /** the step with the least loss, and θ there */
  best: { readonly step: number; readonly loss: number; readonly theta: readonly number[] } | null
  /** looks since then */
  waited: number
}

export function checkValidation(options: ValidationOptions, bound: BoundLoss): void {
  const { every = 1, patience, fraction, data } = options
  const positive = (v: number) => Number.isSafeInteger(v) && v > 0
  const bad = (expected: string, got: unknown, remedy: string) =>
    misuse({ where: 'fit({ validation })', expected, got: show(got), try: remedy, code: 'bad-validation' })
  if ((fraction === undefined) === (data === undefined))
    throw bad('either a fraction to hold out or data apart', options, '{ fraction: 0.2, patience: 20 }')
  if (!positive(every)) throw bad('a positive number of steps', every, 'every: 10')
  if (patience !== undefined && !positive(patience))
    throw bad('a positive patience', patience, 'patience: 20')
  if (bound.validate === undefined)
    throw bad('a loss of data', 'one of fresh samples, for which no sample is old', 'leaving validation out')
}

export function emptyRecord(): ValidationRecord {
  return { steps: [], losses: [], best: null, waited: 0 }
}

/** A record that went through JSON, where what is not finite became null. */
export function readRecord(record: ValidationRecord): ValidationRecord {
  const copy = structuredClone(record)
  return { ...copy, losses: copy.losses.map((v: number | null) => v ?? Number.NaN) }
}

/** Takes the held-out loss at this step, unless that was done before a resumption. */
export function look(
  record: ValidationRecord,
  { step, theta, bound }: { readonly step: number; readonly theta: Float64Array; readonly bound: BoundLoss },
): void {
  if (record.steps.at(-1) === step) return
  const loss = bound.validate?.(theta) ?? Number.NaN
  record.steps.push(step)
  record.losses.push(loss)
  // a loss that is not finite is none
  if (record.best === null ? Number.isFinite(loss) : loss < record.best.loss) {
    record.best = { step, loss, theta: Array.from(theta) }
    record.waited = 0
  } else record.waited++
}
