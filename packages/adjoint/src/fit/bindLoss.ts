import { type Field, misuse } from '@separatrix/field/core'
import { type Execution, plainExecution, readExecution } from './execution.js'
import type { BoundLoss, Loss, Restored } from './loss.js'
import { checkValidation, type ValidationOptions } from './validation.js'

/** What {@link fit} says about its loss. */
export interface BindingOptions<R extends Restored> extends Partial<Execution> {
  readonly field: Field
  readonly data?: unknown
  readonly loss: Loss<R>
  readonly seed: number
  readonly validation?: ValidationOptions
}

/** Binds the loss of a run, and refuses one that cannot run or hold out samples as it was asked to. */
export function bindLoss<R extends Restored>({
  loss,
  field,
  data,
  seed,
  validation,
  backend,
  precision,
}: BindingOptions<R>): BoundLoss<R> {
  const execution = readExecution('fit', { backend, precision })
  const { fraction, data: apart } = validation ?? {}
  const split = fraction === undefined ? { data: apart } : { fraction, seed }
  const bound = loss.bind(field, data, execution, validation && split)
  if (validation !== undefined) checkValidation(validation, bound)
  if ((bound.execution ?? plainExecution).backend === execution.backend) return bound
  throw misuse({
    where: 'fit(backend)',
    expected: `a loss that runs on '${execution.backend}'`,
    got: loss.name,
    try: "backend: 'js'",
    code: 'no-backend',
  })
}
