import {
  Builder,
  type Field,
  makeField,
  misuse,
  type Ref,
  seededRandom,
  show,
  type ThetaBlock,
} from '@separatrix/field/core'

export interface SymplecticNetworkOptions {
  /** d: positions, and as many momenta */
  readonly dimension: number
  /** width of each layer */
  readonly width: number
  /** layers, which change p and q in turn */
  readonly layers: number
  /** h: time that the map stands for */
  readonly step: number
  readonly seed: number
}

/**
 * A SympNet of gradient modules: layers p ← p + hKᵀ(a ⊙ tanh(Kq + b)) and q ← q + hKᵀ(a ⊙ tanh(Kp + b)) in turn. Every one
 * is a shear along the gradient of a function of the other half, so the whole is a symplectic map [q; p] ↦ [q; p],
 * whatever its weights. Weights start normal with deviation .01. Jin, Zhang, Zhu, Tang & Karniadakis, Neural Networks
 * 132 (2020), eq. 9; there with sigmoid.
 * @example symplecticNetwork({ dimension: 1, width: 16, layers: 4, step: 0.1, seed: 0 })
 */
export function symplecticNetwork({
  dimension: d,
  width,
  layers,
  step,
  seed,
}: SymplecticNetworkOptions): Field {
  if (![d, width, layers].every((v) => Number.isInteger(v) && v > 0) || !Number.isFinite(step))
    throw misuse({
      where: 'symplecticNetwork',
      expected: 'positive whole sizes and a step',
      got: show([d, width, layers, step]),
      try: '{ dimension: 1, width: 16, layers: 4, step: 0.1, seed: 0 }',
    })
  const size = width * d + 2 * width
  const random = seededRandom(seed)
  const theta = Float64Array.from({ length: layers * size }, () => 0.01 * random.normal())
  const range = (start: number, length: number) => Array.from({ length }, (_, i) => start + i)
  const b = new Builder()
  const state = b.leaf('state', 2 * d)
  const parameters = b.leaf('theta', theta.length)
  const h = b.constant(step)
  let halves: readonly [Ref, Ref] = [b.gather(state, range(0, d)), b.gather(state, range(d, d))]
  const layout: ThetaBlock[] = []
  for (let k = 0; k < layers; k++) {
    const at = k * size
    const K = b.gather(parameters, range(at, width * d))
    const bias = b.gather(parameters, range(at + width * d, width))
    const a = b.gather(parameters, range(at + width * d + width, width))
    layout.push(
      { name: `K${k}`, offset: at, shape: [width, d], kind: 'weight' },
      { name: `b${k}`, offset: at + width * d, shape: [width], kind: 'weight' },
      { name: `a${k}`, offset: at + width * d + width, shape: [width], kind: 'weight' },
    )
    const [q, p] = halves
    const [read, written] = k % 2 === 0 ? [q, p] : [p, q]
    const hidden = b.mul(a, b.unary('tanh', b.affine(K, read, bias, width, d)))
    const moved = b.add(written, b.mul(h, b.matvec(K, hidden, width, d, true)))
    halves = k % 2 === 0 ? [q, moved] : [moved, p]
  }
  return makeField(b, b.concat(halves), {
    name: 'symplecticNetwork',
    stateNames: [...range(1, d).map((i) => `q${i}`), ...range(1, d).map((i) => `p${i}`)],
    inputNames: [],
    theta,
    layout,
  })
}
