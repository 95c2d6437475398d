import type { Field } from '@separatrix/field'
import { leafBoxes } from '@separatrix/lyapunov'
import type { Study } from '../study/buildStudy.js'
import { fault, type Outcome } from '../study/prove.js'
import { valueAlong } from '../study/trajectories.js'
import { duration, readable, roundedDown, roundedUp } from './format.js'
import { linePlot } from './linePlot.js'
import { type Page, type PageFigure, renderPage } from './page.js'
import { type ProofBoxesOptions, proofBoxes } from './proofBoxes.js'
import { type DrawnRegion, drawRegions } from './regionPictures.js'
import { checkNote, guarantee } from './statements.js'

export interface RegionReportOptions {
  readonly study: Study
  readonly V: Field
  readonly domain: readonly (readonly [number, number])[]
  readonly outcome: Outcome
  readonly certificatePath: string
}

/** What certify shows of a two-state system: the plane, the region, V along trajectories, the proof. */
export async function regionReport({
  study,
  V,
  domain,
  outcome,
  certificatePath,
}: RegionReportOptions): Promise<string> {
  const { field, axes } = study
  const proved = outcome.kind === 'proved'
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
  if (proved && drawing.inner.length > 0)
    figures.push({
      title: 'V falls along trajectories from the rim',
      svg: linePlot({
        id: 'decay',
        label: 'V along trajectories',
        axes: ['time', 'V'],
        logarithmic: true,
        lines: drawing.inner.map((t) => ({
          curve: valueAlong(V, t).filter(([, v]) => v > 1e-9),
          tone: 'proved',
          weight: 1.2,
        })),
      }),
      caption: 'Simulated, not proved: the proof covers all trajectories at once.',
    })
  if (outcome.certificate !== undefined)
    figures.push(boxesFigure(outcome, { domain, axes: plane, region: drawing.regions[0] }))
  const page: Page = {
    title: study.title,
    lead: proved
      ? 'A region of attraction, proved by interval arithmetic with outward rounding.'
      : 'No region of attraction was proved; this is what was found.',
    verdict: {
      word: { proved: 'Proved', refuted: 'Refuted', unknown: 'Unknown' }[outcome.kind],
      good: proved,
      statement: proved ? guarantee(outcome.level, outcome.rate) : outcome.message,
    },
    numbers: proved
      ? [
          { value: readable(roundedDown(outcome.level), 6), what: 'largest level of V that was proved' },
          { value: readable(drawing.areas[0] as number), what: 'area of the region (measured, not proved)' },
          { value: readable(outcome.stats.leaves), what: 'boxes in the proof' },
          { value: duration(outcome.milliseconds), what: 'to prove, on one thread' },
        ]
      : [],
    hero: {
      title: 'The plane',
      svg: drawing.portrait,
      caption: `Arrows: the vector field, computed by ${drawing.arrows.device}. Red trajectories do not reach the origin within 20 units of time, the others do.${drawing.bordered ? ' The separatrix is computed, not proved.' : ''}`,
    },
    figures,
    table: { head: ['', 'value'], rows: tableRows(outcome, study) },
    notes: proved ? [checkNote(certificatePath)] : [],
  }
  return renderPage(page)
}

/** The proved region, or the one that was asked for and refused. */
function shownRegion({ kind, level, refuted = 0 }: Outcome, V: Field): DrawnRegion {
  if (kind === 'proved') return { name: 'proved', V, level, emphasis: 'proved' }
  return { name: 'not proved', V, level: Number.isFinite(refuted) ? refuted : 0, emphasis: 'compared' }
}

/** The picture of a proof's boxes. */
export function boxesFigure(outcome: Outcome, place: Omit<ProofBoxesOptions, 'boxes'>): PageFigure {
  const condition = outcome.rate === undefined ? 'V̇ < 0' : 'V̇ < −κV'
  const boxes = outcome.certificate === undefined ? [] : leafBoxes(outcome.certificate)
  return {
    title: 'The proof, box by box',
    svg: proofBoxes({ boxes, ...place }),
    caption: `${readable(boxes.length)} boxes cover the domain. On each shaded one ${condition} was proved in interval arithmetic; the empty ones lie outside the region, whose rim is drawn; around the origin that holds by second-order forms.`,
  }
}

function tableRows(outcome: Outcome, { field }: Study): string[][] {
  const { level, refuted, point, stats, milliseconds } = outcome
  return [
    ['proved level', level > 0 ? readable(roundedDown(level, 8), 8) : 'none'],
    [
      'no level is provable from',
      refuted === undefined || !Number.isFinite(refuted) ? '–' : readable(roundedUp(refuted, 8), 8),
    ],
    ...(point === undefined
      ? []
      : [
          [
            fault(outcome),
            field.stateNames.map((s, i) => `${s} = ${readable(point[i] as number, 5)}`).join(', '),
          ],
        ]),
    ...(outcome.rate === undefined ? [] : [['rate κ of e^(−κt)', readable(outcome.rate)]]),
    ['boxes evaluated', readable(stats.boxes)],
    ['leaves', readable(stats.leaves)],
    ['time to prove', duration(milliseconds)],
  ]
}
