import { blockSize, misuse, type ThetaBlock } from '@separatrix/field/core'
import { adam } from './adam.js'
import { type MatrixBlock, matrixBlock, norm } from './blocks.js'
import type { Optimizer, PlainData, Rate } from './optimizer.js'
import { fraction, rateAt, zeros } from './settings.js'

export interface MuonOptions {
  readonly rate: Rate
  readonly momentum?: number
  /** the blocks to orthogonalise, by name; by default every matrix with at least two rows and columns */
  readonly matrices?: readonly string[]
  /** what moves the other blocks; adam at the same rate by default */
  readonly others?: Optimizer
}

type MuonState = {
  step: number
  readonly blocks: readonly (MatrixBlock & { readonly momentum: number[] })[]
  /** entries of θ that are not in those blocks */
  readonly rest: readonly number[]
  readonly others: PlainData
}

/**
 * Quintic Newton–Schulz coefficients and iterations as Jordan et al. give them: fast, to singular values
 * within about 0.7 … 1.2.
 */
const [a, b, c] = [3.4445, -4.775, 2.0315]
const iterations = 5

/**
 * Muon: m ← μm + (1 − μ)g, Nesterov's (1 − μ)g + μm brought near the closest orthogonal matrix O by
 * Newton–Schulz, then W ← W − η·√max(1, rows/cols)·O. Jordan et al. 2024, "Muon: An optimizer for hidden
 * layers in neural networks". Cost of a step: about 5·(4·min² + 2·min²)·max products per matrix.
 * @example muon({ rate: 0.02, others: adam({ rate: 1e-3 }) })
 */
export function muon({ rate, momentum = 0.95, matrices, others }: MuonOptions): Optimizer<MuonState> {
  rateAt('muon', rate, 0)
  fraction('muon', 'momentum', momentum)
  const companion = others ?? adam({ rate })
  if (companion.name === 'lbfgs')
    throw misuse({
      where: 'muon',
      expected: 'a companion that needs the gradient only',
      got: 'lbfgs, which searches along lines of all of θ',
      try: 'others: adam({ rate: 1e-3 })',
      code: 'optimizer-setting',
    })
  const chosen = (block: ThetaBlock) =>
    matrices?.includes(block.name) ??
    (block.shape.length > 1 && matrixBlock(block).rows > 1 && matrixBlock(block).cols > 1)
  return {
    name: 'muon',
    init(theta, layout) {
      const rest: number[] = []
      const remaining: ThetaBlock[] = []
      for (const block of layout) {
        if (chosen(block)) continue
        remaining.push({ ...block, offset: rest.length })
        for (let i = 0; i < blockSize(block); i++) rest.push(block.offset + i)
      }
      const blocks = layout
        .filter(chosen)
        .map((block) => ({ ...matrixBlock(block), momentum: zeros(blockSize(block)) }))
      return {
        step: 0,
        blocks,
        rest,
        others: companion.init(
          Float64Array.from(rest, (i) => theta[i]),
          remaining,
        ),
      }
    },
    step(state, theta, gradient, objective) {
      const eta = rateAt('muon', rate, state.step)
      for (const block of state.blocks) {
        const { start, rows, cols, momentum: average } = block
        const direction = new Float64Array(rows * cols)
        for (let i = 0; i < direction.length; i++) {
          const g = gradient[start + i]
          average[i] = momentum * average[i] + (1 - momentum) * g
          direction[i] = (1 - momentum) * g + momentum * average[i]
        }
        const orthogonal = orthogonalise(direction, rows, cols)
        const factor = eta * Math.sqrt(Math.max(1, rows / cols))
        for (let i = 0; i < direction.length; i++) theta[start + i] -= factor * orthogonal[i]
      }
      stepRest(companion, state, { theta, gradient, objective })
      state.step++
    },
  }
}

function stepRest(
  companion: Optimizer,
  { rest, others }: MuonState,
  {
    theta,
    gradient,
    objective,
  }: {
    readonly theta: Float64Array
    readonly gradient: Float64Array
    readonly objective: Parameters<Optimizer['step']>[3]
  },
): void {
  if (rest.length === 0) return
  const part = Float64Array.from(rest, (i) => theta[i])
  companion.step(
    others,
    part,
    Float64Array.from(rest, (i) => gradient[i]),
    objective,
  )
  rest.forEach((i, k) => {
    theta[i] = part[k]
  })
}

/** X ← aX + (bXXᵀ + c(XXᵀ)²)X from X = G/|G|, on the side where XXᵀ is small. */
export function orthogonalise(G: Float64Array, rows: number, cols: number): Float64Array {
  const size = norm(G, 0, G.length)
  if (size === 0) return G.slice()
  if (rows > cols) return transpose(orthogonalise(transpose(G, rows, cols), cols, rows), cols, rows)
  let X = G.map((v) => v / size)
  for (let k = 0; k < iterations; k++) {
    const A = new Float64Array(rows * rows)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j <= i; j++) {
        let s = 0
        for (let l = 0; l < cols; l++) s += X[i * cols + l] * X[j * cols + l]
        A[i * rows + j] = A[j * rows + i] = s
      }
    const AA = product(A, A, [rows, rows, rows])
    const BX = product(
      A.map((v, i) => b * v + c * AA[i]),
      X,
      [rows, rows, cols],
    )
    X = X.map((v, i) => a * v + BX[i])
  }
  return X
}

function product(A: Float64Array, B: Float64Array, [m, k, n]: readonly [number, number, number]) {
  const C = new Float64Array(m * n)
  for (let i = 0; i < m; i++)
    for (let l = 0; l < k; l++) {
      const v = A[i * k + l]
      for (let j = 0; j < n; j++) C[i * n + j] += v * B[l * n + j]
    }
  return C
}

function transpose(A: Float64Array, rows: number, cols: number): Float64Array {
  const T = new Float64Array(A.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) T[j * rows + i] = A[i * cols + j]
  return T
}
