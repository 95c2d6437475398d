import type { Box } from './box.js'
import type { Readings } from './readings.js'

/**
 * In what the widths of boxes are compared: the domain's own. What is uncertain is bisected last (512 times as wide tells as
 * much: by 8 a loop with a narrow parameter took 376,571 boxes in place of 8,167), and the box of an equilibrium only where
 * slopes ask for it: it is as small as rounding allows.
 */
export function unitsOf({ n, extras, uncertain }: Readings, { lo, hi }: Box): number[] {
  const first = n + extras.length - uncertain.length
  return Array.from(lo, (low, i) => (i < n ? 1 : i < first ? Infinity : 512) * (hi[i] - low))
}
