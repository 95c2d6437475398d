import * as Plot from '@observablehq/plot'
import { compile } from '@separatrix/field'
import { asPoints, type Curve, colors, figure } from './figure.js'
import type { LegendEntry, PageFigure } from './page.js'
import { legendOf, type Scene } from './scene.js'
import { insideOf } from './scenePaths.js'

const points = 401

/** One state: the field or the map over it, the set as an interval; of a map the staircase of its iterates. */
export function linePortrait(scene: Scene): PageFigure {
  const { field, isMap, domain, axes, sets, paths, point, hasOrigin } = scene
  const [[lo, hi]] = domain
  const f = compile(field)
  const out = new Float64Array(1)
  const value = (x: number) => {
    f(0, [x], out)
    return out[0]
  }
  const xs = Array.from({ length: points }, (_, i) => lo + ((hi - lo) * i) / (points - 1))
  const curve: Curve = xs.map((x) => [x, value(x)])
  const [low, high] = isMap ? [lo, hi] : rangeOf(curve)
  const spans = sets.map((set) => ({ ...set, spans: intervalsOf(insideOf(set), xs) }))
  const boxes = scene.boxes.map((box) => ({ ...box, spans: [box.sides[0]] }))
  const svg = figure('phase', `${isMap ? 'The map' : 'The field'} over ${axes[0]}`, {
    width: 640,
    height: 430,
    marginLeft: 60,
    marginRight: 14,
    marginTop: 26,
    marginBottom: 40,
    x: { domain: [lo, hi], label: axes[0], labelArrow: 'none', labelAnchor: 'center', ticks: 7 },
    y: {
      domain: [low, high],
      label: isMap ? `${axes[0]}, one step later` : `rate of ${axes[0]}`,
      labelArrow: 'none',
      ticks: 7,
    },
    marks: [
      ...[...spans, ...boxes].flatMap((mark) =>
        mark.spans.map(([from, to]) =>
          Plot.rect([[from, to]], {
            x1: (d) => d[0],
            x2: (d) => d[1],
            y1: () => low,
            y2: () => high,
            fill: colors['tone' in mark ? mark.tone : mark.emphasis],
            fillOpacity: 0.15,
            clip: true,
          }),
        ),
      ),
      ...(isMap
        ? [Plot.line([[lo, lo], [hi, hi]], { stroke: colors.faint })] // biome-ignore format: a diagonal
        : [Plot.ruleY([0], { stroke: colors.faint })]),
      ...(isMap ? paths : []).map(({ states, isGood }) =>
        Plot.line(asPoints(staircase(states.map(([x]) => x))), {
          stroke: isGood ? colors.ink : colors.lost,
          strokeOpacity: 0.6,
          strokeWidth: 1.1,
          clip: true,
        }),
      ),
      Plot.line(asPoints(curve), { stroke: colors.ink, strokeWidth: 2, clip: true }),
      ...(point === undefined
        ? []
        : [
            Plot.dot([[point.at[0], value(point.at[0])]], {
              symbol: 'times',
              r: 6,
              stroke: colors.lost,
              strokeWidth: 2.4,
            }),
          ]),
      ...(hasOrigin ? [Plot.dot([[0, 0]], { r: 3.5, fill: colors.ink })] : []),
      Plot.frame({ stroke: colors.faint }),
    ],
  })
  const drawn = isMap ? scene : { ...scene, paths: [] }
  const legend: LegendEntry[] = [
    { mark: 'line', tone: 'ink', text: isMap ? 'the map' : 'the field' },
    ...legendOf(drawn).filter((e) => e.text !== 'iterates'),
  ]
  const caption = isMap
    ? 'A staircase between the map and the diagonal is a sequence of iterates, computed, not proved.'
    : 'Where the curve is above 0 the state grows, where it is below it falls.'
  return { title: isMap ? 'The map' : 'The field', svg, legend, caption }
}

/** Up to the curve, across to the diagonal, and again. */
const staircase = (iterates: readonly number[]): Curve =>
  iterates
    .slice(0, -1)
    .flatMap((x, k) => [
      [x, k === 0 ? x : iterates[k]] as const,
      [x, iterates[k + 1]] as const,
      [iterates[k + 1], iterates[k + 1]] as const,
    ])

/** The values of a curve with a tenth of room; a constant one gets a unit. */
function rangeOf(curve: Curve): [number, number] {
  const values = curve.map(([, y]) => y).filter(Number.isFinite)
  const [lo, hi] = [Math.min(0, ...values), Math.max(0, ...values)]
  const room = hi > lo ? 0.1 * (hi - lo) : 1
  return [lo - room, hi + room]
}

/** Runs of samples at which a function is at most 0. */
function intervalsOf(inside: (x: readonly number[]) => number, xs: readonly number[]): [number, number][] {
  const runs: [number, number][] = []
  xs.forEach((x, i) => {
    if (inside([x]) > 0) return
    const last = runs.at(-1)
    if (last !== undefined && last[1] === xs[i - 1]) last[1] = x
    else runs.push([x, x])
  })
  return runs
}
