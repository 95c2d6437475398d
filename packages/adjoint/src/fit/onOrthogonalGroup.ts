import { type CayleyTransform, cayley, misuse, type ThetaBlock } from '@separatrix/field/core'
import type { Loss, Restored } from './loss.js'

export interface OrthogonalGroupOptions {
  /** names of the blocks to keep orthonormal; by default all weights that are matrices */
  readonly blocks?: readonly string[]
}

/**
 * A loss as one of Cayley parameters: each chosen matrix W keeps orthonormal rows or columns, whichever is fewer, for
 * W = Q·W₀ (W₀·Q where it is wide), Q = (I − A)(I + A)⁻¹, A skew and 0 at the start, and the loss is trained in the entries
 * of A below its diagonal, a block `name.skew`. Other blocks stay as they are. So every optimiser trains 1-Lipschitz layers
 * without a projection. Helfrich, Willmott & Ye, ICML 2018; Trockman & Kolter, ICLR 2021. Cost: 6m³ operations a step for
 * the larger side m.
 * @example
 * const field = orthogonalNetwork({ widths: [1, 8, 1], seed: 0 })
 * const loss = onOrthogonalGroup(regressionLoss({ inputs: [[0], [1]], targets: [[0], [0.5]] }))
 * const { field: trained } = await fit({ field, loss, optimizer: adam({ rate: 0.02 }), steps: 20, seed: 0 })
 */
export function onOrthogonalGroup<R extends Restored>(
  loss: Loss<R>,
  { blocks }: OrthogonalGroupOptions = {},
): Loss<R> {
  const where = 'onOrthogonalGroup'
  return {
    name: `${loss.name} on the orthogonal group`,
    bind(field, data, execution, split) {
      const inner = loss.bind(field, data, execution, split)
      const { layout, pieces, size } = parameterize(where, inner, blocks)
      const theta = inner.theta.slice()
      const slopes = new Float64Array(theta.length)
      const place = (parameters: Float64Array) => {
        for (const piece of pieces) piece.forward(parameters, theta)
        return theta
      }
      const start = new Float64Array(size)
      for (const piece of pieces) piece.begin(inner.theta, start)
      const { validate } = inner
      return {
        theta: start,
        layout,
        execution: inner.execution,
        evaluate(parameters, random, gradient, moment) {
          const value = inner.evaluate(place(parameters), random, slopes, moment)
          for (const piece of pieces) piece.pull(slopes, gradient)
          return value
        },
        ...(validate && { validate: (parameters: Float64Array) => validate(place(parameters)) }),
        reason: () => inner.reason?.(),
        restore: (parameters) => inner.restore(place(parameters).slice()),
      }
    },
  }
}

/** One block of the loss, read from its own parameters. */
interface Piece {
  /** writes the parameters that training starts from */
  begin(theta: Float64Array, parameters: Float64Array): void
  forward(parameters: Float64Array, theta: Float64Array): void
  /** cotangents at the point of the last `forward` */
  pull(slopes: Float64Array, gradient: Float64Array): void
}

function parameterize(
  where: string,
  { layout, theta }: { readonly layout: readonly ThetaBlock[]; readonly theta: Float64Array },
  names?: readonly string[],
) {
  const isMatrix = ({ shape, kind }: ThetaBlock) => shape.length === 2 && kind === 'weight'
  const chosen = names ?? layout.filter(isMatrix).map(({ name }) => name)
  const missing = chosen.find(
    (name) => !layout.some((block) => block.name === name && block.shape.length === 2),
  )
  if (missing !== undefined || chosen.length === 0)
    throw misuse({
      where,
      expected: `matrices among ${layout.map(({ name }) => name).join(', ')}`,
      got: missing ?? 'none',
      try: "blocks: ['orthogonalNetwork.weight1']",
    })
  const pieces: Piece[] = []
  const mapped: ThetaBlock[] = []
  let size = 0
  for (const block of layout) {
    const at = size
    if (chosen.includes(block.name)) {
      const map = cayley(Math.max(...block.shape))
      pieces.push(orthonormalPiece(where, block, { map, at, theta }))
      mapped.push({ name: `${block.name}.skew`, offset: at, shape: [map.parameters], kind: 'weight' })
      size += map.parameters
    } else {
      const length = block.shape.reduce((product, n) => product * n, 1)
      pieces.push(plainPiece(block.offset, at, length))
      mapped.push({ ...block, offset: at })
      size += length
    }
  }
  return { layout: mapped, pieces, size }
}

function plainPiece(offset: number, at: number, length: number): Piece {
  const copy = (from: Float64Array, start: number, to: Float64Array, end: number) => {
    for (let i = 0; i < length; i++) to[end + i] = from[start + i]
  }
  return {
    begin: (theta, parameters) => copy(theta, offset, parameters, at),
    forward: (parameters, theta) => copy(parameters, at, theta, offset),
    pull: (slopes, gradient) => copy(slopes, offset, gradient, at),
  }
}

interface Start {
  readonly map: CayleyTransform
  /** where the parameters stand */
  readonly at: number
  readonly theta: Float64Array
}

/**
 * W = Q·W₀ with m = max(rows, cols) rows, or W₀·Q where it is wide. Products run along rows of both factors, whose
 * entries stand side by side.
 */
function orthonormalPiece(
  where: string,
  { name, offset, shape }: ThetaBlock,
  { map, at, theta }: Start,
): Piece {
  const [rows, cols] = shape
  const isTall = rows >= cols
  const [m, count] = isTall ? [rows, cols] : [cols, rows]
  const W0 = theta.slice(offset, offset + rows * cols)
  const vectors = Float64Array.from({ length: m * count }, (_, j) => {
    const [i, k] = [j % m, Math.floor(j / m)]
    return W0[isTall ? i * cols + k : k * cols + i]
  })
  expectOrthonormal(where, name, { vectors, m, count })
  const [Q, cotangent] = [new Float64Array(m * m), new Float64Array(m * m)]
  return {
    begin: (_theta, parameters) => parameters.fill(0, at, at + map.parameters),
    forward(parameters, out) {
      map.forward(parameters.subarray(at, at + map.parameters), Q)
      const W = out.subarray(offset, offset + rows * cols)
      if (isTall) multiply(Q, W0, [m, m, count], W)
      else multiply(W0, Q, [count, m, m], W)
    },
    pull(slopes, gradient) {
      const W = slopes.subarray(offset, offset + rows * cols)
      // of Q: W̄·W₀ᵀ, or W₀ᵀ·W̄; row p of it is a combination of rows of W₀ᵀ, or of W̄
      if (isTall) multiply(W, vectors, [m, count, m], cotangent)
      else multiply(vectors, W, [m, count, m], cotangent, true)
      map.pull(cotangent, gradient.subarray(at, at + map.parameters))
    },
  }
}

/** out = A·B of shapes [rows, inner] and [inner, cols]; `isTurned`: A is stored as its transpose. */
function multiply(
  A: Float64Array,
  B: Float64Array,
  [rows, inner, cols]: readonly [number, number, number],
  out: Float64Array,
  isTurned = false,
): void {
  out.fill(0)
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < inner; k++) {
      const a = isTurned ? A[k * rows + i] : A[i * inner + k]
      for (let j = 0; j < cols; j++) out[i * cols + j] += a * B[k * cols + j]
    }
}

/** Vectors further from orthonormal than this were not meant to be; rounding and single precision are below. */
const slack = 1e-5

function expectOrthonormal(
  where: string,
  name: string,
  { vectors, m, count }: { readonly vectors: Float64Array; readonly m: number; readonly count: number },
): void {
  for (let p = 0; p < count; p++)
    for (let q = 0; q <= p; q++) {
      let product = 0
      for (let i = 0; i < m; i++) product += vectors[p * m + i] * vectors[q * m + i]
      if (Math.abs(product - Number(p === q)) > slack)
        throw misuse({
          where,
          expected: `${name} with orthonormal rows or columns`,
          got: `${product} as the product of ${p} and ${q}`,
          try: 'orthogonalNetwork({ … }), or naming blocks',
        })
    }
}
