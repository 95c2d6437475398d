import { misuse, seededRandom, show } from '@separatrix/field/core'
import type { NdArray } from 'ndarray'
import type { Complex } from './eigenvalues.js'
import { square } from './lyapunovEquations.js'
import {
  combination,
  identity,
  largest,
  type Matrix,
  type MatrixLike,
  multiply,
  readMatrix,
  solveLinear,
  toNdarray,
  transpose,
  zeros,
} from './matrix.js'

/** Parameter matrices that are tried; the gain with the best conditioned eigenvectors is taken. */
const attempts = 30

/** Eigenvectors of a condition above this say that the pair is not controllable, to what doubles can tell. */
const worstCondition = 1e12

/**
 * The gain K (m × n) of u = −K·x that gives A − B·K the poles asked for: with Λ of those poles and a parameter G,
 * AX − XΛ = BG and K = GX⁻¹, so that (A − BK)X = XΛ. Of 30 seeded G the one with the best conditioned eigenvectors X is
 * taken, after a first feedback that moves A's own poles away. Bhattacharyya & de Souza, Systems & Control Letters 1
 * (1982), eq. 3–5. Poles are numbers, or both { re, im } of a conjugate pair. Cost: 30 linear systems of n² unknowns.
 * @example place([[0, 1], [0, 0]], [[0], [1]], [-1, -2]) // [[2, 3]]
 */
export function place(
  A: MatrixLike,
  B: MatrixLike,
  poles: readonly (number | Complex)[],
): NdArray<Float64Array> {
  const a = square('place(A)', readMatrix('place(A)', A))
  const b = readMatrix('place(B)', B, { rows: a.rows })
  const blocks = readPoles(poles, a.rows, b.cols)
  const random = seededRandom(1)
  const draw = (rows: number, cols: number, size = 1): Matrix => ({
    rows,
    cols,
    data: Float64Array.from({ length: rows * cols }, () => size * random.normal()),
  })
  // relative to A, so that the first feedback neither vanishes nor drowns it
  const size = (1 + largest(a)) / (largest(b) || 1)
  let best: { readonly K: Matrix; readonly condition: number } | undefined
  for (let k = 0; k < attempts; k++) {
    const first = draw(b.cols, a.rows, size)
    const moved = combination(a, multiply(b, first), -1)
    const G = draw(b.cols, a.rows)
    const X = sylvester(moved, blocks, multiply(b, G))
    const inverse = X && solveLinear(X, identity(a.rows))
    if (X === undefined || inverse === undefined) continue
    const condition = norm(X) * norm(inverse)
    if (!(condition < (best?.condition ?? worstCondition))) continue
    best = { K: combination(first, multiply(G, inverse)), condition }
  }
  if (best !== undefined) return toNdarray(best.K)
  throw misuse({
    where: 'place',
    expected: 'a controllable pair (A, B)',
    got: 'one whose poles cannot all be moved',
    try: 'lqr, which needs a stabilizable pair only, or other inputs',
    code: 'uncontrollable',
  })
}

/** The real block matrix Λ: poles on the diagonal, pairs as rotations, repeats beyond m as Jordan chains. */
function readPoles(poles: readonly (number | Complex)[], n: number, m: number): Matrix {
  const list = poles.map((p) => (typeof p === 'number' ? { re: p, im: 0 } : p))
  const bad = list.find(({ re, im }) => !(Number.isFinite(re) && Number.isFinite(im)))
  const rising = list.filter(({ im }) => im > 0)
  const matched = rising.every(
    ({ re, im }) =>
      list.filter((p) => p.re === re && p.im === -im).length ===
      list.filter((p) => p.re === re && p.im === im).length,
  )
  const falling = list.filter(({ im }) => im < 0).length
  if (list.length !== n || bad !== undefined || !matched || falling !== rising.length)
    throw misuse({
      where: 'place(poles)',
      expected: `${n} poles, complex ones in conjugate pairs`,
      got: show(poles),
      try: '[-1, { re: -2, im: 1 }, { re: -2, im: -1 }]',
      code: 'bad-poles',
    })
  const reals = list.filter(({ im }) => im === 0).sort((p, q) => p.re - q.re)
  const out = zeros(n)
  const set = (i: number, j: number, v: number) => {
    out.data[i * n + j] = v
  }
  reals.forEach(({ re }, i) => {
    set(i, i, re)
    const repeats = reals.filter((p) => p.re === re).length
    if (i > 0 && reals[i - 1].re === re && repeats > m) set(i - 1, i, 1)
  })
  rising.forEach(({ re, im }, k) => {
    const i = reals.length + 2 * k
    set(i, i, re)
    set(i + 1, i + 1, re)
    set(i, i + 1, im)
    set(i + 1, i, -im)
  })
  return out
}

/** X of AX − XΛ = C, by its n² equations. */
function sylvester(A: Matrix, L: Matrix, C: Matrix): Matrix | undefined {
  const n = A.rows
  const system = zeros(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++) {
        system.data[(i * n + j) * n * n + k * n + j] += A.data[i * n + k]
        system.data[(i * n + j) * n * n + i * n + k] -= L.data[k * n + j]
      }
  const solved = solveLinear(system, { rows: n * n, cols: 1, data: Float64Array.from(C.data) })
  return solved && { rows: n, cols: n, data: solved.data }
}

const norm = (m: Matrix) =>
  Math.sqrt(multiply(m, transpose(m)).data.reduce((s, v, i) => s + (i % (m.rows + 1) === 0 ? v : 0), 0))
