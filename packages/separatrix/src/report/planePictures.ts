import type { Field } from '@separatrix/field'
import type { Outcome } from '../study/prove.js'
import { boxesFigure } from './boxesFigure.js'
import { decayFigure } from './decayFigure.js'
import { readable } from './format.js'
import type { PageFigure } from './page.js'
import { type DrawnRegion, drawRegions } from './regionPictures.js'
import type { RegionPictures, RegionReportOptions } from './regionReportOptions.js'

/** The plane of a two-state system, V along trajectories, the boxes of the proof. */
export async function planePictures({
  study,
  V,
  domain,
  outcome,
}: RegionReportOptions): Promise<RegionPictures> {
  const { field, axes } = study
  const drawing = await drawRegions({
    field,
    domain,
    axes,
    regions: [shownRegion(outcome, V)],
    counterexample: outcome.point && {
      point: outcome.point,
      text: outcome.rate === undefined ? 'V does not fall here' : 'V falls too slowly here',
    },
    simulation: { time: 20, rtol: 1e-8, atol: 1e-10 },
  })
  const plane: readonly [string, string] = [axes[0] as string, axes[1] as string]
  const figures: PageFigure[] = []
  if (outcome.kind === 'proved' && drawing.inner.length > 0) figures.push(decayFigure(V, drawing.inner))
  if (outcome.certificate !== undefined)
    figures.push(boxesFigure(outcome, { domain, axes: plane, region: drawing.regions[0] }))
  return {
    hero: {
      title: 'The plane',
      svg: drawing.portrait,
      caption: `Arrows: the vector field, computed by ${drawing.arrows.device}. Red trajectories do not reach the origin within 20 units of time, the others do.${drawing.bordered ? ' The separatrix is computed, not proved.' : ''}`,
    },
    figures,
    numbers: [
      { value: readable(drawing.areas[0] as number), what: 'area of the region (measured, not proved)' },
    ],
  }
}

/** The proved region, or the one that was asked for and refused. */
export function shownRegion({ kind, level, refuted = 0 }: Outcome, V: Field): DrawnRegion {
  if (kind === 'proved') return { name: 'proved', V, level, emphasis: 'proved' }
  return { name: 'not proved', V, level: Number.isFinite(refuted) ? refuted : 0, emphasis: 'compared' }
}
