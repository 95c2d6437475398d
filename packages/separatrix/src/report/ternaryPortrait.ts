import * as Plot from '@observablehq/plot'
import { compile } from '@separatrix/field'
import { asPoints, colors, figure } from './figure.js'
import type { PageFigure } from './page.js'
import { legendOf, type Scene } from './scene.js'

/** Rows of arrows. */
const rows = 14

/**
 * A simplex in three shares as a triangle: each corner is all of one, and the distance from the opposite side is the share.
 * Of more states the first three are drawn, the others are 0.
 */
export function ternaryPortrait(scene: Scene): PageFigure {
  const { field, axes, centre, sets, paths, point } = scene
  const n = centre.length
  const total = centre.reduce((s, v) => s + v, 0)
  const place = (x: readonly number[]): [number, number] => [
    (x[1] + x[2] / 2) / total,
    ((Math.sqrt(3) / 2) * x[2]) / total,
  ]
  const f = compile(field)
  const arrows = latticeOf(rows).map((shares) => {
    const x = Array.from({ length: n }, (_, i) => (i < 3 ? total * shares[i] : 0))
    const rate = new Float64Array(n)
    f(0, x, rate)
    const [dx, dy] = place(Array.from(rate))
    const at = place(x)
    return { x: at[0], y: at[1], rotate: (Math.atan2(dx, dy) * 180) / Math.PI, speed: Math.hypot(dx, dy) }
  })
  const fastest = Math.max(...arrows.map(({ speed }) => speed)) || 1
  const corners = [0, 1, 2].map((i) => place(centre.map((_, k) => (k === i ? total : 0))))
  const drawn = n === 3 ? paths : []
  const { emphasis } = sets[0]
  const svg = figure('phase', `The simplex of ${axes.slice(0, 3).join(', ')}`, {
    width: 640,
    // 500 wide within the margins, hence 433 high
    height: 523,
    marginLeft: 70,
    marginRight: 70,
    marginTop: 40,
    marginBottom: 50,
    x: { domain: [0, 1], axis: null },
    y: { domain: [0, Math.sqrt(3) / 2], axis: null },
    marks: [
      Plot.line(asPoints([...corners, corners[0]]), {
        stroke: colors[emphasis],
        strokeWidth: 2.2,
        fill: colors[emphasis],
        fillOpacity: 0.12,
      }),
      Plot.vector(
        arrows.map((a) => ({ ...a, length: 4 + 10 * Math.sqrt(a.speed / fastest) })),
        {
          x: 'x',
          y: 'y',
          rotate: 'rotate',
          length: 'length',
          anchor: 'middle',
          stroke: colors.faint,
          strokeWidth: 1.1,
        },
      ),
      ...drawn.flatMap(({ states, isGood }) => {
        const stroke = isGood ? colors.ink : colors.lost
        const curve = asPoints(states.map(place))
        return [
          Plot.line(curve, { stroke, strokeWidth: 1.3, strokeOpacity: 0.75 }),
          Plot.dot(curve.slice(0, 1), { r: 2.6, fill: stroke }),
        ]
      }),
      ...(point === undefined
        ? []
        : [Plot.dot([place(point.at)], { symbol: 'times', r: 6, stroke: colors.lost, strokeWidth: 2.4 })]),
      ...corners.map((corner, i) =>
        Plot.text([corner], {
          text: [`all ${axes[i]}`],
          dy: i === 2 ? -16 : 20,
          fill: colors.ink,
          fontWeight: 600,
          fontSize: 13.5,
        }),
      ),
    ],
  })
  const more = n > 3 ? ` The other states (${axes.slice(3).join(', ')}) are 0.` : ''
  return {
    title: 'The simplex',
    svg,
    legend: legendOf({ ...scene, paths: drawn }),
    caption: `A corner is all of one state; the height above the opposite side is its share. Arrows: the vector field. Solutions are computed, not proved.${more}`,
  }
}

/** Points of the unit simplex with shares (i + ⅓)/rows, clear of its sides. */
function latticeOf(count: number): [number, number, number][] {
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: count - i }, (_v, k): [number, number, number] => {
      const [a, b] = [(i + 1 / 3) / count, (k + 1 / 3) / count]
      return [a, b, 1 - a - b]
    }),
  ).flat()
}
