import { compile, type Field, seededRandom } from '@separatrix/field/core'
import { expectCount } from '../check/expectCount.js'
import { checkMatching, type FlowMatchingOptions, matchingPairs, missOf } from '../matching/flowMatching.js'
import { type Estimate, estimate } from './estimate.js'

/**
 * The least value of a flow-matching loss: its mean at the exact velocity, e.g. {@link mixtureVelocity}, with its
 * standard error. It is the spread of the velocities of paths that cross at a point, and no network gets below it.
 * @example
 * const target = eightGaussians('torchcfm')
 * lossFloor(mixtureVelocity({ target }), { target, coupling: 'independent' }, { count: 1000, seed: 0 }).mean
 */
export function lossFloor(
  velocity: Field,
  options: FlowMatchingOptions,
  { count, seed }: { readonly count: number; readonly seed: number },
): Estimate {
  expectCount('lossFloor', count, 'samples')
  checkMatching('lossFloor', options)
  const { condition = 0, batch = 256 } = options
  const n = velocity.stateSize - condition
  const pairs = matchingPairs(options, n)
  const miss = compile(missOf(velocity, condition))
  const random = seededRandom(seed)
  const z = new Float64Array(2 * n + condition)
  const [out, values] = [new Float64Array(1), new Float64Array(count)]
  for (let k = 0; k < count; k++) {
    if (k % batch === 0) pairs.begin(random)
    const t = pairs.next(random)
    z.set(pairs.point.x)
    z.set(pairs.point.condition, n)
    z.set(pairs.point.velocity, n + condition)
    miss(t, z, out, velocity.theta)
    values[k] = out[0]
  }
  return estimate(values)
}
