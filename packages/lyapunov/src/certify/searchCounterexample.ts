import type { Box } from './box.js'
import type { Readings } from './readings.js'
import type { Refutation } from './verdict.js'

/** Interval values of (V, V̇) at a point; `undefined` unless V̇ ≥ 0 is certain there and the point is not the origin. */
export function replay({ natural, n, equilibrium }: Readings, point: Float64Array): Refutation | undefined {
  const state = point.slice(0, n)
  if (state.every((v) => v === 0)) return undefined
  const [lo, hi] = [new Float64Array(2), new Float64Array(2)]
  // the equilibrium is one point of its box, nobody knows which: the claim must fail for all
  const [low, high] = [Float64Array.from(point), Float64Array.from(point)]
  equilibrium?.box.forEach((side, i) => {
    ;[low[n + i], high[n + i]] = side
  })
  natural(low, high, lo, hi)
  const [value, rate] = [0, 1].map((i) => [lo[i] as number, hi[i] as number] as const)
  if (value === undefined || rate === undefined || !(rate[0] >= 0) || !(value[1] < Infinity)) return undefined
  return { point: state, uncertain: point.slice(n + (equilibrium?.box.length ?? 0)), value, rate }
}

/**
 * Searches for the point of least V at which V̇ ≥ 0: a lattice of starts, those with V̇ < 0 but nearest to 0 in relation
 * to V lifted onto V̇ = 0, then steps that slide along V̇ = 0 downhill in V. Plain doubles throughout; what is found
 * counts only after {@link replay}.
 */
export function searchCounterexample(
  readings: Readings,
  domain: Box,
  { starts = 400 } = {},
): Refutation | undefined {
  const { n, size, sample } = readings
  const out = new Float64Array(2 + n + size)
  const pointAt = lattice(domain)
  const points = Array.from({ length: starts }, (_, k) => {
    const x = pointAt(k + 1)
    sample(x, out)
    return { x, value: out[0] as number, rate: out[1] as number }
  })
  const rising = points.filter(({ rate }) => rate >= 0).sort((p, q) => p.value - q.value)
  const nearly = points
    .filter(({ rate, value }) => rate < 0 && value > 0)
    .sort((p, q) => q.rate / q.value - p.rate / p.value)
  const lifted = nearly.slice(0, 4).map(({ x }) => onSurface(readings, domain, x))
  let best: Refutation | undefined
  for (const x of [...rising.slice(0, 6).map((p) => p.x), ...lifted]) {
    const found = x && slideDown(readings, domain, x)
    if (found !== undefined && (best === undefined || found.value[1] < best.value[1])) best = found
  }
  return best
}

/** The one of lower V. */
export const lowest = (p: Refutation | undefined, q: Refutation | undefined) =>
  p === undefined || (q !== undefined && q.value[1] < p.value[1]) ? q : p

/** The points of an additive lattice with the powers of the generalised golden ratio (Roberts 2018) as steps, by number. */
export function lattice({ lo, hi }: Box): (k: number) => Float64Array {
  let ratio = 2
  for (let i = 0; i < 30; i++) ratio = (1 + ratio) ** (1 / (lo.length + 1))
  const steps = lo.map((_, i) => ratio ** -(i + 1))
  return (k) => lo.map((low, i) => low + ((0.5 + k * (steps[i] as number)) % 1) * ((hi[i] as number) - low))
}

/**
 * From a point with V̇ ≥ 0: steps −(∇V)⊥ along the surface V̇ = 0, corrected back onto it, halved when they fail. The last
 * of them that can be replayed counts.
 */
export function slideDown(readings: Readings, domain: Box, start: Float64Array): Refutation | undefined {
  const { n, size, sample } = readings
  const [out, ahead] = [new Float64Array(2 + n + size), new Float64Array(2 + n + size)]
  const g = new Float64Array(size)
  const trail: Float64Array[] = [Float64Array.from(start)]
  sample(start, out)
  let reach = 0.25
  for (let k = 0; k < 80 && reach > 1e-9; k++) {
    const x = trail.at(-1) as Float64Array
    const [value, rate] = out as unknown as readonly [number, number]
    g.set(out.subarray(2, 2 + n))
    const h = out.subarray(2 + n)
    const next = onSurface(readings, domain, step(x, { g, h, rate, reach: reach * Math.hypot(...x) }))
    if (next !== undefined) sample(next, ahead)
    if (next === undefined || !((ahead[0] as number) < value && (ahead[1] as number) >= 0)) {
      reach /= 2
      continue
    }
    trail.push(next)
    out.set(ahead)
    reach = Math.min(0.5, reach * 1.5)
  }
  for (const x of trail.reverse()) {
    const found = replay(readings, x)
    if (found !== undefined) return found
  }
  return undefined
}

interface StepData {
  readonly g: Float64Array
  readonly h: Float64Array
  readonly rate: number
  readonly reach: number
}

/**
 * A step of length `reach` down ∇V while V̇ is well above 0; else one of sequential quadratic programming: down within
 * the surface V̇ = 0, and across onto it.
 */
function step(x: Float64Array, { g, h, rate, reach }: StepData): Float64Array {
  const hh = dot(h, h)
  const isFree = hh === 0 || rate > reach * Math.sqrt(hh)
  const along = isFree ? 0 : dot(g, h) / hh
  const across = isFree ? 0 : rate / hh
  const d = g.map((v, i) => along * (h[i] as number) - v)
  const length = Math.sqrt(dot(d, d))
  const scale = length > 1e-12 * Math.sqrt(dot(g, g)) ? reach / length : 0
  return x.map((v, i) => v + scale * (d[i] as number) - across * (h[i] as number))
}

/** A few Newton steps along ∇V̇ onto V̇ = a tiny positive margin, where V̇ is not positive already. */
function onSurface(
  { n, size, sample }: Readings,
  { lo, hi }: Box,
  start: Float64Array,
): Float64Array | undefined {
  const out = new Float64Array(2 + n + size)
  const x = Float64Array.from(start)
  for (let k = 0; k < 20; k++) {
    sample(x, out)
    const h = out.subarray(2 + n)
    const hh = dot(h, h)
    const rate = out[1] as number
    const margin = 1e-13 * Math.sqrt(hh) * Math.hypot(...x)
    if (rate >= margin) break
    for (let i = 0; i < size; i++) {
      const moved = (x[i] as number) + ((4 * margin - rate) * (h[i] as number)) / hh
      x[i] = i < n ? moved : Math.min(Math.max(moved, lo[i] as number), hi[i] as number)
    }
  }
  return x.every((v, i) => v >= (lo[i] as number) && v <= (hi[i] as number)) ? x : undefined
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((s, v, i) => s + v * (b[i] as number), 0)
}
