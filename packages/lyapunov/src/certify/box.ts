/** [lo, hi]. */
export type Interval = readonly [number, number]

export interface Box {
  readonly lo: Float64Array
  readonly hi: Float64Array
}

export function intervalsOf({ lo, hi }: Box): Interval[] {
  return Array.from(lo, (low, i) => [low, hi[i]] as const)
}

/** The share of a box that a part of it is, by volume; sides without width do not count. */
export function shareOf(lo: Float64Array, hi: Float64Array, whole: Box): number {
  let share = 1
  for (let i = 0; i < lo.length; i++) {
    const width = whole.hi[i] - whole.lo[i]
    if (width > 0) share *= (hi[i] - lo[i]) / width
  }
  return share
}
