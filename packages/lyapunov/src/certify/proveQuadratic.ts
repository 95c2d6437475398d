import { type Interval, roundDown, roundSumDown, roundSumUp, roundUp } from '@separatrix/field/core'
import { bisectionTree, leaf, midpoint } from './bisectionTree.js'
import type { Box } from './box.js'
import {
  combineIntervals,
  type IntervalMatrix,
  intervalMatrix,
  inverseCholesky,
  isPositiveDefinite,
  leastPivot,
  multiplyIntervals,
  symmetricPart,
} from './intervalMatrix.js'
import { type Jet, type OriginSlopes, originSlopes } from './originSlopes.js'
import { isSteady, type Readings } from './readings.js'
import type { StopCheck } from './stopCheck.js'

/** What a reader needs to repeat the proof: see Proof. */
export interface QuadraticProof {
  readonly radii: readonly number[]
  readonly tree: readonly number[]
  /** one per leaf: the axis and the multiplier of its constraint */
  readonly multipliers: readonly (readonly [number, number])[]
}

/** A candidate and field in the form V = ½xᵀHx, f = S(x)·x, ready for levels. */
export interface QuadraticForm {
  readonly hessian: IntervalMatrix
  readonly slopes: OriginSlopes
  /** half-widths about 0 that the domain has room for: H is enclosed there, and {V ≤ level} must stay within */
  readonly limits: readonly number[]
  /** the greatest level whose ellipsoid fits into them, roughly */
  readonly ceiling: number
  /** 2(H⁻¹)ᵢᵢ of the midpoint: xᵢ² ≤ spread[i]·V */
  readonly spread: readonly number[]
  readonly rate: number
}

/** The quadratic form of a pair, where the Hessian of V hardly varies over the domain; `undefined` elsewhere. */
export function quadraticForm(readings: Readings, domain: Box): QuadraticForm | undefined {
  const { n, size, second, secondSize, field, rate, time } = readings
  const slopes = size === n && time === 'continuous' ? originSlopes(field) : undefined
  if (slopes === undefined) return undefined
  const [lo, hi] = [new Float64Array(secondSize), new Float64Array(secondSize)]
  second(domain.lo, domain.hi, lo, hi)
  const hessian = { n, lo: lo.slice(0, n * n), hi: hi.slice(0, n * n) }
  const isConstant = hessian.lo.every((v, i) => hessian.hi[i] - v <= 1e-9 * (1 + Math.abs(v)))
  if (!isConstant || !isSteady(lo, hi, 2 * n * n) || !isPositiveDefinite(hessian)) return undefined
  const w = inverseCholesky(hessian) ?? new Float64Array(n * n)
  // H⁻¹ = WᵀW
  const spread = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_v, k) => 2 * w[k * n + i] ** 2).reduce((s, v) => s + v, 0),
  )
  const limits = spread.map((_, i) => Math.min(-domain.lo[i], domain.hi[i]))
  const ceiling = Math.min(...spread.map((s, i) => limits[i] ** 2 / s))
  return { hessian, slopes, limits, ceiling, spread, rate }
}

/**
 * Proves V̇ < −κV on {0 < V ≤ level} for V = ½xᵀHx in any dimension: V̇ = xᵀ(HᵀS(x))x, where S depends on few of the
 * variables. Over a box S(x) = S(c) + Σ ∂ₖS·(xₖ − cₖ); positive definite matrices are a convex set, so the corners of
 * the linear part suffice, each with the rest as an interval. The origin's box is no exception. Where |xᵢ| ≥ a > 0 on a
 * box, V ≤ level implies xᵀQx ≤ 0 for Q = ½H − (level/a²)·eᵢeᵢᵀ, and λQ − HᵀS ≻ 0 for some λ ≥ 0 is enough (the
 * S-procedure, Yakubovich 1971).
 */
export function proveQuadratic(
  form: QuadraticForm,
  level: number,
  maxBoxes: number,
  stop: StopCheck = () => undefined,
): QuadraticProof | undefined {
  const { hessian, spread, limits } = form
  const radii = spread.map((s) => Math.sqrt(level * s) * (1 + 1e-9))
  const isWithin = (size: number, axis: number) =>
    size < limits[axis] && isPositiveDefinite(constraint(hessian, level, { axis, size }))
  if (!radii.every(isWithin)) return undefined
  const tree = bisectionTree()
  const multipliers = new Map<number, readonly [number, number]>()
  const stack = [{ node: 0, box: radii.map((r): Interval => ({ lo: -r, hi: r })) }]
  let boxes = 0
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, box } = next
    if (++boxes > maxBoxes || stop() !== undefined) return undefined
    const { corners, axis } = cornerForms(form, box)
    const multiplier = findMultiplier(corners, hessian, { box, level })
    if (multiplier !== undefined) {
      tree.mark(node, leaf.decrease)
      multipliers.set(node, multiplier)
      continue
    }
    const middle = midpoint(box[axis].lo, box[axis].hi)
    const child = tree.split(node, axis)
    for (const half of [0, 1]) {
      const part = half === 0 ? { lo: box[axis].lo, hi: middle } : { lo: middle, hi: box[axis].hi }
      stack.push({ node: child + half, box: box.map((side, i) => (i === axis ? part : side)) })
    }
  }
  return {
    radii,
    tree: tree.preorder(),
    multipliers: tree.leaves().map((node) => multipliers.get(node) ?? [0, 0]),
  }
}

/** From this many states on, a quadratic V is proved by its form first: bisecting all variables no longer ends. */
export const quadraticDimension = 4

/** The largest level below `most` that is found provable, by doubling and then bisecting; each trial has few boxes. */
export function largestQuadratic(
  form: QuadraticForm,
  most: number,
  stop: StopCheck,
): { readonly level: number; readonly proof: QuadraticProof } | undefined {
  const top = Math.min(most, form.ceiling) * (1 - 1e-6)
  let [low, high] = [0, Infinity]
  let found: { readonly level: number; readonly proof: QuadraticProof } | undefined
  const attempt = (level: number) => {
    const proof = proveQuadratic(form, level, 1500, stop)
    if (proof === undefined) high = level
    else [low, found] = [level, { level, proof }]
  }
  // small levels need few boxes: begin low, and only then spend
  attempt(top / 32)
  for (let k = 0; k < 30 && found === undefined; k++) attempt(high / 8)
  while (found !== undefined && low < top && high === Infinity) attempt(Math.min(2 * low, top))
  for (let k = 0; k < 3 && found !== undefined && high < Infinity; k++) attempt((low + high) / 2)
  return found
}

/** Linear parts along at most this many axes are kept; those of the others join the rest. */
const cornerAxes = 4

/** −sym(HᵀS) − (κ/2)H at each corner of the linear part of S, and the axis that blurs S most. */
function cornerForms({ hessian, slopes, rate }: QuadraticForm, box: readonly Interval[]) {
  const { n } = hessian
  const centre = box.map(({ lo, hi }) => midpoint(lo, hi))
  const over = slopes(box)
  const at = slopes(centre.map((c) => ({ lo: c, hi: c })))
  const reach = box.map(({ lo, hi }, k) => roundUp(Math.max(hi - centre[k], centre[k] - lo)))
  const partial = (jet: Jet, k: number) => jet.g?.[k] ?? { lo: 0, hi: 0 }
  const middle = (jet: Jet, k: number) => midpoint(partial(jet, k).lo, partial(jet, k).hi)
  const size = (k: number, f: (jet: Jet) => number) => over.reduce((s, jet) => s + f(jet), 0) * reach[k]
  const bend = (k: number) => size(k, (jet) => Math.abs(middle(jet, k)))
  const blur = (k: number) => size(k, (jet) => partial(jet, k).hi - partial(jet, k).lo)
  const axes = [...box.keys()]
    .filter((k) => bend(k) > 0)
    .sort((p, q) => bend(q) - bend(p))
    .slice(0, cornerAxes)
  const corners = Array.from({ length: 2 ** axes.length }, (_, corner) => {
    const s = intervalMatrix(n)
    over.forEach((jet, e) => {
      let [lo, hi] = [at[e].v.lo, at[e].v.hi]
      for (let k = 0; k < n; k++) {
        const { lo: low, hi: high } = partial(jet, k)
        const place = axes.indexOf(k)
        const slope = place < 0 ? 0 : middle(jet, k)
        const rest = roundUp(reach[k] * Math.max(roundSumUp(high - slope), roundSumUp(slope - low)))
        const linear = slope * reach[k] * ((corner >> Math.max(place, 0)) & 1 ? 1 : -1)
        lo = roundSumDown(roundSumDown(lo + roundDown(linear)) - rest)
        hi = roundSumUp(roundSumUp(hi + roundUp(linear)) + rest)
      }
      s.lo[e] = lo
      s.hi[e] = hi
    })
    return symmetricPart(combineIntervals(multiplyIntervals(hessian, s, true), hessian, rate / 2), -1)
  })
  const weight = (k: number) =>
    Number.isFinite(blur(k)) ? blur(k) + 0.05 * bend(k) : reach[k] * Number.MAX_VALUE
  const axis = [...box.keys()].reduce((best, k) => (weight(k) > weight(best) ? k : best), 0)
  return { corners, axis }
}

/** Q = ½H − (level/size²)·eᵢeᵢᵀ: xᵀQx ≤ 0 where V ≤ level and |xᵢ| ≥ size. */
function constraint(
  { n, lo, hi }: IntervalMatrix,
  level: number,
  { axis, size }: { readonly axis: number; readonly size: number },
): IntervalMatrix {
  const out = { n, lo: lo.map((v) => roundDown(v / 2)), hi: hi.map((v) => roundUp(v / 2)) }
  const at = axis * n + axis
  out.lo[at] = roundSumDown(out.lo[at] - roundUp(level / roundDown(size * size)))
  out.hi[at] = roundSumUp(out.hi[at] - roundDown(level / roundUp(size * size)))
  return out
}

/** Multipliers that are tried, relative to the sizes of N and Q: a fifth of a decade apart. */
const multipliers = Array.from({ length: 20 }, (_, k) => 10 ** (-2.4 + k / 5))

/**
 * An axis and a multiplier λ for which every N + λQ is positive definite, N the corners; λ = 0 if that suffices. Which one
 * is the most promising is found in floating point, by the least pivot of the midpoints; only that one is proved.
 */
function findMultiplier(
  corners: readonly IntervalMatrix[],
  hessian: IntervalMatrix,
  { box, level }: { readonly box: readonly Interval[]; readonly level: number },
): readonly [number, number] | undefined {
  if (corners.every(isPositiveDefinite)) return [0, 0]
  const typical = ({ lo, hi }: IntervalMatrix) =>
    lo.reduce((most, v, i) => Math.max(most, Math.abs(v + hi[i])), 0)
  const scale = (2 * typical(corners[0])) / typical(hessian)
  if (!(scale < Infinity)) return undefined
  for (const [axis, { lo, hi }] of box.entries()) {
    const size = Math.max(lo, -hi)
    if (!(size > 0)) continue
    const q = constraint(hessian, level, { axis, size })
    let [best, most] = [0, 0]
    for (const factor of multipliers) {
      const lambda = factor * scale
      const pivot = corners.reduce(
        (least, n) => Math.min(least, least > 0 ? leastPivot(n, q, lambda) : 0),
        Infinity,
      )
      if (pivot > most) [best, most] = [lambda, pivot]
    }
    if (most > 0 && corners.every((n) => isPositiveDefinite(combineIntervals(n, q, best))))
      return [axis, best]
  }
  return undefined
}
