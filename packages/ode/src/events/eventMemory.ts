/** What is remembered of one event, as numbers in the state: so that a state which is copied, stored or sent goes on. */
export const memory = {
  /** crossings so far */
  count: 0,
  /** time of the last crossing */
  time: 1,
  /** time between the last two, and the largest of those */
  gap: 2,
  largest: 3,
  /** crossings in a row that were close to each other */
  close: 4,
  /** 1 where the state stands at a crossing */
  fired: 5,
  /** time at which the function last touched zero */
  touched: 6,
} as const

export const memoryWidth = 7

/** Nothing has happened yet; a start on the surface is no event. */
export function startMemory(events: Float64Array, t: number): void {
  for (let at = 0; at < events.length; at += memoryWidth) {
    events[at + memory.time] = t
    events[at + memory.gap] = Number.POSITIVE_INFINITY
    events[at + memory.touched] = t
  }
}
