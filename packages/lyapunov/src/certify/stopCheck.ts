import type { RegionOptions } from './options.js'

/** Why a search that has looked at so many more boxes (1) has to end now, if it has to. */
export type StopCheck = (boxes?: number) => string | undefined

/** Operations between two looks at the signal and the clock, some 10 ns each: about 2 ms. */
const interval = 2e5

/** Looks at a signal and a deadline once in a while; `cost` is that of one box, in operations. */
export function stopCheck(
  { signal, deadline }: Pick<RegionOptions, 'signal' | 'deadline'>,
  cost: number,
): StopCheck {
  if (signal === undefined && deadline === undefined) return () => undefined
  let [spent, reason]: [number, string | undefined] = [interval, undefined]
  return (boxes = 1) => {
    spent += boxes * cost
    if (spent < interval) return reason
    spent = 0
    if (signal?.aborted) reason = 'it was stopped'
    else if (deadline !== undefined && !(deadline.now() < deadline.at)) reason = 'its time was up'
    return reason
  }
}
