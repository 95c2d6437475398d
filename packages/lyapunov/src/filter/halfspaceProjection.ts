/** A projection onto {u : offset + slope·u ≥ 0, lo ≤ u ≤ hi}. */
export interface Projection {
  readonly u: Float64Array
  /** multiplier of the half-space; 0 where the nominal point, cut to the bounds, satisfies it */
  readonly multiplier: number
  /** offset + slope·u < 0 for every u within bounds; u then is the one that comes closest */
  readonly feasible: boolean
}

/**
 * min |u − v|² subject to offset + slope·u ≥ 0 and lo ≤ u ≤ hi, exactly: u(λ) = clip(v + λ·slope), and offset
 * + slope·u(λ) is continuous, increasing and linear between the at most 2k values of λ at which an entry
 * enters or leaves its bounds, so the root is found by walking along them. Cost: O(k log k). Bounds may be
 * infinite.
 */
export function projectOntoHalfspace(
  v: ArrayLike<number>,
  { offset, slope }: { readonly offset: number; readonly slope: Float64Array },
  { lo, hi }: { readonly lo: Float64Array; readonly hi: Float64Array },
): Projection {
  const k = slope.length
  const u = new Float64Array(k)
  const at = (lambda: number) => {
    let total = offset
    for (let i = 0; i < k; i++) {
      u[i] = Math.min(hi[i], Math.max(lo[i], slope[i] === 0 ? v[i] : v[i] + lambda * slope[i]))
      total += slope[i] * u[i]
    }
    return total
  }
  if (at(0) >= 0) return { u, multiplier: 0, feasible: true }
  let low = 0
  let lowValue = at(0)
  for (const lambda of breakpoints(v, slope, { lo, hi })) {
    const value = at(lambda)
    if (value >= 0) {
      // linear between the two breakpoints
      const root = low + ((lambda - low) * -lowValue) / (value - lowValue)
      at(root)
      return { u, multiplier: root, feasible: true }
    }
    low = lambda
    lowValue = value
  }
  // beyond the last breakpoint only entries without a bound still move
  const speed = freeSpeed(slope, { lo, hi })
  if (speed > 0) {
    const root = low - lowValue / speed
    at(root)
    return { u, multiplier: root, feasible: true }
  }
  at(low)
  return { u, multiplier: low, feasible: false }
}

interface Bounds {
  readonly lo: Float64Array
  readonly hi: Float64Array
}

/** The finite λ > 0 at which an entry of v + λ·slope meets a bound, ascending. */
function breakpoints(v: ArrayLike<number>, slope: Float64Array, { lo, hi }: Bounds): number[] {
  const found: number[] = []
  for (let i = 0; i < slope.length; i++) {
    if (slope[i] === 0) continue
    for (const bound of [lo[i], hi[i]]) {
      const lambda = (bound - v[i]) / slope[i]
      if (lambda > 0 && lambda < Infinity) found.push(lambda)
    }
  }
  return found.sort((x, y) => x - y)
}

/** d(slope·u)/dλ beyond the last breakpoint, where every entry that has a bound ahead of it rests on it. */
function freeSpeed(slope: Float64Array, { lo, hi }: Bounds): number {
  let total = 0
  for (let i = 0; i < slope.length; i++) {
    const free = slope[i] > 0 ? hi[i] === Infinity : lo[i] === -Infinity
    if (free) total += slope[i] * slope[i]
  }
  return total
}
