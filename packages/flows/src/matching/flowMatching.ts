import { type Loss, sampledLoss } from '@separatrix/adjoint'
import {
  Builder,
  embed,
  type Field,
  makeField,
  misuse,
  type Random,
  show,
  withTheta,
} from '@separatrix/field/core'
import type { Source } from '../data/source.js'
import { type Base, standardNormal } from '../density/base.js'
import { assignment } from './assignment.js'
import { type ConditionalPath, straight } from './paths.js'

export interface FlowMatchingOptions {
  /** the distribution to be learned, reached at t = 1 */
  readonly target: Source
  /** where the flow starts, t = 0; the standard normal by default */
  readonly source?: Source | Base
  /**
   * which samples are joined: drawn independently, or, within each batch, by the assignment of least total
   * squared distance, which makes paths nearly straight
   */
  readonly coupling: 'independent' | 'exact'
  readonly path?: ConditionalPath
  /** standard deviation of noise about the path; 0 */
  readonly sigma?: number
  /** pairs per step; 256 */
  readonly batch?: number
}

/**
 * Flow matching: the mean of |f(t, x(t)) − x′(t)|² over pairs (x₀, x₁), uniform times and paths x(t) = α(t)x₀
 * + β(t)x₁ + σε; its minimiser carries the source to the target. No solve is needed. The least value is not 0
 * but the spread of velocities of paths that cross. Lipman et al., ICLR 2023; couplings: Tong et al., TMLR
 * 2024, and Pooladian et al., ICML 2023.
 * @example
 * const { field } = await fit({
 *   field: withTime(network({ widths: [3, 64, 2], activation: 'swish', seed: 0 })), optimizer: adam({ rate: 1e-3 }), steps: 5, seed: 0,
 *   loss: flowMatching({ target: checkerboard, coupling: 'exact', batch: 32 }),
 * })
 * cnf({ field, method: dopri5, rtol: 1e-5, atol: 1e-5 }).sample(100, 0)
 */
export function flowMatching({
  target,
  source,
  coupling,
  path = straight,
  sigma = 0,
  batch = 256,
}: FlowMatchingOptions): Loss {
  const where = 'flowMatching'
  if (coupling !== 'independent' && coupling !== 'exact')
    throw misuse({
      where,
      expected: "coupling 'independent' or 'exact'",
      got: show(coupling),
      try: "coupling: 'exact'",
    })
  if (!(sigma >= 0 && Number.isFinite(sigma)))
    throw misuse({ where, expected: 'σ ≥ 0', got: show(sigma), try: 'sigma: 0' })
  return {
    name: where,
    bind(field) {
      const n = field.stateSize
      const from = source ?? standardNormal(n)
      const pairs = drawPairs({ from, target, coupling }, batch, n)
      let next = 0
      return sampledLoss({
        integrand: missOf(field),
        batch,
        begin(random) {
          next = 0
          pairs.draw(random)
        },
        draw(random, z) {
          const t = random.uniform()
          const [a, b, da, db] = [path.alpha(t), path.beta(t), path.alphaRate(t), path.betaRate(t)]
          const [start, end] = [next * n, pairs.partner[next] * n]
          next++
          for (let i = 0; i < n; i++) {
            const [x0, x1] = [pairs.x0[start + i], pairs.x1[end + i]]
            z[i] = a * x0 + b * x1 + (sigma === 0 ? 0 : sigma * random.normal())
            z[n + i] = da * x0 + db * x1
          }
          return t
        },
        restore: (theta) => ({ field: withTheta(field, theta) }),
      })
    },
  }
}

/** ℓ(t, [x; u]) = |f(t, x) − u|². */
function missOf(field: Field): Field {
  const n = field.stateSize
  if (field.outputSize !== n || field.inputSize > 0)
    throw misuse({
      where: 'flowMatching',
      expected: 'a field from Rⁿ to Rⁿ without inputs',
      got: `${field.name}: R^${n} → R^${field.outputSize}`,
      try: 'withTime(network({ widths: [3, 64, 2], … }))',
      code: 'wrong-dimension',
    })
  const b = new Builder()
  const all = b.leaf('state', 2 * n)
  const part = (start: number) =>
    b.gather(
      all,
      Array.from({ length: n }, (_, i) => start + i),
    )
  const miss = b.sub(embed(b, field, { state: part(0) }), part(n))
  return makeField(b, b.dot(miss, miss), {
    ...field,
    name: `miss of ${field.name}`,
    stateNames: [...field.stateNames, ...field.stateNames.map((s) => `u_${s}`)],
  })
}

interface Ends {
  readonly from: Source
  readonly target: Source
  readonly coupling: FlowMatchingOptions['coupling']
}

/** A batch of samples of both ends, and which of the second belongs to each of the first. */
function drawPairs({ from, target, coupling }: Ends, batch: number, n: number) {
  const [x0, x1] = [new Float64Array(batch * n), new Float64Array(batch * n)]
  const rows = (all: Float64Array) =>
    Array.from({ length: batch }, (_, i) => all.subarray(i * n, (i + 1) * n))
  const [rows0, rows1] = [rows(x0), rows(x1)]
  const partner = Int32Array.from({ length: batch }, (_, i) => i)
  const cost = new Float64Array(coupling === 'exact' ? batch * batch : 0)
  return {
    x0,
    x1,
    partner,
    draw(random: Random) {
      for (let i = 0; i < batch; i++) {
        from.draw(random, rows0[i])
        target.draw(random, rows1[i])
      }
      if (coupling === 'independent') return
      for (let i = 0; i < batch; i++)
        for (let j = 0; j < batch; j++) {
          let square = 0
          for (let k = 0; k < n; k++) square += (x0[i * n + k] - x1[j * n + k]) ** 2
          cost[i * batch + j] = square
        }
      partner.set(assignment(cost, batch))
    },
  }
}
