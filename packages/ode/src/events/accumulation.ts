import { memory } from './eventMemory.js'

/**
 * Resets whose gaps shrink to this part of the largest one accumulate (Zeno): below √ε a parabola between two
 * of them is lost in the rounding of its ends, and 1e-7 keeps clear of that.
 */
const zenoGap = 1e-7
const zenoCrossings = 3

/** Crossings without a reset this close, this many in a row, are a field that pushes to its own jump from both sides. */
const slidingGap = 1e-4
const slidingCrossings = 20

/** Notes a crossing in the memory of its event; says what the gaps between the crossings amount to. */
export function noteCrossing(own: Float64Array, t: number, resets: boolean): 'zeno' | 'sliding' | undefined {
  const next = Math.abs(t - (own[memory.time] as number))
  const isClose =
    next <= (resets ? zenoGap : slidingGap) * (own[memory.largest] as number) &&
    (!resets || next <= (own[memory.gap] as number))
  const close = isClose ? (own[memory.close] as number) + 1 : 0
  own[memory.count] = (own[memory.count] as number) + 1
  own[memory.time] = t
  own[memory.gap] = next
  own[memory.largest] = Math.max(own[memory.largest] as number, next)
  own[memory.close] = close
  if (resets) return close >= zenoCrossings ? 'zeno' : undefined
  return close >= slidingCrossings ? 'sliding' : undefined
}
