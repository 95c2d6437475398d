import type { Field } from '@separatrix/field'
import { dopri5, solve } from '@separatrix/ode'

/**
 * The area from which trajectories come home, by simulating from the cells of a regular grid: a measurement, good
 * to about the length of the border times half a cell, divided by the square root of the cells on it.
 */
export function basinArea(
  field: Field,
  domain: readonly (readonly [number, number])[],
  { cells, time, near }: { readonly cells: number; readonly time: number; readonly near: number },
): number {
  const [[x0, x1], [y0, y1]] = domain as [[number, number], [number, number]]
  let home = 0
  for (let i = 0; i < cells; i++)
    for (let j = 0; j < cells; j++) {
      const start = [x0 + ((i + 0.5) * (x1 - x0)) / cells, y0 + ((j + 0.5) * (y1 - y0)) / cells]
      // which side of the separatrix a start lies on needs few digits
      const { y, status } = solve(field, start, [0, time], {
        method: dopri5,
        rtol: 1e-5,
        atol: 1e-7,
        saveAt: 'end',
      })
      if (status === 'success' && Math.hypot(y.get(0, 0), y.get(0, 1)) < near) home++
    }
  return (home / cells ** 2) * (x1 - x0) * (y1 - y0)
}
