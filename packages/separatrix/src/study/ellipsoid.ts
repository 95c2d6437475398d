import { type Field, gradient, interpret, jacobian } from '@separatrix/field'

/** M, upper triangular, of the ellipsoid {xᵀPx ≤ 1} = {Mz: |z| ≤ 1}, so that MMᵀ = P⁻¹. */
export type EllipsoidMap = readonly (readonly number[])[]

/** P of V = xᵀPx: half its Hessian. */
export function matrixOf(V: Field): number[][] {
  const n = V.stateSize
  const hessian = interpret(jacobian(gradient(V)), 0, new Float64Array(n))
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_v, j) => hessian[i * n + j] / 2))
}

/** The ellipsoid {V ≤ level} of a quadratic V, by the Cholesky factor C of its matrix: M = C⁻ᵀ. */
export function ellipsoidMap(V: Field, level = 1): EllipsoidMap {
  const P = matrixOf(V)
  const n = P.length
  const C = Array.from({ length: n }, () => new Array<number>(n).fill(0))
  const M = C.map((row) => row.slice())
  for (let j = 0; j < n; j++)
    for (let i = j; i < n; i++) {
      let s = P[i][j] / level
      for (let k = 0; k < j; k++) s -= C[i][k] * C[j][k]
      C[i][j] = i === j ? Math.sqrt(s) : s / C[j][j]
    }
  for (let j = 0; j < n; j++)
    for (let i = j; i >= 0; i--) {
      let s = i === j ? 1 : 0
      for (let k = i + 1; k <= j; k++) s -= C[k][i] * M[k][j]
      M[i][j] = s / C[i][i]
    }
  return M
}

/** How far an ellipsoid reaches along each axis. */
export const reachOf = (M: EllipsoidMap): number[] => M.map((row) => Math.hypot(...row))

/** The outline of an ellipsoid's shadow on the plane of states i and j. */
export function shadow(M: EllipsoidMap, [i, j]: readonly [number, number], points = 180): [number, number][] {
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((s, v, k) => s + v * b[k], 0)
  const a = Math.sqrt(dot(M[i], M[i]))
  const b = dot(M[i], M[j]) / a
  const c = Math.sqrt(dot(M[j], M[j]) - b * b)
  return Array.from({ length: points + 1 }, (_, k) => {
    const [cos, sin] = [Math.cos((2 * Math.PI * k) / points), Math.sin((2 * Math.PI * k) / points)]
    return [a * cos, b * cos + c * sin]
  })
}
