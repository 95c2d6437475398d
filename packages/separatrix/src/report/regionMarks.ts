import * as Plot from '@observablehq/plot'
import type { NdArray } from 'ndarray'
import { colors } from './figure.js'

export type Domain = readonly (readonly [number, number])[]

/** A set {V ≤ level} to draw, and where its name goes. */
export interface Region {
  /** written into the picture, where there is no legend */
  readonly name?: string
  /** values of V on a regular grid of the domain, [columns, rows, 1] */
  readonly values: NdArray<Float64Array>
  readonly level: number
  readonly emphasis: 'proved' | 'compared'
}

function contour({ values, level }: Region, domain: Domain, style: Plot.ContourOptions) {
  const [columns, rows] = values.shape as [number, number]
  const [[x1, x2], [y1, y2]] = domain as [[number, number], [number, number]]
  // Plot counts rows from y1 up, x fastest
  const flat = Float64Array.from(
    { length: columns * rows },
    (_, k) => level - values.get(k % columns, Math.floor(k / columns), 0),
  )
  // grid samples stand for cells, whose centres are half a spacing inside: widen by that
  const [hx, hy] = [(x2 - x1) / (columns - 1) / 2, (y2 - y1) / (rows - 1) / 2]
  return Plot.contour(flat, {
    width: columns,
    height: rows,
    x1: x1 - hx,
    x2: x2 + hx,
    y1: y1 - hy,
    y2: y2 + hy,
    thresholds: [0],
    clip: true,
    ...style,
  })
}

/** The set, faintly filled. */
export function regionArea(region: Region, domain: Domain) {
  const opacity = region.emphasis === 'proved' ? 0.16 : 0.1
  return contour(region, domain, { fill: colors[region.emphasis], fillOpacity: opacity, stroke: 'none' })
}

/** Its rim. */
export function regionOutline(region: Region, domain: Domain) {
  return contour(region, domain, {
    stroke: colors[region.emphasis],
    strokeWidth: region.emphasis === 'proved' ? 2.2 : 1.6,
    ...(region.emphasis === 'compared' && { strokeDasharray: '5 3' }),
  })
}
