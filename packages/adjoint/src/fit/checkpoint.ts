import { misuse, show } from '@separatrix/field/core'
import type { PlainData } from '../optimize/optimizer.js'
import type { ValidationRecord } from './validation.js'

/**
 * Everything that a run of {@link fit} needs to go on bit for bit, as plain data: `JSON.stringify` keeps it,
 * and JavaScript prints doubles so that they read back exactly.
 */
export interface FitCheckpoint {
  readonly format: 'separatrix-fit'
  readonly version: 1
  /** names, so that a checkpoint of another loss or optimiser is refused */
  readonly loss: string
  readonly optimizer: string
  /** steps done */
  readonly step: number
  /** all of θ, trained or not */
  readonly theta: readonly number[]
  readonly state: PlainData
  readonly random: readonly number[]
  readonly losses: readonly number[]
  /** of runs that hold samples out */
  readonly validation?: ValidationRecord
}

/** Refuses a checkpoint that belongs to another run. */
export function checkCheckpoint(
  checkpoint: FitCheckpoint,
  expected: { readonly loss: string; readonly optimizer: string; readonly thetaLength: number },
): void {
  const bad = (what: string, got: unknown) =>
    misuse({
      where: 'fit({ resume })',
      expected: what,
      got: show(got),
      try: 'the checkpoint of the same field, loss and optimiser',
      code: 'wrong-checkpoint',
    })
  if (checkpoint.format !== 'separatrix-fit' || checkpoint.version !== 1)
    throw bad("format 'separatrix-fit', version 1", checkpoint.format)
  if (checkpoint.loss !== expected.loss) throw bad(`the loss ${expected.loss}`, checkpoint.loss)
  if (checkpoint.optimizer !== expected.optimizer)
    throw bad(`the optimiser ${expected.optimizer}`, checkpoint.optimizer)
  if (checkpoint.theta.length !== expected.thetaLength)
    throw bad(`${expected.thetaLength} entries of θ`, checkpoint.theta.length)
}
