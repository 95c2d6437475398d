/**
 * Resets whose gaps shrink to this part of the largest one accumulate (Zeno): below √ε a parabola between two
 * of them is lost in the rounding of its ends, and 1e-7 keeps clear of that.
 */
const zenoGap = 1e-7
const zenoCrossings = 3

/** Crossings without a reset this close, this many in a row, are a field that pushes to its own jump from both sides. */
const slidingGap = 1e-4
const slidingCrossings = 20

/** The gaps between the crossings of one event function. */
export interface Accumulation {
  /** notes a crossing; says what the gaps amount to */
  note(t: number, resets: boolean): 'zeno' | 'sliding' | undefined
  /** time since the crossing before the last one */
  gap(): number
}

export function accumulation(start: number): Accumulation {
  let [time, gap, largest, close] = [start, Number.POSITIVE_INFINITY, 0, 0]
  return {
    note(t, resets) {
      const next = Math.abs(t - time)
      const isClose = next <= (resets ? zenoGap : slidingGap) * largest && (!resets || next <= gap)
      close = isClose ? close + 1 : 0
      time = t
      gap = next
      largest = Math.max(largest, next)
      if (resets) return close >= zenoCrossings ? 'zeno' : undefined
      return close >= slidingCrossings ? 'sliding' : undefined
    },
    gap: () => gap,
  }
}
