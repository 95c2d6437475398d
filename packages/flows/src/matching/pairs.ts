import { misuse, type Random, show, shuffle } from '@separatrix/field/core'
import type { Source } from '../data/source.js'
import { type CouplingSettings, planner } from './coupling.js'
import type { ConditionalPath } from './paths.js'

export interface PairOptions extends Omit<CouplingSettings, 'size'> {
  readonly source: Source
  readonly target: Source
  readonly path: ConditionalPath
  readonly sigma: number
  readonly batch: number
  readonly planBatch: number
  /** probability that a condition is replaced by `absent` */
  readonly dropCondition: number
  readonly absent: number
  readonly drawTime: (random: Random) => number
  /** pairs come in twos, (x₀, x₁) and (−x₀, x₁), at one time */
  readonly mirrored: boolean
}

/** A point of a path: x(t) after its condition, its velocity, and the noise ε that is in both. */
export interface PathPoint {
  readonly x: Float64Array
  readonly condition: Float64Array
  readonly velocity: Float64Array
  readonly epsilon: Float64Array
}

/**
 * Draws points of paths between coupled samples. `begin` draws and plans a batch, `next` gives its points one
 * after another. A plan of more pairs than a batch is made whole and read in part; of fewer, several are made.
 */
export function pathPoints(options: PairOptions) {
  const { source, target, path, sigma, batch, planBatch, drawTime, mirrored } = options
  const { dimension: n, condition: m } = options
  if (!(planBatch % batch === 0 || batch % planBatch === 0))
    throw misuse({
      where: 'flowMatching',
      expected: 'planBatch a multiple or a divisor of batch',
      got: `${show(planBatch)} and ${show(batch)}`,
      try: `planBatch: ${batch}`,
    })
  const count = Math.max(batch, planBatch)
  const plan = planner({ ...options, size: planBatch })
  const width = n + m
  const ends = {
    x0: new Float64Array(count * n),
    x1: new Float64Array(count * width),
    conditionOf: new Int32Array(count),
  }
  const rows = (all: Float64Array, length: number) =>
    Array.from({ length: count }, (_, i) => all.subarray(i * length, (i + 1) * length))
  const [rows0, rows1] = [rows(ends.x0, n), rows(ends.x1, width)]
  const partner = new Int32Array(count)
  const point: PathPoint = {
    x: new Float64Array(n),
    condition: new Float64Array(m),
    velocity: new Float64Array(n),
    epsilon: new Float64Array(n),
  }
  let at = 0
  let lastTime = 0
  const isNoisy = sigma > 0 || path.noise !== undefined
  return {
    point,
    begin(random: Random) {
      at = 0
      for (let i = 0; i < count; i++)
        if (mirrored && i % 2 === 1) {
          for (let k = 0; k < n; k++) rows0[i][k] = -rows0[i - 1][k]
          rows1[i].set(rows1[i - 1])
        } else {
          source.draw(random, rows0[i])
          target.draw(random, rows1[i])
        }
      // a source knows no condition: it gets those of the targets, in another order
      if (m > 0 && options.conditionWeight > 0) shuffle(ends.conditionOf, random)
      for (let start = 0; start < count; start += planBatch) plan(ends, start, random, partner)
    },
    /** writes the next point and returns its time */
    next(random: Random): number {
      const t = mirrored && at % 2 === 1 ? lastTime : drawTime(random)
      lastTime = t
      const [a, b, da, db] = [path.alpha(t), path.beta(t), path.alphaRate(t), path.betaRate(t)]
      const [s, ds] = path.noise === undefined ? [sigma, 0] : [path.noise(t), path.noiseRate?.(t) ?? 0]
      const [start, end] = [at * n, partner[at] * width]
      at++
      for (let i = 0; i < n; i++) {
        const epsilon = isNoisy ? random.normal() : 0
        const [x0, x1] = [ends.x0[start + i], ends.x1[end + i]]
        point.x[i] = a * x0 + b * x1 + s * epsilon
        point.velocity[i] = da * x0 + db * x1 + ds * epsilon
        point.epsilon[i] = epsilon
      }
      const dropped = options.dropCondition > 0 && random.uniform() < options.dropCondition
      for (let k = 0; k < m; k++) point.condition[k] = dropped ? options.absent : ends.x1[end + n + k]
      return t
    },
  }
}
