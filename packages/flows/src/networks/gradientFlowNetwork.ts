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

export interface GradientFlowNetworkOptions {
  readonly dimension: number
  /** rows of W in each layer */
  readonly width: number
  readonly layers: number
  readonly seed: number
  /**
   * τ in units of 1/bound² of the norm of W: layers do not expand for 0 ≤ τ ≤ 2, and are averaged (½ at 1) below. 2 by
   * default; a larger one is refused
   */
  readonly step?: number
}

/**
 * A 1-Lipschitz network on Rⁿ: layers x ← x − τ/β·Wᵀrelu(Wx + b), gradient steps of a convex function whose gradient has
 * Lipschitz constant |W|² ≤ β. β = |(WᵀW)²|_F^{1/2} is an *upper* bound of |W|², part of the graph and so true at every
 * weight and while training; power iteration, which others use, bounds from below. Sherry, Celledoni, Ehrhardt, Murari,
 * Owren & Schönlieb, 2023, theorem 2.8; bound: Delattre et al., ICML 2023, with two squarings. Cost of β: 2n²·width + 2n³.
 * @example gradientFlowNetwork({ dimension: 2, width: 8, layers: 3, seed: 0 })
 */
export function gradientFlowNetwork({
  dimension: n,
  width,
  layers,
  seed,
  step = 2,
}: GradientFlowNetworkOptions): Field {
  if (![n, width, layers].every((v) => Number.isInteger(v) && v > 0) || !(step >= 0 && step <= 2))
    throw misuse({
      where: 'gradientFlowNetwork',
      expected: 'positive whole sizes and a step in [0, 2]',
      got: show([n, width, layers, step]),
      try: '{ dimension: 2, width: 8, layers: 3, seed: 0 }',
    })
  const size = width * n + width
  const random = seededRandom(seed)
  const theta = new Float64Array(layers * size)
  const range = (start: number, length: number) => Array.from({ length }, (_, i) => start + i)
  const b = new Builder()
  const parameters = b.leaf('theta', theta.length)
  const layout: ThetaBlock[] = []
  let x = b.leaf('state', n)
  for (let k = 0; k < layers; k++) {
    const at = k * size
    for (let i = 0; i < width * n; i++) theta[at + i] = random.normal() / Math.sqrt(width)
    const W = b.gather(parameters, range(at, width * n))
    const bias = b.gather(parameters, range(at + width * n, width))
    layout.push(
      { name: `W${k}`, offset: at, shape: [width, n], kind: 'weight' },
      { name: `b${k}`, offset: at + width * n, shape: [width], kind: 'weight' },
    )
    const active = b.unary('relu', b.affine(W, x, bias, width, n))
    const factor = b.div(b.constant(step), squaredNormBound(b, W, width, n))
    x = b.sub(x, b.mul(factor, b.matvec(W, active, width, n, true)))
  }
  return makeField(b, x, {
    name: 'gradientFlowNetwork',
    stateNames: range(1, n).map((i) => `x${i}`),
    inputNames: [],
    theta,
    layout,
  })
}

/** |(WᵀW)²|_F^{1/2} ≥ |W|²; what is added makes up for rounding and for W = 0. */
function squaredNormBound(b: Builder, W: Ref, rows: number, cols: number): Ref {
  const column = (j: number) =>
    b.gather(
      W,
      Array.from({ length: rows }, (_, i) => i * cols + j),
    )
  const gram = b.concat(Array.from({ length: cols }, (_, j) => b.matvec(W, column(j), rows, cols, true)))
  const gramColumn = (j: number) =>
    b.gather(
      gram,
      Array.from({ length: cols }, (_, i) => j * cols + i),
    )
  const square = b.concat(Array.from({ length: cols }, (_, j) => b.matvec(gram, gramColumn(j), cols, cols)))
  const bound = b.unary('sqrt', b.unary('sqrt', b.dot(square, square)))
  // rounding of sums of some 1e4 terms is below 1e-11; subnormal squares of a vanishing W must not be divided by
  return b.add(b.mul(b.constant(1 + 1e-10, true), bound), b.constant(1e-30))
}

/**
 * The radius within which a classifier keeps its decision: margin/(√2·L) for a network with Lipschitz constant L, where
 * the margin is its largest output less the second. Tsuzuku, Sato & Sugiyama, NeurIPS 2018, proposition 1. The bound is
 * as good as L: an estimate of L certifies nothing.
 * @example marginRadius([2, 0.5, 1], 1) // 1/√2
 */
export function marginRadius(outputs: ArrayLike<number>, lipschitz: number): number {
  const sorted = Array.from(outputs ?? []).sort((a, b) => b - a)
  if (sorted.length < 2 || !(lipschitz > 0) || !sorted.every(Number.isFinite))
    throw misuse({
      where: 'marginRadius',
      expected: 'two or more outputs and a positive Lipschitz constant',
      got: show([outputs, lipschitz]),
      try: 'marginRadius([2, 0.5], 1)',
    })
  return (sorted[0] - sorted[1]) / (Math.SQRT2 * lipschitz)
}
