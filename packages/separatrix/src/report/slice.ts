import { Builder, embed, type Field, makeField } from '@separatrix/field'
import type { LeafBox } from '@separatrix/lyapunov'

/** Two axes of the state space, and the plane through the origin along them. */
export type Plane = readonly [number, number]

/** Pictures of more than this many planes would hide the rest of a page. */
const mostPlanes = 6

/** Planes to look at: every two axes, the first ones where there are many. */
export const planesOf = (n: number): Plane[] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n - 1 - i }, (_v, k): Plane => [i, i + 1 + k]))
    .flat()
    .slice(0, mostPlanes)

/** f on a plane, as a field of its two states; of its value the entries that are asked for. */
export function onPlane(f: Field, plane: Plane, entries?: readonly number[]): Field {
  const b = new Builder()
  const y = b.leaf('state', 2)
  const state = b.concat(
    f.stateNames.map((_, k) => (plane.includes(k) ? b.gather(y, [plane.indexOf(k)]) : b.constant(0))),
  )
  const value = embed(b, f, { state })
  return makeField(b, entries === undefined ? value : b.gather(value, entries), {
    ...f,
    name: `${f.name} on a plane`,
    stateNames: plane.map((k) => f.stateNames[k] as string),
  })
}

/** What a plane cuts of boxes. */
export const crossing = (boxes: readonly LeafBox[], plane: Plane): LeafBox[] =>
  boxes
    .filter(({ box }) => box.every(([lo, hi], k) => plane.includes(k) || (lo <= 0 && hi >= 0)))
    .map(({ kind, box }) => ({ kind, box: plane.map((k) => box[k] as readonly [number, number]) }))
