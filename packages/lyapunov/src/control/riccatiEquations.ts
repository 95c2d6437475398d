import { misuse } from '@separatrix/field/core'
import type { NdArray } from 'ndarray'
import { solveLyapunov, square } from './lyapunovEquations.js'
import {
  combination,
  identity,
  largest,
  type Matrix,
  type MatrixLike,
  multiply,
  readMatrix,
  solveLinear,
  symmetrize,
  toNdarray,
  transpose,
} from './matrix.js'

/** A Riccati equation's data, checked: G = B·R⁻¹·Bᵀ. */
interface Riccati {
  readonly a: Matrix
  readonly b: Matrix
  readonly q: Matrix
  readonly r: Matrix
  readonly g: Matrix
}

/**
 * Solves the continuous algebraic Riccati equation AᵀX + XA − XBR⁻¹BᵀX + Q = 0 for the stabilizing X = Xᵀ.
 * Shapes: A, Q n × n; B n × m; R m × m, invertible. By the structure-preserving doubling algorithm (Chu,
 * Fan & Lin, Linear Algebra Appl. 396, 2005) after a Cayley transform, then Newton–Kleinman steps (Kleinman,
 * IEEE TAC 13, 1968) while they lower the residual. Throws where no stabilizing solution is found.
 * @example
 * care([[0, 1], [0, 0]], [[0], [1]], [[1, 0], [0, 2]], [[1]]) // [[2, 1], [1, 2]]
 */
export function care(A: MatrixLike, B: MatrixLike, Q: MatrixLike, R: MatrixLike): NdArray<Float64Array> {
  return toNdarray(solveCare(readRiccati('care', [A, B, Q, R])))
}

/**
 * Solves the discrete algebraic Riccati equation AᵀXA − X − AᵀXB(R + BᵀXB)⁻¹BᵀXA + Q = 0 for the
 * stabilizing X = Xᵀ, by doubling; see {@link care}.
 */
export function dare(A: MatrixLike, B: MatrixLike, Q: MatrixLike, R: MatrixLike): NdArray<Float64Array> {
  const { a, g, q } = readRiccati('dare', [A, B, Q, R])
  const x = doubling(a, g, q)
  if (x === undefined) throw noSolution('dare')
  return toNdarray(x)
}

export function readRiccati(
  where: string,
  [A, B, Q, R]: readonly [MatrixLike, MatrixLike, MatrixLike, MatrixLike],
): Riccati {
  const a = square(where, readMatrix(`${where}(A)`, A))
  const b = readMatrix(`${where}(B)`, B, { rows: a.rows })
  const q = readMatrix(`${where}(Q)`, Q, { rows: a.rows, cols: a.rows })
  const r = readMatrix(`${where}(R)`, R, { rows: b.cols, cols: b.cols })
  const weighted = solveLinear(r, transpose(b))
  if (weighted === undefined)
    throw misuse({
      where,
      expected: 'an invertible R',
      got: 'a singular one',
      try: 'a positive weight on every input',
      code: 'singular',
    })
  return { a, b, q: symmetrize(q), r, g: symmetrize(multiply(b, weighted)) }
}

export function solveCare(problem: Riccati): Matrix {
  const { a, g, q } = problem
  const size = Math.max(largest(a), Math.sqrt(largest(g) * largest(q)), 1e-300)
  // any γ > 0 off the spectrum will do; the first that gives a stabilizing solution is taken
  for (const gamma of [1, 2.3, 0.37, 8.1, 0.05, 50].map((k) => k * size)) {
    const started = cayley(problem, gamma)
    const x = started && doubling(started.e, started.g, started.h)
    const refined = x && refine({ a, g, q }, x)
    if (refined !== undefined) return refined
  }
  throw noSolution('care')
}

/** The Cayley transform with shift γ: Chu, Fan & Lin (2005), section 3. */
function cayley({ a, g, q }: Riccati, gamma: number) {
  const n = a.rows
  const shifted = combination(a, identity(n), -gamma)
  const ag = solveLinear(shifted, g)
  const ai = solveLinear(shifted, identity(n))
  if (ag === undefined || ai === undefined) return undefined
  const w = combination(transpose(shifted), multiply(q, ag))
  const wi = solveLinear(w, identity(n))
  if (wi === undefined) return undefined
  const scaled = (m: Matrix) => ({ ...m, data: m.data.map((v) => 2 * gamma * v) })
  return {
    e: combination(identity(n), scaled(transpose(wi))),
    g: symmetrize(scaled(multiply(ag, wi))),
    h: symmetrize(scaled(multiply(wi, multiply(q, ai)))),
  }
}

/** H of the doubling iteration, which converges quadratically to X. */
function doubling(e0: Matrix, g0: Matrix, h0: Matrix): Matrix | undefined {
  const n = e0.rows
  let [e, g, h] = [e0, g0, h0]
  for (let k = 0; k < 60; k++) {
    const w = combination(identity(n), multiply(g, h))
    const we = solveLinear(w, e) // (I + G H)⁻¹ E
    const wg = solveLinear(w, g) // (I + G H)⁻¹ G, symmetric
    if (we === undefined || wg === undefined) return undefined
    const step = symmetrize(multiply(transpose(e), multiply(h, we)))
    const next = combination(h, step)
    g = symmetrize(combination(g, multiply(e, multiply(wg, transpose(e)))))
    e = multiply(e, we)
    h = next
    if (!Number.isFinite(largest(h))) return undefined
    if (largest(step) <= 2 ** -52 * largest(h) && largest(e) < 1) return h
  }
  return undefined
}

/** Newton–Kleinman steps while they lower the residual; `undefined` where the result does not stabilize. */
function refine(problem: Pick<Riccati, 'a' | 'g' | 'q'>, start: Matrix): Matrix | undefined {
  let x = start
  let error = residual(problem, x)
  if (!(largest(error) <= 1e-3 * (1 + largest(x) ** 2 * largest(problem.g) + largest(problem.q))))
    return undefined
  for (let k = 0; k < 4; k++) {
    const closed = combination(problem.a, multiply(problem.g, x), -1)
    const correction = solveLyapunov(transpose(closed), error)
    if (correction === undefined) return x
    const next = symmetrize(combination(x, correction))
    const nextError = residual(problem, next)
    if (!(largest(nextError) < 0.5 * largest(error))) return x
    ;[x, error] = [next, nextError]
  }
  return x
}

function residual({ a, g, q }: Pick<Riccati, 'a' | 'g' | 'q'>, x: Matrix): Matrix {
  const ax = multiply(transpose(a), x)
  return symmetrize(
    combination(combination(combination(ax, transpose(ax)), multiply(x, multiply(g, x)), -1), q),
  )
}

function noSolution(where: string) {
  return misuse({
    where,
    expected: '(A, B) stabilizable and no uncontrolled or unobserved mode on the stability boundary',
    got: 'an equation without a stabilizing solution',
    try: 'another input, or a weight in Q on the mode that is not seen',
    code: 'no-stabilizing-solution',
  })
}
