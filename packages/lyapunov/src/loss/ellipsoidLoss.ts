import { type BoundLoss, type Loss, type Restored, sampledLoss } from '@separatrix/adjoint'
import {
  Builder,
  embed,
  expectField,
  type Field,
  makeField,
  mergeTheta,
  misuse,
  type Ref,
  show,
  type ThetaBlock,
  withTheta,
} from '@separatrix/field/core'
import { quadratic } from '../control/quadratic.js'
import { checkPair, sampleOf } from './bindPair.js'
import { factor } from './choleskyFactor.js'
import type { Counterexamples } from './counterexamples.js'
import { type Disturbance, inputsAsStates } from './disturbance.js'
import { type Box, ball, shell as shellSampler } from './samplers.js'

export interface EllipsoidLossOptions {
  /** V starts at xᵀPx; {V ≤ 1} is the region that grows */
  readonly P: readonly (readonly number[])[]
  /** κ ≥ 0 of V̇ ≤ −κV */
  readonly rate: number
  /** the region has to stay inside this box, one interval about 0 per state */
  readonly domain: Box
  /** w: what a unit of log-volume is worth against the mean violation */
  readonly reward: number
  /** samples per step; 256 */
  readonly batch?: number
  /** each sample is the worst of this many drawn: few directions violate, and they count; 8 */
  readonly worstOf?: number
  /**
   * samples z with a ≤ |z| ≤ b in place of the whole ball: near the boundary, for sets that are to be invariant while
   * what is inside may do as it likes
   */
  readonly shell?: readonly [number, number]
  /** bounds of the field's inputs, by name: each sample has one of their values, mostly a corner */
  readonly disturbance?: Disturbance
  /** points x at which a candidate failed: the directions in which they lie are drawn more often */
  readonly counterexamples?: Counterexamples
}

/** What leaving the domain by its own half-width costs, against a violation of 1. */
const outsideCost = 10

/**
 * Trains a controller and a quadratic Lyapunov function together so that the ellipsoid on which V decreases grows, in any
 * dimension: in coordinates x = Mz, M lower triangular with a positive diagonal, V = |z|², and every sample z, uniform in
 * the unit ball, lies in the region, which a box around it would hardly ever hit when there are many states.
 *
 *   ℓ = mean of max(0, 2zᵀM⁻¹f(Mz)/|z|² + κ) − w·Σ log Mᵢᵢ + 10·Σᵢ max(0, |row i of M|/dᵢ − 1)
 *
 * Σ log Mᵢᵢ is the logarithm of the volume up to a constant; |row i of M| is the ellipsoid's reach along axis i, dᵢ the
 * domain's. Compare the volume term of Boyd, El Ghaoui, Feron & Balakrishnan, "Linear matrix inequalities in system and
 * control theory", 1994, section 5.2. `fit` gives back the field and V = xᵀ(MMᵀ)⁻¹x. A small loss proves nothing.
 * @example ellipsoidLoss({ P: [[2, 1], [1, 2]], rate: 0.1, domain: [[-1, 1], [-1, 1]], reward: 0.01 })
 */
export function ellipsoidLoss({
  P,
  rate,
  domain,
  reward,
  batch = 256,
  worstOf = 8,
  shell,
  disturbance,
  counterexamples,
}: EllipsoidLossOptions): Loss<{ readonly field: Field; readonly V: Field }> {
  const where = 'ellipsoidLoss'
  for (const [name, value] of Object.entries({ rate, reward }))
    if (!(value >= 0 && Number.isFinite(value)))
      throw misuse({ where, expected: `${name} ≥ 0`, got: show(value), try: `${name}: 0.1` })
  const reach = domain.map(([lo, hi]) => Math.min(-lo, hi))
  if (!reach.every((d) => d > 0 && Number.isFinite(d)) || P.length !== domain.length)
    throw misuse({
      where,
      expected: `one interval about 0 for each of P's ${P.length} states`,
      got: show(domain),
      try: '[[-1, 1], [-1, 1]]',
      code: 'wrong-dimension',
    })
  const start = triangle(P)
  return {
    name: where,
    bind(field, _data, execution) {
      expectField(where, field)
      const V = quadratic(P, { state: field.stateNames })
      checkPair(where, field, V, disturbance)
      const sampler = sampleOf(where, field, {
        sampler: shell === undefined ? ball(1) : shellSampler(shell),
        disturbance,
        counterexamples: counterexamples && inDirections(counterexamples, start),
      })
      const p = field.theta.length
      const inner = sampledLoss({
        integrand: inputsAsStates(integrand(field, start, { rate, reach })),
        batch,
        worstOf,
        execution,
        draw(random, z) {
          sampler.draw(random, z)
          return 0
        },
        restore: (theta) => ({
          field: withTheta(field, theta.subarray(0, p)),
          V: quadratic(inverseSquare(theta.subarray(p), P.length), { state: field.stateNames }),
        }),
      })
      return growing(inner, { first: p, n: P.length, reward })
    },
  }
}

/** Subtracts w·Σ log Mᵢᵢ, whose logarithms are parameters themselves. */
function growing<R extends Restored>(
  inner: BoundLoss<R>,
  { first, n, reward }: { readonly first: number; readonly n: number; readonly reward: number },
): BoundLoss<R> {
  return {
    ...inner,
    evaluate(theta, random, gradient) {
      let value = inner.evaluate(theta, random, gradient)
      for (let i = 0; i < n; i++) {
        value -= reward * theta[first + place(i, i)]
        gradient[first + place(i, i)] -= reward
      }
      return value
    },
  }
}

/** Position of Mᵢⱼ, j ≤ i, among the parameters; on the diagonal its logarithm stands. */
const place = (i: number, j: number) => (i * (i + 1)) / 2 + j

function integrand(
  field: Field,
  start: Float64Array,
  { rate, reach }: { readonly rate: number; readonly reach: readonly number[] },
): Field {
  const n = reach.length
  const shape: ThetaBlock = { name: 'ellipsoid', offset: 0, shape: [start.length], kind: 'weight' }
  const { theta, layout, offsets } = mergeTheta([field, makeEllipsoid(field.stateNames, start, shape)])
  const b = new Builder()
  const all = b.leaf('theta', theta.length)
  const one = (at: number) => b.gather(all, [at])
  const z = b.leaf('state', n)
  const M = (i: number, j: number) => {
    const entry = one(offsets[1] + place(i, j))
    return i === j ? b.unary('exp', entry) : entry
  }
  const rows = Array.from({ length: n }, (_, i) => Array.from({ length: i + 1 }, (_v, j) => M(i, j)))
  const add = (terms: readonly Ref[]) => terms.reduce((s, v) => b.add(s, v))
  const x = b.concat(rows.map((row) => add(row.map((m, j) => b.mul(m, b.gather(z, [j]))))))
  const own = b.gather(
    all,
    Array.from(field.theta.keys(), (i) => offsets[0] + i),
  )
  const f = embed(b, field, { state: x, theta: own })
  const y: Ref[] = []
  rows.forEach((row, i) => {
    const rest = row.slice(0, i).map((m, j) => b.mul(m, y[j]))
    y.push(
      b.div(
        rest.reduce((s, v) => b.sub(s, v), b.gather(f, [i])),
        row[i],
      ),
    )
  })
  const decay = b.div(b.mul(b.constant(2), b.dot(z, b.concat(y))), b.dot(z, z))
  const violation = b.unary('relu', b.add(decay, b.constant(rate)))
  const excess = rows.map((row, i) => {
    const length = b.unary('sqrt', add(row.map((m) => b.mul(m, m))))
    return b.unary('relu', b.sub(b.div(length, b.constant(reach[i])), b.constant(1)))
  })
  const value = b.add(violation, b.mul(b.constant(outsideCost), add(excess)))
  return makeField(b, value, {
    name: 'ellipsoidLoss',
    stateNames: field.stateNames,
    inputNames: field.inputNames,
    theta,
    layout,
  })
}

/** Points x as z = M⁻¹x, M as it is at the start. */
function inDirections(found: Counterexamples, start: Float64Array): Counterexamples {
  return { ...found, points: found.points.map((point) => solveLower(start, point)) }
}

/** M⁻¹x by forward substitution, for the states at the beginning of a point. */
function solveLower(theta: Float64Array, point: ArrayLike<number>): Float64Array {
  const z = Float64Array.from(point)
  for (let i = 0; place(i, i) < theta.length; i++) {
    for (let j = 0; j < i; j++) z[i] -= theta[place(i, j)] * z[j]
    z[i] /= Math.exp(theta[place(i, i)])
  }
  return z
}

/** A field that does nothing but carry the ellipsoid's parameters into the merged θ. */
function makeEllipsoid(stateNames: readonly string[], theta: Float64Array, block: ThetaBlock): Field {
  const b = new Builder()
  return makeField(b, b.leaf('theta', theta.length), {
    name: 'ellipsoid',
    stateNames,
    inputNames: [],
    theta,
    layout: [block],
  })
}

/** M of P = (MMᵀ)⁻¹, row by row, its diagonal as logarithms. */
function triangle(P: readonly (readonly number[])[]): Float64Array {
  const n = P.length
  // P = CᵀC with C lower triangular, by Cholesky from the last row up; then M = C⁻¹
  const reversed = P.map((_, i) => P.map((_row, j) => P[n - 1 - i][n - 1 - j]))
  const U = factor('ellipsoidLoss', reversed)
  const M = inverse(n, (i, j) => U[n - 1 - j][n - 1 - i])
  const out = new Float64Array((n * (n + 1)) / 2)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) out[place(i, j)] = i === j ? Math.log(M[i][j]) : M[i][j]
  return out
}

/** (MMᵀ)⁻¹ = CᵀC with C = M⁻¹. */
function inverseSquare(theta: Float64Array, n: number): number[][] {
  const C = inverse(n, (i, j) => (i === j ? Math.exp(theta[place(i, i)]) : theta[place(i, j)]))
  return C.map((_, i) => C.map((_row, j) => C.reduce((s, row) => s + row[i] * row[j], 0)))
}

/** The inverse of a lower triangular matrix, by columns. */
function inverse(n: number, at: (i: number, j: number) => number): number[][] {
  const out = Array.from({ length: n }, () => new Array<number>(n).fill(0))
  for (let j = 0; j < n; j++)
    for (let i = j; i < n; i++) {
      let s = i === j ? 1 : 0
      for (let k = j; k < i; k++) s -= at(i, k) * out[k][j]
      out[i][j] = s / at(i, i)
    }
  return out
}
