import { beginning, type Loss } from '@separatrix/adjoint'
import { compile, type Field, misuse, type Random, seededRandom, show } from '@separatrix/field/core'
import { type LyapunovLossOptions, lyapunovLoss } from './lyapunovLoss.js'
import type { Sampler } from './samplers.js'

export interface PathLyapunovLossOptions
  extends Omit<LyapunovLossOptions, 'sampler' | 'time' | 'disturbance' | 'counterexamples'> {
  /** draws the states at which trajectories begin */
  readonly starts: Sampler
  /** T: how far trajectories go in the end */
  readonly time: number
  /** Runge–Kutta steps in [0, T]; 50 */
  readonly steps?: number
  /** trajectories that are kept; 128 */
  readonly trajectories?: number
  /** steps of training between two runs of the trajectories; 20 */
  readonly refresh?: number
  /**
   * states are drawn up to a part of T that starts at `from` and grows by `by` whenever the loss is at most `quiet`;
   * { from: 1 } for all of T from the start, which is how it is where nothing is said
   */
  readonly curriculum?: { readonly from: number; readonly by: number; readonly quiet: number }
}

/**
 * The Lyapunov loss on states along trajectories of the field that is being trained, where it will be rather than
 * wherever it might be: LyaNet's path-integral variant (Rodriguez, Ames & Yue, ICML 2022, section 4), with its
 * curriculum: later states count once earlier ones are quiet. Trajectories are run by RK4 every `refresh` steps, and
 * gradients do not go through them. What has not stayed finite is left out. The states and the curriculum are not part
 * of a checkpoint: a run that is resumed begins them anew.
 * @example
 * pathLyapunovLoss({ V: quadratic([[1, 0], [0, 1]]), rate: 0.5, starts: ball(1), time: 2, curriculum: { from: 0.1, by: 0.01, quiet: 0.02 } })
 */
export function pathLyapunovLoss({
  starts,
  time,
  steps = 50,
  trajectories = 128,
  refresh = 20,
  curriculum = { from: 1, by: 0, quiet: 0 },
  ...options
}: PathLyapunovLossOptions): Loss<{ readonly field: Field; readonly V: Field }> {
  const where = 'pathLyapunovLoss'
  for (const [name, value] of Object.entries({ steps, trajectories, refresh }))
    if (!(Number.isSafeInteger(value) && value > 0))
      throw misuse({ where, expected: `${name} ≥ 1`, got: show(value), try: `${name}: 20` })
  const { from, by, quiet } = curriculum
  if (!(time > 0 && Number.isFinite(time) && from >= 0 && from <= 1 && by >= 0 && quiet >= 0))
    throw misuse({
      where,
      expected: 'a time T > 0 and a curriculum with 0 ≤ from ≤ 1, by ≥ 0 and quiet ≥ 0',
      got: `${show(time)}, ${show(curriculum)}`,
      try: 'curriculum: { from: 0.1, by: 0.01, quiet: 0.02 }',
    })
  return {
    name: where,
    bind(field, data, execution) {
      const run = trajectoryRunner(field, { starts, time, steps, trajectories })
      let [upTo, grown, states] = [from, from, [] as readonly Float64Array[]]
      const path: Sampler = {
        name: `along trajectories from ${starts.name}`,
        draw(random, x) {
          const latest = Math.floor(upTo * steps)
          const chosen = states[random.integer(latest + 1) * trajectories + random.integer(trajectories)]
          x.set(chosen)
        },
      }
      const inner = lyapunovLoss({ ...options, sampler: path }).bind(field, data, execution)
      const own = field.theta.length
      let last = Number.NaN
      return {
        ...inner,
        evaluate(theta, random, gradient, moment = beginning) {
          const { step, seed } = moment
          // a step that is evaluated again, as line searches do, has to see the samples that it saw
          if (step !== last) {
            upTo = grown
            if (states.length === 0 || step % refresh === 0)
              states = run(theta.subarray(0, own), seededRandom(seed + streams * step))
          }
          last = step
          const value = inner.evaluate(theta, random, gradient, moment)
          if (value <= quiet) grown = Math.min(1, upTo + by)
          return value
        },
      }
    },
  }
}

/** A prime, so that starts of neighbouring steps and seeds have streams of their own. */
const streams = 7919

/** Runs all trajectories by RK4; states by time, then by trajectory. One that is not finite keeps its last state. */
function trajectoryRunner(
  field: Field,
  {
    starts,
    time,
    steps,
    trajectories,
  }: Required<Pick<PathLyapunovLossOptions, 'starts' | 'time' | 'steps' | 'trajectories'>>,
) {
  const f = compile(field)
  const n = field.stateSize
  const h = time / steps
  const [k, point, sum] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)]
  const states = Array.from({ length: (steps + 1) * trajectories }, () => new Float64Array(n))
  const [weights, reach] = [[1, 2, 2, 1], [0.5, 0.5, 1, 0]] // biome-ignore format: the tableau
  return (theta: Float64Array, random: Random): readonly Float64Array[] => {
    for (let j = 0; j < trajectories; j++) {
      starts.draw(random, states[j])
      for (let s = 0; s < steps; s++) {
        const [x, next] = [states[s * trajectories + j], states[(s + 1) * trajectories + j]]
        point.set(x)
        sum.fill(0)
        for (let stage = 0; stage < 4; stage++) {
          f(s * h + (stage === 0 ? 0 : reach[stage - 1] * h), point, k, theta)
          for (let i = 0; i < n; i++) {
            sum[i] += weights[stage] * k[i]
            point[i] = x[i] + reach[stage] * h * k[i]
          }
        }
        for (let i = 0; i < n; i++) next[i] = x[i] + (h / 6) * sum[i]
        if (!next.every(Number.isFinite)) next.set(x)
      }
    }
    return states
  }
}
