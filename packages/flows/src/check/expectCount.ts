import { misuse, show } from '@separatrix/field/core'

/** Refuses what is no number of things, or too few of them. */
export function expectCount(where: string, count: unknown, what = 'points', least = 1): void {
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= least) return
  throw misuse({
    where,
    expected: least === 0 ? `a number of ${what}` : `at least ${least} ${what}`,
    got: show(count),
    try: `${Math.max(100, least)}`,
  })
}
