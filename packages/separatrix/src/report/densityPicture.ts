import * as Plot from '@observablehq/plot'
import type { NdArray } from 'ndarray'
import { colors, figure } from './figure.js'

/** A density of the plane and samples of it. */
export interface PicturedDensity {
  readonly logProb: (points: readonly (readonly [number, number])[]) => Promise<Float64Array>
  /** [count, 2] */
  readonly samples: NdArray
}

export interface DensityPictureOptions {
  readonly id: string
  readonly label: string
  /** the picture shows [−half, half]² */
  readonly half: number
  readonly truth: PicturedDensity
  readonly model: PicturedDensity
}

/** Cells a side: the finest that a panel of 230 units shows as more than two. */
const cells = 90

/** Steps of grey: a twenty-fifth of black is about what an eye tells apart. */
const shades = 25

/** Runs of equal shares along rows of cells, without those of 0. */
function runsOf(
  shares: readonly number[],
): { readonly from: number; readonly to: number; readonly share: number }[] {
  const runs: { from: number; to: number; share: number }[] = []
  shares.forEach((share, k) => {
    const last = runs.at(-1)
    if (last !== undefined && last.to === k - 1 && last.share === share && k % cells !== 0) last.to = k
    else runs.push({ from: k, to: k, share })
  })
  return runs.filter(({ share }) => share > 0)
}

/**
 * Four panels: the true density and its samples above, the learned ones below. Both densities have the same colours,
 * black where they reach the 99th percentile of the truth.
 */
export async function densityPicture({
  id,
  label,
  half,
  truth,
  model,
}: DensityPictureOptions): Promise<string> {
  const width = (2 * half) / cells
  const centre = (k: number) => -half + (k + 0.5) * width
  const grid = Array.from({ length: cells * cells }, (_, k): [number, number] => [
    centre(k % cells),
    centre(Math.floor(k / cells)),
  ])
  const densities = await Promise.all([truth, model].map(async (d) => (await d.logProb(grid)).map(Math.exp)))
  const most = [...densities[0]].sort((a, b) => a - b)[Math.floor(0.99 * grid.length)]
  const rows = ['truth', 'model'] as const
  // neighbours of one shade in a row are one rectangle: a page has a dozen and a half of these pictures
  const boxes = rows.flatMap((row, r) =>
    runsOf(Array.from(densities[r], (p) => Math.round(shades * Math.min(1, p / most)) / shades)).map(
      ({ from, to, share }) => ({
        row,
        column: 'density',
        x1: centre(from % cells) - width / 2,
        x2: centre(to % cells) + width / 2,
        y1: centre(Math.floor(from / cells)) - width / 2,
        y2: centre(Math.floor(from / cells)) + width / 2,
        share,
      }),
    ),
  )
  const dots = rows.flatMap((row, r) => {
    const { samples } = [truth, model][r]
    return Array.from({ length: samples.shape[0] }, (_, i) => ({
      row,
      column: 'samples',
      x: samples.get(i, 0),
      y: samples.get(i, 1),
    })).filter(({ x, y }) => Math.abs(x) < half && Math.abs(y) < half)
  })
  return figure(id, label, {
    height: 520,
    aspectRatio: undefined,
    marginLeft: 40,
    x: { domain: [-half, half], ticks: 5, label: null },
    y: { domain: [-half, half], ticks: 5, label: null },
    fx: { label: null, domain: ['density', 'samples'] },
    fy: { label: null, domain: ['truth', 'model'] },
    marks: [
      Plot.rect(boxes, {
        fx: 'column',
        fy: 'row',
        x1: 'x1',
        x2: 'x2',
        y1: 'y1',
        y2: 'y2',
        fill: colors.ink,
        fillOpacity: 'share',
        // neighbours meet without a seam
        shapeRendering: 'crispEdges',
      }),
      Plot.dot(dots, {
        fx: 'column',
        fy: 'row',
        x: 'x',
        y: 'y',
        r: 1,
        fill: colors.proved,
        fillOpacity: 0.6,
      }),
    ],
  })
}
