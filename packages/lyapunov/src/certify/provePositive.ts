import { type Field, gradient, roundDown, roundSumDown, roundSumUp } from '@separatrix/field/core'
import { bisectionTree, leaf, midpoint } from './bisectionTree.js'
import type { Box } from './box.js'
import { widestOf } from './boxBounds.js'
import { lazily } from './readings.js'
import type { StopCheck } from './stopCheck.js'

export interface PositiveResult {
  readonly boxes: number
  /** the bisection in preorder, where g > 0 was proved on every leaf */
  readonly tree?: readonly number[]
  /** a point at which g ≤ 0 is certain, and its upper bound there */
  readonly failure?: { readonly at: Float64Array; readonly high: number }
}

/**
 * Proves g > 0 on boxes, by bisection: natural enclosures, and mean values about the centre. It ends at the first centre
 * where g ≤ 0 is certain, or when it is to stop.
 */
export function positivityOf(
  g: Field,
  stop: StopCheck = () => undefined,
): (box: Box, maxBoxes: number) => PositiveResult {
  const [natural, slopes] = [lazily(g), lazily(gradient(g))]
  const n = g.stateSize
  const [low, high, centreLow, centreHigh] = [1, 1, 1, 1].map((k) => new Float64Array(k))
  const [slopeLow, slopeHigh, centre] = [n, n, n].map((k) => new Float64Array(k))
  /** the axis to bisect, or what ends it */
  const look = (lo: Float64Array, hi: Float64Array): number | 'proved' | 'failed' => {
    natural(lo, hi, low, high)
    if (low[0] > 0) return 'proved'
    for (let i = 0; i < n; i++) centre[i] = midpoint(lo[i], hi[i])
    natural(centre, centre, centreLow, centreHigh)
    if (centreHigh[0] <= 0) return 'failed'
    slopes(lo, hi, slopeLow, slopeHigh)
    let [bound, best, most] = [centreLow[0], widestOf(lo, hi), 0]
    for (let i = 0; i < n; i++) {
      const [dl, dh] = [roundSumDown(lo[i] - centre[i]), roundSumUp(hi[i] - centre[i])]
      const [sl, sh] = [slopeLow[i], slopeHigh[i]]
      const worst = Math.min(sl * dl, sl * dh, sh * dl, sh * dh)
      bound = roundSumDown(bound + roundDown(worst))
      const variation = Math.max(-sl, sh) * (hi[i] - lo[i])
      if (variation > most && variation < Infinity) [best, most] = [i, variation]
    }
    // an undefined natural enclosure stays undefined
    return low[0] <= high[0] && bound > 0 ? 'proved' : best
  }
  return (box, maxBoxes) => {
    const tree = bisectionTree()
    const stack = [{ node: 0, ...box }]
    let boxes = 0
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { node, lo, hi } = next
      if (++boxes > maxBoxes || stop() !== undefined) return { boxes }
      const axis = look(lo, hi)
      if (axis === 'failed') return { boxes, failure: { at: centre.slice(), high: centreHigh[0] } }
      if (axis === 'proved') {
        tree.mark(node, leaf.decrease)
        continue
      }
      const middle = midpoint(lo[axis], hi[axis])
      if (!(middle > lo[axis] && middle < hi[axis])) return { boxes }
      const child = tree.split(node, axis)
      const replaced = (side: Float64Array) => side.map((v, i) => (i === axis ? middle : v))
      stack.push({ node: child + 1, lo: replaced(lo), hi }, { node: child, lo, hi: replaced(hi) })
    }
    return { boxes, tree: tree.preorder() }
  }
}
