import { combine, type Evaluation, evaluateGrid, type Field } from '@separatrix/field'
import type { LeafBox } from '@separatrix/lyapunov'
import { phasePortrait, type Shape } from './phasePortrait.js'
import { clipped, rectangle, sectionOf } from './polygon.js'
import { proofBoxes } from './proofBoxes.js'
import type { Region } from './regionMarks.js'
import type { Scene, SceneBox } from './scene.js'
import { crossing, onPlane, type Plane } from './slice.js'

/** Grid on which V is drawn. */
const grid = [201, 201]

/** A scene cut by a plane through its centre: what of it lies there, in two coordinates. */
export interface PlaneScene {
  readonly plane: Plane
  readonly axes: readonly [string, string]
  readonly domain: readonly (readonly [number, number])[]
  readonly regions: readonly Region[]
  readonly shapes: readonly Shape[]
  /** boxes that the plane meets */
  readonly boxes: readonly SceneBox[]
}

export async function cutScene(scene: Scene, plane: Plane): Promise<PlaneScene> {
  const { sets, domain, centre, axes } = scene
  const sides = plane.map((k) => domain[k])
  const regions: Region[] = []
  const shapes: Shape[] = []
  for (const [i, { emphasis, shape }] of sets.entries()) {
    // one set within another is told from it by its fill
    const opacity = i === 0 ? 0.14 : 0.2
    if (shape.kind === 'polytope') {
      const corners = clipped(sides, sectionOf(shape.sides, plane, centre))
      shapes.push({ corners, tone: emphasis, opacity })
    } else {
      const { values } = await evaluateGrid(onPlane(shape.of, plane, { at: centre }), sides, grid, {
        backend: 'js',
      })
      regions.push({ values, level: shape.level, emphasis })
    }
  }
  const boxes = scene.boxes.filter((box) =>
    box.sides.every(([lo, hi], k) => plane.includes(k) || (lo <= centre[k] && centre[k] <= hi)),
  )
  const spans = sides.map(([lo, hi]) => hi - lo)
  for (const { sides: all, tone, dashed, opacity } of boxes) {
    const two = plane.map((k, i) => widened(all[k], 0.008 * spans[i]))
    shapes.push({ corners: rectangle(two), tone, opacity, weight: 1.8, ...(dashed && { dashed }) })
  }
  return { plane, axes: [axes[plane[0]], axes[plane[1]]], domain: sides, regions, shapes, boxes }
}

/** A box that is too small to be seen is drawn as large as a dot. */
function widened([lo, hi]: readonly [number, number], least: number): [number, number] {
  const room = Math.max(0, least - (hi - lo)) / 2
  return [lo - room, hi + room]
}

/** Arrows, sets, boxes and, where the plane is all there is, solutions. */
export function portraitOf(
  scene: Scene,
  { plane, axes, domain, regions, shapes }: PlaneScene,
  separatrices: readonly (readonly (readonly [number, number])[])[] = [],
): Promise<{ svg: string; arrows: Evaluation }> {
  const { field, isMap, centre, paths, point, hasOrigin } = scene
  const isAll = scene.domain.length === 2
  return phasePortrait({
    field: onPlane(isMap ? stepOf(field) : field, plane, { entries: plane, at: centre }),
    domain,
    axes,
    regions,
    shapes,
    separatrices,
    hasOrigin,
    counterexample: isAll && point ? { point: point.at } : undefined,
    trajectories: isAll
      ? paths.map(({ states, isGood, isMarked }) => ({
          curve: states.map((s) => [s[0], s[1]] as const),
          arrives: isGood,
          isStepwise: isMap,
          ...(isMarked && { isMarked }),
        }))
      : [],
  })
}

/** f(x) − x: where a map leads from. */
const stepOf = (f: Field): Field =>
  combine([f], (b, place) => b.sub(place(f), b.leaf('state', f.stateSize)), f.name)

/** The proof's boxes that the plane cuts; `at` are the coordinates of boxes beyond the states. */
export function boxesOf(
  scene: Scene,
  { plane, axes, domain, regions, shapes }: PlaneScene,
  leaves: readonly LeafBox[],
  at: readonly number[],
): { readonly svg: string; readonly cut: number } {
  const boxes = crossing(leaves, plane, [...scene.centre, ...at])
  const svg = proofBoxes({
    id: `boxes-${plane.join('-')}`,
    boxes,
    domain,
    axes,
    region: regions[0],
    shapes: shapes.map((s) => ({ ...s, opacity: (s.opacity ?? 0) / 2 })),
  })
  return { svg, cut: boxes.length }
}
