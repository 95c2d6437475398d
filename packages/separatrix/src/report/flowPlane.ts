import { misuse } from '@separatrix/field'
import type { Flow, SamplePaths } from '@separatrix/flows'

/** Side of a picture in its own units, and its margin. */
export const [side, margin] = [520, 20]

/** Where a point of the plane is in a picture. */
export interface FlowPlane {
  across(x: number): number
  down(y: number): number
}

/** One scale for both axes, about all points of all times. */
export function flowPlane({ x }: SamplePaths): FlowPlane {
  const bounds = [0, 1].map((k) => {
    let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let at = k; at < x.data.length; at += 2) {
      lo = Math.min(lo, x.data[at])
      hi = Math.max(hi, x.data[at])
    }
    return { middle: (lo + hi) / 2, half: (hi - lo) / 2 }
  })
  const scale = (side / 2 - margin) / Math.max(bounds[0].half, bounds[1].half, Number.MIN_VALUE)
  return {
    across: (v) => side / 2 + scale * (v - bounds[0].middle),
    down: (v) => side / 2 - scale * (v - bounds[1].middle),
  }
}

/** Refuses flows of more or fewer than two dimensions. */
export function expectPlane(where: string, { base }: Flow): void {
  if (base.size === 2) return
  throw misuse({
    where,
    expected: 'a flow of the plane',
    got: `one of ${base.size} dimensions`,
    try: 'samplePaths, and a projection of your own',
    code: 'wrong-dimension',
  })
}
