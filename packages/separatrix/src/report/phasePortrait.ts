import * as Plot from '@observablehq/plot'
import { type Evaluation, evaluateGrid, type Field, gridPoint, SeparatrixError } from '@separatrix/field'
import type { NdArray } from 'ndarray'
import { asPoints, type Curve, colors, figure } from './figure.js'
import { type Domain, type Region, regionArea, regionOutline } from './regionMarks.js'

export interface PhasePortraitOptions {
  readonly field: Field
  readonly domain: Domain
  /** labels of the axes, with units */
  readonly axes: readonly [string, string]
  readonly regions: readonly Region[]
  readonly separatrices: readonly Curve[]
  readonly trajectories: readonly DrawnTrajectory[]
  readonly counterexample?: Counterexample | undefined
  /** polygons: boxes, polytopes */
  readonly shapes?: readonly Shape[]
  /** whether 0 is an equilibrium to mark; true */
  readonly hasOrigin?: boolean
  /** 'phase' unless a page has several */
  readonly id?: string
}

export interface DrawnTrajectory {
  readonly curve: Curve
  readonly arrives: boolean
  /** states of a map, one step apart */
  readonly isStepwise?: boolean
  /** drawn strongly: the trajectory that a caption speaks of */
  readonly isMarked?: boolean
}

/** A polygon of the plane. */
export interface Shape {
  readonly corners: Curve
  readonly tone: keyof typeof colors
  readonly dashed?: boolean
  /** 0 where it is not filled */
  readonly opacity?: number
  readonly weight?: number
}

/** Where V was seen not to fall, and what to write there, where there is no legend. */
export interface Counterexample {
  readonly point: ArrayLike<number>
  readonly text?: string
}

const [width, height] = [640, 470]
const margins = { marginLeft: 44, marginRight: 12, marginTop: 26, marginBottom: 40 }
const [arrowColumns, arrowRows] = [25, 19]

/**
 * The plane of a two-state field: arrows, sublevel sets, trajectories. Arrows come from evaluateGrid, whose
 * evaluation is handed back so that a caption can name the device.
 */
export async function phasePortrait({
  field,
  domain,
  axes,
  regions,
  separatrices,
  trajectories,
  counterexample,
  shapes = [],
  hasOrigin = true,
  id = 'phase',
}: PhasePortraitOptions): Promise<{ svg: string; arrows: Evaluation }> {
  const [[x0, x1], [y0, y1]] = domain as [[number, number], [number, number]]
  const inner = arrowDomain(domain)
  const arrows = await arrowGrid(field, inner)
  const drawn = regions.filter((r) => r.level > 0)
  const svg = figure(id, `Phase portrait over ${axes.join(' and ')}`, {
    width,
    height,
    ...margins,
    x: { domain: [x0, x1], label: axes[0], labelArrow: 'none', labelAnchor: 'center', ticks: 7 },
    y: { domain: [y0, y1], label: axes[1], labelArrow: 'none', ticks: 7 },
    marks: [
      ...drawn.map((r) => regionArea(r, domain)),
      ...shapes.map(polygon),
      Plot.vector(arrowData(arrows.values, domain, inner), {
        x: 'x',
        y: 'y',
        rotate: 'rotate',
        length: 'length',
        anchor: 'middle',
        stroke: colors.faint,
        strokeWidth: 1.1,
      }),
      ...separatrices.map((curve) =>
        Plot.line(asPoints(curve), {
          stroke: colors.lost,
          strokeWidth: 1.8,
          strokeDasharray: '1 3.5',
          strokeLinecap: 'round',
          clip: true,
        }),
      ),
      ...trajectories.flatMap(path),
      ...drawn.map((r) => regionOutline(r, domain)),
      ...(hasOrigin ? [Plot.dot([[0, 0]], { r: 3.5, fill: colors.ink })] : []),
      ...drawn.flatMap((r, k) => (r.name === undefined ? [] : [name(r, r.name, domain, k)])),
      ...border(separatrices, domain),
      ...(counterexample === undefined ? [] : cross(counterexample, domain)),
      Plot.frame({ stroke: colors.faint }),
    ],
  })
  return { svg, arrows }
}

/** On gpu.js, or in JavaScript where a field is too large for a kernel; the caption says which. */
async function arrowGrid(field: Field, domain: Domain): Promise<Evaluation> {
  const counts = [arrowColumns, arrowRows]
  try {
    return await evaluateGrid(field, domain, counts, { backend: 'gpu' })
  } catch (error) {
    if (!(error instanceof SeparatrixError)) throw error
    return evaluateGrid(field, domain, counts, { backend: 'js' })
  }
}

/** The name stands inside the first region, below its top, and below the lowest point of the others. */
function name({ values, level, emphasis }: Region, name: string, domain: Domain, k: number) {
  const [columns, rows] = values.shape as [number, number]
  const [[x1, x2], [y1, y2]] = domain as [[number, number], [number, number]]
  const inside = (i: number, j: number) => values.get(i, j, 0) <= level
  const occupied = indices(rows).filter((j) => indices(columns).some((i) => inside(i, j)))
  const row = occupied[k === 0 ? Math.floor(0.93 * (occupied.length - 1)) : 0] ?? 0
  const across = indices(columns).filter((i) => inside(i, row))
  const column = across[Math.floor(across.length / 2)] ?? 0
  const place: [number, number] = [gridPoint(x1, x2, column, columns), gridPoint(y1, y2, row, rows)]
  return label(place, name, { fill: colors[emphasis], dy: k === 0 ? 0 : 12 })
}

const indices = (count: number) => Array.from({ length: count }, (_, i) => i)

/** Names the separatrix, to the right of its rightmost point at six sevenths of the height. */
function border(curves: readonly Curve[], domain: Domain) {
  const [[x1, x2], [y1, y2]] = domain as [[number, number], [number, number]]
  const height = (y: number) => (y - y1) / (y2 - y1)
  const shown = curves
    .flat()
    .filter(([x, y]) => x > x1 && x < x2 - 0.2 * (x2 - x1) && Math.abs(height(y) - 6 / 7) < 0.03)
  if (shown.length === 0) return []
  const place = shown.reduce((best, p) => (p[0] > best[0] ? p : best))
  return [label([place[0], place[1]], 'separatrix', { fill: colors.lost, textAnchor: 'start', dx: 9 })]
}

/** A counterexample, which on the rim of the largest provable set shows what stops it. */
function cross({ point, text }: Counterexample, [[x1, x2]]: Domain) {
  const place: [number, number] = [point[0] as number, point[1] as number]
  // its name goes to where there is more room
  const isRight = place[0] > x1 + 0.6 * (x2 - x1)
  return [
    Plot.dot([place], { symbol: 'times', r: 5, stroke: colors.lost, strokeWidth: 2.2 }),
    ...(text === undefined
      ? []
      : [
          label(place, text, {
            fill: colors.lost,
            textAnchor: isRight ? 'end' : 'start',
            dx: isRight ? -9 : 9,
            dy: 4,
            fontSize: 12,
          }),
        ]),
  ]
}

function label(place: [number, number], text: string, style: Plot.TextOptions) {
  return Plot.text([place], {
    text: [text],
    stroke: colors.paper,
    strokeWidth: 4,
    fontWeight: 600,
    fontSize: 13.5,
    ...style,
  })
}

function path({ curve, arrives, isStepwise, isMarked }: DrawnTrajectory) {
  const stroke = arrives ? colors.ink : colors.lost
  const points = asPoints(curve)
  const strokeOpacity = isStepwise ? 0.35 : arrives ? 0.75 : 0.9
  return [
    Plot.line(points, { stroke, strokeWidth: isMarked ? 2.4 : 1.3, strokeOpacity, clip: true }),
    ...(isStepwise ? [Plot.dot(points, { r: 1.8, fill: stroke, clip: true })] : []),
    Plot.dot(points.slice(0, 1), { r: 2.6, fill: stroke, clip: true }),
  ]
}

/** A closed polygon. */
export function polygon({ corners, tone, dashed, opacity = 0.14, weight = 2 }: Shape) {
  const closed = asPoints(corners.length === 0 ? [] : [...corners, corners[0]])
  return Plot.line(closed, {
    stroke: colors[tone],
    strokeWidth: weight,
    clip: true,
    ...(opacity > 0 && { fill: colors[tone], fillOpacity: opacity }),
    ...(dashed && { strokeDasharray: '5 3' }),
  })
}

/** Arrows stand in the middle of cells, clear of the frame. */
function arrowDomain(domain: Domain): [[number, number], [number, number]] {
  const inset = ([lo, hi]: readonly [number, number], n: number): [number, number] => [
    lo + (hi - lo) / n / 2,
    hi - (hi - lo) / n / 2,
  ]
  return [inset(domain[0] as [number, number], arrowColumns), inset(domain[1] as [number, number], arrowRows)]
}

/** Directions as they appear on the page, lengths by the logarithm of the speed there. */
function arrowData(values: NdArray<Float64Array>, domain: Domain, inner: Domain) {
  const [[x0, x1], [y0, y1]] = domain as [[number, number], [number, number]]
  const sx = (width - margins.marginLeft - margins.marginRight) / (x1 - x0)
  const sy = (height - margins.marginTop - margins.marginBottom) / (y1 - y0)
  const points = []
  for (let i = 0; i < arrowColumns; i++)
    for (let j = 0; j < arrowRows; j++) {
      const [dx, dy] = [values.get(i, j, 0) * sx, values.get(i, j, 1) * sy]
      points.push({
        x: gridPoint(...inner[0], i, arrowColumns),
        y: gridPoint(...inner[1], j, arrowRows),
        rotate: (Math.atan2(dx, dy) * 180) / Math.PI,
        speed: Math.hypot(dx, dy),
      })
    }
  const top = Math.log1p(Math.max(...points.map((p) => p.speed)))
  return points.map((p) => ({ ...p, length: top === 0 ? 0 : 5 + (9 * Math.log1p(p.speed)) / top }))
}
