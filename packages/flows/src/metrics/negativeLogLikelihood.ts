import { expectCount } from '../check/expectCount.js'
import type { Flow } from '../density/flow.js'
import type { Points } from '../density/points.js'
import { type Estimate, estimate } from './estimate.js'

/**
 * The mean of −log p(x) over points, in nats, with its standard error over the points, the trace's estimate
 * included; all at once on vectors. For samples of a {@link Dataset} its entropy is the least possible mean.
 * @example
 * const flow = cnf({ field: withTime(network({ widths: [3, 8, 2], activation: 'tanh', seed: 0 })), method: rk4, step: 0.1 })
 * await negativeLogLikelihood(flow, drawPoints(checkerboard, { count: 100, seed: 0 }))
 */
export async function negativeLogLikelihood(flow: Flow, x: Points): Promise<Estimate> {
  const logProb = await flow.batched().logProb(x)
  expectCount('negativeLogLikelihood', logProb.length)
  return estimate(logProb.map((v) => -v))
}
