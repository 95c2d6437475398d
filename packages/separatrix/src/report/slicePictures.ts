import { compile, evaluateGrid } from '@separatrix/field'
import { leafBoxes } from '@separatrix/lyapunov'
import { rimPoints, trajectories } from '../study/trajectories.js'
import { decayFigure } from './decayFigure.js'
import { readable } from './format.js'
import type { PageFigure } from './page.js'
import { phasePortrait } from './phasePortrait.js'
import { shownRegion } from './planePictures.js'
import { proofBoxes } from './proofBoxes.js'
import type { Region } from './regionMarks.js'
import type { RegionPictures, RegionReportOptions } from './regionReportOptions.js'
import { crossing, onPlane, type Plane, planesOf } from './slice.js'

/** Grid on which V is drawn. */
const grid = [181, 181]

/** Slices through the origin of more than two states: the region and the arrows, and boxes of the proof that are cut. */
export async function slicePictures(options: RegionReportOptions): Promise<RegionPictures> {
  const { study, V, domain, outcome } = options
  const planes = planesOf(study.field.stateSize)
  const figures: PageFigure[] = []
  const slices = await Promise.all(planes.map((plane) => sliceOf(options, plane)))
  const busy = busiest(options, planes)
  const { svg, arrows } = await portraitOf(options, planes[busy], slices[busy])
  if (outcome.kind === 'proved') {
    const starts = planes.flatMap((plane) => {
      const rim = rimPoints(onPlane(V, plane), 0.999 * outcome.level, sides(domain, plane), 4)
      return rim.map((y) => domain.map((_, k) => (plane.includes(k) ? (y[plane.indexOf(k)] as number) : 0)))
    })
    const near = 0.02 * Math.min(...domain.map(([lo, hi]) => Math.min(-lo, hi)))
    const inner = trajectories(study.field, starts, { time: 20, rtol: 1e-8, atol: 1e-10, near })
    if (inner.length > 0) figures.push(decayFigure(V, inner))
  }
  const boxes = outcome.certificate === undefined ? [] : leafBoxes(outcome.certificate)
  slices.forEach(({ axes, region }, k) => {
    const plane = planes[k] as Plane
    const cut = crossing(boxes, plane)
    figures.push({
      title: `${axes[0]} and ${axes[1]}`,
      svg: proofBoxes({
        id: `boxes-${plane.join('-')}`,
        boxes: cut,
        domain: sides(domain, plane),
        axes,
        region,
      }),
      caption: `The other states are 0.${boxes.length === 0 ? '' : ` ${readable(cut.length)} of the ${readable(boxes.length)} boxes of the proof are cut.`}`,
    })
  })
  return {
    hero: {
      title: 'A plane through the origin, the one that holds most of the motion',
      svg,
      caption: `The other states are 0; arrows are what of the vector field lies in the plane, computed by ${arrows.device}. What leaves the plane is not drawn.`,
    },
    figures,
    numbers: [],
  }
}

/** The plane in which the largest part of the motion lies, at points around its rim; that is where arrows say most. */
function busiest({ study: { field }, domain }: RegionReportOptions, planes: readonly Plane[]): number {
  const f = compile(field)
  const [x, v] = [new Float64Array(field.stateSize), new Float64Array(field.stateSize)]
  const share = (plane: Plane) => {
    let sum = 0
    for (let k = 0; k < 8; k++) {
      x.fill(0)
      const turn = [Math.cos((k * Math.PI) / 4), Math.sin((k * Math.PI) / 4)]
      plane.forEach((axis, i) => {
        x[axis] = 0.5 * turn[i] * domain[axis][1]
      })
      f(0, x, v)
      // lengths in the units of the domain, so that axes count alike
      const square = (axes: readonly number[]) => axes.reduce((s, a) => s + (v[a] / domain[a][1]) ** 2, 0)
      sum += square(plane) / (square(domain.map((_, a) => a)) || 1)
    }
    return sum
  }
  const shares = planes.map(share)
  return shares.indexOf(Math.max(...shares))
}

const sides = (domain: RegionReportOptions['domain'], plane: Plane) =>
  plane.map((k) => domain[k] as readonly [number, number])

interface Slice {
  readonly axes: readonly [string, string]
  readonly region: Region
}

/** The region on one plane. */
async function sliceOf({ study, V, domain, outcome }: RegionReportOptions, plane: Plane): Promise<Slice> {
  const axes: readonly [string, string] = [study.axes[plane[0]], study.axes[plane[1]]]
  const shown = shownRegion(outcome, onPlane(V, plane))
  const { values } = await evaluateGrid(shown.V, sides(domain, plane), grid, { backend: 'js' })
  return { axes, region: { ...shown, values } }
}

/** The region and what of the vector field lies in the plane. */
const portraitOf = ({ study, domain }: RegionReportOptions, plane: Plane, { axes, region }: Slice) =>
  phasePortrait({
    field: onPlane(study.field, plane, plane),
    domain: sides(domain, plane),
    axes,
    regions: [region],
    separatrices: [],
    trajectories: [],
  })
