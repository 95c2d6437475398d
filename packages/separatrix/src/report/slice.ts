import { Builder, embed, type Field, makeField } from '@separatrix/field'
import type { LeafBox } from '@separatrix/lyapunov'

/** Two axes of the state space, and the plane along them through a point (the origin unless given). */
export type Plane = readonly [number, number]

/** Pictures of more than this many planes would hide the rest of a page. */
const mostPlanes = 6

/** Planes to look at: every two axes, the first ones where there are many. */
export const planesOf = (n: number): Plane[] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n - 1 - i }, (_v, k): Plane => [i, i + 1 + k]))
    .flat()
    .slice(0, mostPlanes)

interface Section {
  /** of its value the entries that are asked for */
  readonly entries?: readonly number[]
  /** where the plane passes */
  readonly at?: readonly number[]
}

/** f on a plane, as a field of its two states. */
export function onPlane(f: Field, plane: Plane, { entries, at = [] }: Section = {}): Field {
  const b = new Builder()
  const y = b.leaf('state', 2)
  const state = b.concat(
    f.stateNames.map((_, k) =>
      plane.includes(k) ? b.gather(y, [plane.indexOf(k)]) : b.constant(at[k] ?? 0),
    ),
  )
  const value = embed(b, f, { state, ...(f.theta.length > 0 && { theta: b.leaf('theta', f.theta.length) }) })
  return makeField(b, entries === undefined ? value : b.gather(value, entries), {
    ...f,
    name: `${f.name} on a plane`,
    stateNames: plane.map((k) => f.stateNames[k] as string),
  })
}

/** What a plane cuts of the boxes of a partition; of two neighbours whose common face it runs along, the upper one. */
export function crossing(boxes: readonly LeafBox[], plane: Plane, at: readonly number[] = []): LeafBox[] {
  const tops = boxes[0]?.box.map((_, k) =>
    boxes.reduce((top, { box }) => Math.max(top, box[k][1]), -Infinity),
  )
  const isCut = ([lo, hi]: readonly [number, number], k: number) => {
    const value = at[k] ?? 0
    return lo <= value && (value < hi || (value === hi && hi === tops?.[k]))
  }
  return boxes
    .filter(({ box }) => box.every((side, k) => plane.includes(k) || isCut(side, k)))
    .map(({ kind, box }) => ({ kind, box: plane.map((k) => box[k] as readonly [number, number]) }))
}
