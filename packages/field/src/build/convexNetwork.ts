import { misuse, show } from '../error.js'
import type { Field } from '../field.js'
import { Builder } from '../graph/builder.js'
import { makeField } from '../makeField.js'
import { activate, checkActivation } from './activations.js'
import { checkWidths, startFor, type WeightBlock, weights } from './weights.js'

/** Activations that are convex and do not fall, so that layers keep convexity. */
const convex = ['softplus', 'relu', 'scaledRelu', 'elu'] as const

export interface ConvexNetworkOptions {
  /** widths of the layers, input first, the last one 1: [2, 16, 16, 1] */
  readonly widths: readonly number[]
  readonly activation: (typeof convex)[number]
  readonly seed: number
  readonly name?: string
}

/**
 * An input-convex network: z₁ = σ(W₁x + b₁), z_{k+1} = σ(softplus(U_k) z_k + W_{k+1}x + b_{k+1}), the last layer
 * without σ: a scalar field that is convex in x whatever θ, since weights between layers are positive and σ is convex
 * and does not fall. Amos, Xu & Kolter, ICML 2017, eq. 2. Weights between layers start near 1/width.
 * @example convexNetwork({ widths: [2, 16, 16, 1], activation: 'softplus', seed: 0 })
 */
export function convexNetwork({
  widths,
  activation,
  seed,
  name = 'convexNetwork',
}: ConvexNetworkOptions): Field {
  const where = `convexNetwork(${name})`
  checkWidths(where, widths)
  checkActivation(where, activation)
  if (!convex.includes(activation))
    throw misuse({
      where,
      expected: `a convex activation that does not fall (${convex.join(', ')})`,
      got: show(activation),
      try: "'softplus'",
    })
  if (widths.at(-1) !== 1)
    throw misuse({ where, expected: 'one output', got: show(widths), try: 'widths: [2, 16, 16, 1]' })
  const n = widths[0]
  const last = widths.length - 1
  const blocks = widths.slice(1).flatMap((rows, k): WeightBlock[] => {
    const cols = widths[k]
    const direct = { name: `weight${k + 1}`, shape: [rows, n], start: startFor(activation, n, rows) }
    const bias = { name: `bias${k + 1}`, shape: [rows] }
    // softplus of this is between 1/(2·cols) and 3/(2·cols): a mean of what comes in
    const start = (random: { uniform(): number }) => Math.log(Math.expm1((0.5 + random.uniform()) / cols))
    return k === 0 ? [direct, bias] : [direct, bias, { name: `between${k + 1}`, shape: [rows, cols], start }]
  })
  const { theta, layout, place } = weights(name, blocks, seed)
  const b = new Builder()
  const x = b.leaf('state', n)
  let z = x
  for (let k = 1; k <= last; k++) {
    const direct = b.affine(place(b, `weight${k}`), x, place(b, `bias${k}`), widths[k], n)
    const own =
      k === 1
        ? direct
        : b.add(direct, b.matvec(b.unary('softplus', place(b, `between${k}`)), z, widths[k], widths[k - 1]))
    z = k < last ? activate(b, activation, own) : own
  }
  const stateNames = Array.from({ length: n }, (_, i) => `x${i + 1}`)
  return makeField(b, z, { name, stateNames, inputNames: [], theta, layout })
}
