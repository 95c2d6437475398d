import { misuse, show } from '../error.js'
import type { Field } from '../field.js'
import { Builder, type Ref } from '../graph/builder.js'
import { makeField } from '../makeField.js'
import { type Activation, activate, checkActivation } from './activations.js'
import { uniform, type WeightBlock, weights } from './weights.js'

export interface OrthogonalFlowOptions {
  /** d, the length of x */
  readonly size: number
  readonly activation: Activation
  readonly seed: number
  /** generators that the gates mix; 2 by default */
  readonly gates?: number
  readonly name?: string
}

/**
 * A neural ODE whose weight matrix flows on the orthogonal group: x′ = σ(W x + b), W′ = W·(A(t) − A(t)ᵀ) with
 * A(t) = Σₖ sigmoid(gₖ t + hₖ)·Aₖ. The state is [x; W], d + d² numbers, W row-major; WWᵀ is constant, so a start
 * at an orthogonal W (the identity: {@link orthogonalStart}) stays orthogonal up to the solver's error, exactly
 * so with the implicit midpoint rule, which keeps quadratic invariants. Choromanski et al., "Ode to an ODE",
 * NeurIPS 2020, the gated variant.
 * @example
 * const f = orthogonalFlow({ size: 2, activation: 'tanh', seed: 0 })
 * solve(f, orthogonalStart([1, -1]), [0, 1], { method: dopri5, rtol: 1e-8, atol: 1e-10 })
 */
export function orthogonalFlow({
  size,
  activation,
  seed,
  gates = 2,
  name = 'orthogonalFlow',
}: OrthogonalFlowOptions): Field {
  const where = `orthogonalFlow(${name})`
  checkActivation(where, activation)
  for (const [what, count] of [
    ['size', size],
    ['gates', gates],
  ] as const)
    if (!Number.isInteger(count) || count < 1)
      throw misuse({ where, expected: `a positive ${what}`, got: show(count), try: `${what}: 2` })
  const entries = size * size
  const blocks: WeightBlock[] = [
    // a generator of this size turns W by about one radian in unit time
    { name: 'generators', shape: [gates, size, size], start: uniform(1 / Math.sqrt(size)) },
    { name: 'gate', shape: [gates], start: uniform(1) },
    { name: 'gateBias', shape: [gates] },
    { name: 'bias', shape: [size] },
  ]
  const { theta, layout, place } = weights(name, blocks, seed)
  const b = new Builder()
  const all = b.leaf('state', size + entries)
  const part = (start: number, length: number) =>
    b.gather(
      all,
      Array.from({ length }, (_, i) => start + i),
    )
  const [x, W] = [part(0, size), part(size, entries)]
  const open = b.unary('sigmoid', b.add(b.mul(place(b, 'gate'), b.leaf('time', 1)), place(b, 'gateBias')))
  const A = b.matvec(place(b, 'generators'), open, gates, entries, true)
  const skew = b.sub(A, b.gather(A, transposed(size)))
  const velocity = activate(b, activation, b.affine(W, x, place(b, 'bias'), size, size))
  const output = b.concat([velocity, product(b, W, skew, size)])
  const stateNames = [
    ...Array.from({ length: size }, (_, i) => `x${i + 1}`),
    ...Array.from({ length: entries }, (_, i) => `W${Math.floor(i / size) + 1}_${(i % size) + 1}`),
  ]
  return makeField(b, output, { name, stateNames, inputNames: [], theta, layout })
}

/** The state [x; I] from which {@link orthogonalFlow} starts. */
export function orthogonalStart(x: ArrayLike<number>): Float64Array {
  const d = x.length
  const state = new Float64Array(d + d * d)
  state.set(x)
  for (let i = 0; i < d; i++) state[d + i * d + i] = 1
  return state
}

/** W·S for square matrices: row i of it is Sᵀ times row i of W. */
function product(b: Builder, W: Ref, S: Ref, d: number): Ref {
  const rows = Array.from({ length: d }, (_, i) => {
    const row = b.gather(
      W,
      Array.from({ length: d }, (_unused, j) => i * d + j),
    )
    return b.matvec(S, row, d, d, true)
  })
  return b.concat(rows)
}

const transposed = (d: number) => Array.from({ length: d * d }, (_, k) => (k % d) * d + Math.floor(k / d))
