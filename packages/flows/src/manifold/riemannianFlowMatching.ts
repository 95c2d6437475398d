import { type Loss, sampledLoss } from '@separatrix/adjoint'
import { misuse, withTheta } from '@separatrix/field/core'
import { expectCount } from '../check/expectCount.js'
import { expectSource } from '../check/expectSource.js'
import type { Source } from '../data/source.js'
import { missOf } from '../matching/flowMatching.js'
import { checkManifold } from './checkManifold.js'
import type { Manifold } from './manifold.js'

export interface RiemannianFlowMatchingOptions {
  readonly manifold: Manifold
  readonly target: Source
  /** uniform by default */
  readonly source?: Source
  /** 256 */
  readonly batch?: number
}

/**
 * Flow matching on a manifold: the mean of |f(t, x(t)) − x′(t)|² over shortest paths between independent samples at
 * uniform times. The norm is that of the embedding, which is the manifold's own for the torus and the sphere. Chen &
 * Lipman, ICLR 2024, eq. 12 with the geodesic distance.
 * @example
 * const manifold = torus(2)
 * const target = { draw: (random, x) => { x[0] = 3 + 0.5 * random.normal(); x[1] = 3 + 0.5 * random.normal() } }
 * const net = network({ widths: [5, 16, 2], activation: 'swish', seed: 0 })
 * await fit({
 *   field: manifold.tangent(net), loss: riemannianFlowMatching({ manifold, target, batch: 32 }),
 *   optimizer: adam({ rate: 1e-2 }), steps: 5, seed: 0, backend: 'wasm',
 * })
 */
export function riemannianFlowMatching({
  manifold,
  target,
  source = manifold,
  batch = 256,
}: RiemannianFlowMatchingOptions): Loss {
  checkManifold('riemannianFlowMatching', manifold)
  expectCount('riemannianFlowMatching', batch)
  expectSource('riemannianFlowMatching(target)', target)
  expectSource('riemannianFlowMatching(source)', source)
  return {
    name: 'riemannianFlowMatching',
    bind(field, _data, execution) {
      const n = manifold.size
      if (field.stateSize !== n)
        throw misuse({
          where: 'riemannianFlowMatching',
          expected: `a tangent field of the ${manifold.name}`,
          got: `R^${field.stateSize} → R^${field.outputSize}`,
          try: 'manifold.tangent(network({ … }))',
          code: 'wrong-dimension',
        })
      const [x0, x1] = [new Float64Array(n), new Float64Array(n)]
      return sampledLoss({
        integrand: missOf(field, 0),
        batch,
        execution,
        draw(random, z) {
          source.draw(random, x0)
          target.draw(random, x1)
          const t = random.uniform()
          manifold.geodesic({ x0, x1 }, t, z.subarray(0, n), z.subarray(n))
          return t
        },
        restore: (theta) => ({ field: withTheta(field, theta) }),
      })
    },
  }
}
