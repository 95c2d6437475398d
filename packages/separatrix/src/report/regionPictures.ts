import { type Evaluation, evaluateGrid, type Field } from '@separatrix/field'
import { separatrices } from '../study/separatrices.js'
import { rimPoints, type Trajectory, trajectories } from '../study/trajectories.js'
import { type Counterexample, phasePortrait } from './phasePortrait.js'
import type { Domain, Region } from './regionMarks.js'
import { sublevelArea } from './sublevelArea.js'

/** Grid on which V is drawn and areas are measured. */
const grid = [241, 241]

export interface DrawnRegion extends Omit<Region, 'values'> {
  readonly V: Field
}

export interface Drawing {
  readonly portrait: string
  readonly regions: readonly Region[]
  /** what computed the arrows */
  readonly arrows: Evaluation
  /** of each region, in the units of the plane; 0 where nothing was proved */
  readonly areas: readonly number[]
  /** from the rim of the first region */
  readonly inner: readonly Trajectory[]
  /** from beyond it */
  readonly outer: readonly Trajectory[]
  /** whether a separatrix was found and drawn */
  readonly bordered: boolean
}

export interface DrawingOptions {
  readonly field: Field
  readonly domain: Domain
  readonly axes: readonly string[]
  readonly regions: readonly DrawnRegion[]
  readonly counterexample?: Counterexample | undefined
  readonly simulation: { readonly time: number; readonly rtol: number; readonly atol: number }
}

/** The phase portrait of a plane with its proved regions, and trajectories from their rims. */
export async function drawRegions({
  field,
  domain,
  axes,
  regions,
  counterexample,
  simulation,
}: DrawingOptions): Promise<Drawing> {
  const drawn = await Promise.all(
    regions.map(async ({ V, ...region }) => ({
      ...region,
      values: (await evaluateGrid(V, domain, grid, { backend: 'js' })).values,
    })),
  )
  const near = 0.02 * Math.min(...domain.map(([lo, hi]) => Math.min(-lo, hi)))
  const { V, level } = regions[0] as DrawnRegion
  // a hair inside, so that the starts are in the proved set and not on its rounded rim
  const starts = level > 0 ? rimPoints(V, 0.999 * level, domain, 8) : []
  const inner = trajectories(field, starts, { ...simulation, near })
  const outer = trajectories(field, corners(domain), { ...simulation, near })
  const borders = separatrices(field, domain)
  const { svg, arrows } = await phasePortrait({
    field,
    separatrices: borders,
    counterexample,
    domain,
    axes: [axes[0] as string, axes[1] as string],
    regions: drawn,
    trajectories: [...outer, ...inner].map((t) => ({
      curve: t.states.map((s) => [s[0] as number, s[1] as number] as const),
      arrives: t.arrives,
    })),
  })
  const areas = drawn.map((r) => (r.level > 0 ? sublevelArea(r.values, domain, r.level) : 0))
  return { portrait: svg, regions: drawn, arrows, areas, inner, outer, bordered: borders.length > 0 }
}

/** Starts spread over the outskirts of the domain. */
function corners([x, y]: Domain): number[][] {
  const [[x0, x1], [y0, y1]] = [x, y] as [[number, number], [number, number]]
  const fractions = [
    [0.06, 0.5], [0.94, 0.5], [0.18, 0.9], [0.82, 0.1], [0.3, 0.78], [0.7, 0.22], [0.63, 0.95], [0.37, 0.05],
  ] as const // biome-ignore format: points
  return fractions.map(([p, q]) => [x0 + p * (x1 - x0), y0 + q * (y1 - y0)])
}
