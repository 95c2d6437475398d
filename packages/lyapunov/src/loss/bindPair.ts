import { type BoundLoss, type Execution, sampledLoss } from '@separatrix/adjoint'
import {
  expectField,
  expectSameOrder,
  type Field,
  misuse,
  type Random,
  withTheta,
} from '@separatrix/field/core'
import type { Sampler } from './samplers.js'

/** Samples, and how many; the times are uniform on `time`, or 0. */
export interface Sampling {
  readonly sampler: Sampler
  readonly batch: number
  readonly time?: readonly [number, number]
  readonly execution?: Execution
}

/**
 * A sampled loss over a field and a scalar function on its state, whose θ follow one another; training gives
 * back both, the function under the name `key`.
 */
export function bindPair<K extends string>(
  key: K,
  { field, scalar, integrand }: { readonly field: Field; readonly scalar: Field; readonly integrand: Field },
  { sampler, batch, time, execution }: Sampling,
): BoundLoss<{ readonly field: Field } & { readonly [P in K]: Field }> {
  const p = field.theta.length
  const drawTime = time && ((random: Random) => time[0] + (time[1] - time[0]) * random.uniform())
  return sampledLoss({
    integrand,
    batch,
    execution,
    draw(random, x) {
      sampler.draw(random, x)
      return drawTime?.(random) ?? 0
    },
    restore: (theta) => {
      const fields = {
        field: withTheta(field, theta.subarray(0, p)),
        [key]: withTheta(scalar, theta.subarray(p)),
      }
      return fields as { readonly field: Field } & { readonly [P in K]: Field }
    },
  })
}

/** Refuses what has no rate: a scalar on another state, or a plant whose loop is open. */
export function checkPair(where: string, field: Field, scalar: Field): void {
  expectField(where, field)
  expectField(where, scalar)
  expectSameOrder(where, field, scalar)
  if (field.inputSize > 0)
    throw misuse({
      where,
      expected: 'a field without inputs',
      got: `${field.name} with ${field.inputNames.join(', ')}`,
      try: 'closeLoop(plant, controller)',
      code: 'open-loop',
    })
  if (scalar.outputSize === 1 && scalar.stateSize === field.stateSize && field.outputSize === field.stateSize)
    return
  throw misuse({
    where,
    expected: `a scalar field on R^${field.stateSize}`,
    got: `R^${scalar.stateSize} → R^${scalar.outputSize}`,
    try: 'expression(text, field.stateNames)',
    code: 'wrong-dimension',
  })
}
