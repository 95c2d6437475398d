import { type BoundLoss, type Execution, sampledLoss } from '@separatrix/adjoint'
import {
  expectField,
  expectSameOrder,
  type Field,
  misuse,
  type Random,
  withTheta,
} from '@separatrix/field/core'
import { type Counterexamples, withCounterexamples } from './counterexamples.js'
import { type Disturbance, drawDisturbance, inputsAsStates, readDisturbance } from './disturbance.js'
import type { Sampler } from './samplers.js'

/** Samples, and how many; the times are uniform on `time`, or 0. */
export interface Sampling {
  /** draws states */
  readonly sampler: Sampler
  readonly batch: number
  readonly time?: readonly [number, number]
  /** bounds of the field's inputs, by name: each sample has one of their values, mostly a corner */
  readonly disturbance?: Disturbance
  /** points at which a candidate failed: samples are drawn near them as well */
  readonly counterexamples?: Counterexamples
  /** each sample is the worst of this many drawn, so that the mean leans towards violations; 1 */
  readonly worstOf?: number
  readonly execution?: Execution
}

/**
 * A sampled loss over a field and a scalar function on its state, whose θ follow one another; training gives
 * back both, the function under the name `key`.
 */
export function bindPair<K extends string>(
  key: K,
  { field, scalar, integrand }: { readonly field: Field; readonly scalar: Field; readonly integrand: Field },
  { sampler, batch, time, disturbance, counterexamples, worstOf, execution }: Sampling,
): BoundLoss<{ readonly field: Field } & { readonly [P in K]: Field }> {
  const p = field.theta.length
  const drawn = sampleOf(key, field, { sampler, disturbance, counterexamples })
  const drawTime = time && ((random: Random) => time[0] + (time[1] - time[0]) * random.uniform())
  return sampledLoss({
    integrand: inputsAsStates(integrand),
    batch,
    worstOf,
    execution,
    draw(random, z) {
      drawn.draw(random, z)
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

/** A state and, after it, a disturbance; now and then what a counterexample says of both. */
export function sampleOf(
  where: string,
  field: Field,
  { sampler, disturbance, counterexamples }: Omit<Sampling, 'batch'>,
): Sampler {
  const bounds = readDisturbance(where, field, disturbance)
  const n = field.stateSize
  // views of the sample last seen: the same one is filled again and again
  const none: Float64Array = new Float64Array(0)
  let [whole, state, input] = [none, none, none]
  const open: Sampler = {
    name: sampler.name,
    draw(random, z) {
      if (z !== whole) [whole, state, input] = [z, z.subarray(0, n), z.subarray(n)]
      sampler.draw(random, state)
      drawDisturbance(random, bounds, input)
    },
  }
  const plain = bounds.length === 0 ? sampler : open
  return counterexamples === undefined ? plain : withCounterexamples(plain, { ...counterexamples, states: n })
}

/** Refuses what has no rate: a scalar on another state, or a plant whose loop is open. */
export function checkPair(where: string, field: Field, scalar: Field, disturbance?: Disturbance): void {
  expectField(where, field)
  expectField(where, scalar)
  expectSameOrder(where, field, scalar)
  readDisturbance(where, field, disturbance)
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
