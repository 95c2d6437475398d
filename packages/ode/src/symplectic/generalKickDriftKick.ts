import type { StepMap } from '../loops/fixedLoop.js'
import type { Problem } from '../problem.js'
import { slot } from '../state.js'

/** Fixed-point sweeps after which a step counts as unsolvable: h times the Lipschitz constant is then ≥ ½. */
const mostSweeps = 60

/**
 * The general Störmer–Verlet step for q' = v(t, q, p), p' = a(t, q, p):
 * p½ = p + h/2 a(q, p½), q¹ = q + h/2 (v(q, p½) + v(q¹, p½)), p¹ = p½ + h/2 a(q¹, p½).
 * Symplectic for every Hamiltonian and of order 2; both implicit equations are iterated until nothing
 * changes beyond rounding. Five evaluations where the field is separable after all.
 * Source: Hairer, Lubich & Wanner, Geometric Numerical Integration, (VI.3.4).
 */
export function generalKickDriftKick(
  { vectorField, size, theta }: Problem,
  parts: { readonly q: readonly number[]; readonly p: readonly number[] },
): StepMap {
  const [q, p] = [Int32Array.from(parts.q), Int32Array.from(parts.p)]
  const [z, rate, first] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)]
  let evaluations = 0
  const evaluate = (t: number) => {
    vectorField(t, z, rate, theta)
    evaluations++
  }
  /** z[i] = y[i] + h/2 (first[i] + rate(z)[i]) for the given components; whether it settled */
  const settle = (t: number, h: number, y: Float64Array, indices: Int32Array): boolean => {
    let previous = Number.POSITIVE_INFINITY
    for (let sweep = 0; sweep < mostSweeps; sweep++) {
      evaluate(t)
      let change = 0
      let scale = 0
      for (let m = 0; m < indices.length; m++) {
        const i = indices[m] as number
        const value = (y[i] as number) + 0.5 * h * ((first[i] as number) + (rate[i] as number))
        change = Math.max(change, Math.abs(value - (z[i] as number)))
        scale = Math.max(scale, Math.abs(value))
        z[i] = value
      }
      if (change <= Number.EPSILON * scale) return true
      // rounding: no longer smaller, and already as small as it can mean anything
      if (change >= previous && change <= 64 * Number.EPSILON * scale) return true
      if (!Number.isFinite(change)) return false
      previous = change
    }
    return false
  }
  return (clock, { y, registers: R }) => {
    const t = clock[0] as number
    const h = clock[1] as number
    const end = clock[2] as number
    evaluations = 0
    z.set(y)
    first.fill(0)
    const kicked = settle(t, h, y, p)
    // the drift starts from q¹ = q + h v(q, p½), exact where v is free of q
    evaluate(t)
    for (let m = 0; m < q.length; m++) {
      const i = q[m] as number
      first[i] = rate[i] as number
      z[i] = (y[i] as number) + h * (rate[i] as number)
    }
    const solved = kicked && settle(end, h, y, q)
    evaluate(end)
    R[slot.evaluations] = (R[slot.evaluations] as number) + evaluations
    if (!solved) return false
    for (let m = 0; m < p.length; m++) {
      const i = p[m] as number
      z[i] = (z[i] as number) + 0.5 * h * (rate[i] as number)
    }
    y.set(z)
    return true
  }
}
