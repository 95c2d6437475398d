import { misuse, show } from '@separatrix/field/core'

/** Which steps each trajectory takes: every kept time ends one, and shorter trajectories stand still at the end. */
export interface StepTable {
  /** steps of the longest trajectory */
  readonly steps: number
  /** [steps][batch]: start and size of each */
  readonly t: Float64Array
  readonly h: Float64Array
  /** [times][batch]: the number of steps after which a kept time is reached */
  readonly reached: Int32Array
}

/** Steps of all trajectories whose states and sizes 32-bit addresses can hold. */
const mostSteps = 2 ** 28

/** A remainder within this part of a step is none, as in `solve`. */
const remainderTolerance = 1e-9

/**
 * Divides every interval between neighbouring times of a trajectory into the fewest equal steps of at most `step`.
 * `times[i]` are the start of trajectory i and its kept times, as many for each.
 */
export function stepTable(times: readonly ArrayLike<number>[], step: number): StepTable {
  if (!(step > 0 && Number.isFinite(step)))
    throw misuse({
      where: 'batch(step)',
      expected: 'a positive finite step',
      got: show(step),
      try: 'step: 0.05',
      code: 'bad-step',
    })
  const batch = times.length
  const kept = times[0].length - 1
  const counts = times.map((t) =>
    Array.from({ length: kept }, (_, k) =>
      Math.max(t[k + 1] === t[k] ? 0 : 1, Math.ceil(Math.abs(t[k + 1] - t[k]) / step - remainderTolerance)),
    ),
  )
  const steps = Math.max(...counts.map((c) => c.reduce((a, b) => a + b, 0)))
  if (!(steps * batch <= mostSteps))
    throw misuse({
      where: 'batch(step)',
      expected: `at most ${mostSteps} steps in all`,
      got: `${steps} of ${batch} trajectories`,
      try: 'a longer step or a smaller batch',
      code: 'too-large',
    })
  const [t, h] = [new Float64Array(steps * batch), new Float64Array(steps * batch)]
  const reached = new Int32Array(kept * batch)
  times.forEach((own, i) => {
    let s = 0
    for (let k = 0; k < kept; k++) {
      const [from, count] = [own[k], counts[i][k]]
      const size = (own[k + 1] - from) / count
      for (let j = 0; j < count; j++, s++) {
        t[s * batch + i] = from + j * size
        h[s * batch + i] = size
      }
      reached[k * batch + i] = s
    }
    for (; s < steps; s++) t[s * batch + i] = own[kept]
  })
  return { steps, t, h, reached }
}
