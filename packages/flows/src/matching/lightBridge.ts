import { type Loss, type Restored, sampledLoss } from '@separatrix/adjoint'
import {
  Builder,
  type Field,
  makeField,
  misuse,
  type Random,
  type Ref,
  seededRandom,
  show,
  withTheta,
} from '@separatrix/field/core'
import ndarray, { type NdArray } from 'ndarray'
import { expectCount } from '../check/expectCount.js'
import { expectNumber } from '../check/expectNumber.js'
import { expectSource } from '../check/expectSource.js'
import type { Source } from '../data/source.js'
import { type Points, readPoints } from '../density/points.js'

export interface LightBridgeOptions {
  readonly dimension: number
  /** K, normals of the potential */
  readonly components: number
  /** ε of ½|x − y|² and ε·entropy */
  readonly regularization: number
  readonly seed: number
}

const range = (start: number, length: number) => Array.from({ length }, (_, i) => start + i)

/**
 * The parameters of a light Schrödinger bridge as a field, to be trained by {@link lightBridgeLoss}: a potential that
 * is a mixture of K normals N(r_k, εS_k), S_k diagonal. Its value on [x; y] is log c(x) − log v(y) of the paper's
 * eq. 11. Centres start at normal numbers times `spread`. Korotin, Gushchin & Burnaev, ICLR 2024.
 * @example lightBridge({ dimension: 2, components: 8, regularization: 0.5, seed: 0 })
 */
export function lightBridge({
  dimension: n,
  components: K,
  regularization,
  seed,
}: LightBridgeOptions): Field {
  if (
    ![n, K].every((v) => Number.isInteger(v) && v > 0) ||
    !(regularization > 0 && Number.isFinite(regularization))
  )
    throw misuse({
      where: 'lightBridge',
      expected: 'a dimension, a number of components and a positive regularization',
      got: `${show(n)}, ${show(K)}, ${show(regularization)}`,
      try: '{ dimension: 2, components: 8, regularization: 0.5, seed: 0 }',
    })
  const random = seededRandom(seed)
  const theta = Float64Array.from({ length: K * (1 + 2 * n) }, (_, i) =>
    i >= K && i < K * (1 + n) ? random.normal() : 0,
  )
  const b = new Builder()
  const parameters = b.leaf('theta', theta.length)
  const z = b.leaf('state', 2 * n)
  const [x, y] = [b.gather(z, range(0, n)), b.gather(z, range(n, n))]
  const epsilon = b.constant(regularization)
  const half = b.constant(0.5)
  const [ofX, ofY]: [Ref[], Ref[]] = [[], []]
  for (let k = 0; k < K; k++) {
    const logWeight = b.gather(parameters, [k])
    const centre = b.gather(parameters, range(K + k * n, n))
    const logScale = b.gather(parameters, range(K + K * n + k * n, n))
    const scale = b.unary('exp', logScale)
    const power = b.div(b.add(b.mul(half, b.dot(b.mul(scale, x), x)), b.dot(centre, x)), epsilon)
    ofX.push(b.add(logWeight, power))
    const away = b.sub(y, centre)
    const square = b.div(b.dot(b.div(away, scale), away), b.mul(b.constant(-2), epsilon))
    ofY.push(b.sub(b.add(logWeight, square), b.mul(half, b.sum(logScale))))
  }
  const constant = b.constant(-(n / 2) * Math.log(2 * Math.PI * regularization), true)
  const output = b.sub(logSumExp(b, ofX), b.add(logSumExp(b, ofY), constant))
  return makeField(b, output, {
    name: `lightBridge(${regularization})`,
    stateNames: [...range(1, n).map((i) => `x${i}`), ...range(1, n).map((i) => `y${i}`)],
    inputNames: [],
    theta,
    layout: [
      { name: 'logWeights', offset: 0, shape: [K], kind: 'weight' },
      { name: 'centres', offset: K, shape: [K, n], kind: 'weight' },
      { name: 'logScales', offset: K * (1 + n), shape: [K, n], kind: 'weight' },
    ],
  })
}

function logSumExp(b: Builder, terms: readonly Ref[]): Ref {
  const most = terms.reduce((a, c) => b.binary('max', a, c))
  const sum = terms.map((v) => b.unary('exp', b.sub(v, most))).reduce((a, c) => b.add(a, c))
  return b.add(most, b.unary('log', sum))
}

/**
 * The loss of a light bridge, E log c(x) − E log v(y): the Kullback–Leibler divergence of its plan from the
 * Schrödinger bridge's, up to a constant. No coupling is drawn, no simulation run.
 * @example
 * await fit({
 *   field: lightBridge({ dimension: 2, components: 4, regularization: 0.5, seed: 0 }), loss: lightBridgeLoss({ source: standardNormal(2), target: moons, batch: 32 }),
 *   optimizer: adam({ rate: 1e-2 }), steps: 5, seed: 0,
 * })
 */
export function lightBridgeLoss({
  source,
  target,
  batch = 256,
}: {
  readonly source: Source
  readonly target: Source
  readonly batch?: number
}): Loss<Restored> {
  expectCount('lightBridgeLoss', batch)
  expectSource('lightBridgeLoss(source)', source)
  expectSource('lightBridgeLoss(target)', target)
  return {
    name: 'lightBridgeLoss',
    bind(field, _data, execution) {
      checkBridge('lightBridgeLoss', field)
      const n = field.stateSize / 2
      expectSource('lightBridgeLoss(source)', source, n)
      expectSource('lightBridgeLoss(target)', target, n)
      return sampledLoss({
        integrand: field,
        batch,
        execution,
        draw(random, z) {
          source.draw(random, z.subarray(0, n))
          target.draw(random, z.subarray(n))
          return 0
        },
        restore: (theta) => ({ field: withTheta(field, theta) }),
      })
    },
  }
}

/**
 * Where the plan of a light bridge sends points: y given x is a mixture of normals N(r_k + S_k x, εS_k) with shares ∝
 * α_k exp((½xᵀS_k x + r_kᵀx)/ε). One draw for each point. Korotin et al., ICLR 2024, eq. 8 and 9.
 * @example bridgeSamples(lightBridge({ dimension: 1, components: 2, regularization: 1, seed: 0 }), [[0], [1]], { regularization: 1, seed: 0 })
 */
export function bridgeSamples(
  bridge: Field,
  x: Points,
  { regularization, seed }: { readonly regularization: number; readonly seed: number },
): NdArray<Float64Array> {
  checkBridge('bridgeSamples', bridge)
  expectNumber('bridgeSamples', 'regularization', regularization, { above: 0 })
  const n = bridge.stateSize / 2
  const K = bridge.layout[0].shape[0]
  const rows = readPoints('bridgeSamples', x, n)
  const random: Random = seededRandom(seed)
  const { theta } = bridge
  const out = new Float64Array(rows.length)
  const centre = (k: number, i: number) => theta[K + k * n + i]
  const scale = (k: number, i: number) => Math.exp(theta[K * (1 + n) + k * n + i])
  const logs = new Float64Array(K)
  for (let p = 0; p < rows.length; p += n) {
    for (let k = 0; k < K; k++) {
      let power = 0
      for (let i = 0; i < n; i++) power += (0.5 * scale(k, i) * rows[p + i] + centre(k, i)) * rows[p + i]
      logs[k] = theta[k] + power / regularization
    }
    const most = logs.reduce((a, c) => Math.max(a, c))
    const shares = logs.map((v) => Math.exp(v - most))
    let rest = random.uniform() * shares.reduce((a, c) => a + c, 0)
    let k = 0
    while (k < K - 1 && (rest -= shares[k]) >= 0) k++
    for (let i = 0; i < n; i++)
      out[p + i] =
        centre(k, i) + scale(k, i) * rows[p + i] + Math.sqrt(regularization * scale(k, i)) * random.normal()
  }
  return ndarray(out, [rows.length / n, n])
}

function checkBridge(where: string, field: Field): void {
  if (field.outputSize === 1 && field.layout[0]?.name === 'logWeights') return
  throw misuse({
    where,
    expected: 'the field of a light bridge',
    got: `${field.name}: R^${field.stateSize} → R^${field.outputSize}`,
    try: 'lightBridge({ dimension: 2, components: 8, regularization: 0.5, seed: 0 })',
    code: 'wrong-field',
  })
}
