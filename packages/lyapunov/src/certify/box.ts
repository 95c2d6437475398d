/** [lo, hi]. */
export type Interval = readonly [number, number]

export interface Box {
  readonly lo: Float64Array
  readonly hi: Float64Array
}

export function intervalsOf({ lo, hi }: Box): Interval[] {
  return Array.from(lo, (low, i) => [low, hi[i]] as const)
}
