import type { Study } from '../study/buildStudy.js'
import { fault, type Outcome } from '../study/prove.js'
import { duration, readable, roundedDown, roundedUp } from './format.js'
import { type Page, renderPage } from './page.js'
import { planePictures } from './planePictures.js'
import type { RegionReportOptions } from './regionReportOptions.js'
import { slicePictures } from './slicePictures.js'
import { checkNote, guarantee } from './statements.js'

/** What certify shows: pictures of the plane or of slices through the origin, and the proof. */
export async function regionReport(options: RegionReportOptions): Promise<string> {
  const { study, outcome, certificatePath } = options
  const proved = outcome.kind === 'proved'
  const { hero, figures, numbers } = await (study.field.stateSize === 2 ? planePictures : slicePictures)(
    options,
  )
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
          ...numbers,
          { value: readable(outcome.stats.leaves), what: 'boxes in the proof' },
          { value: duration(outcome.milliseconds), what: 'to prove, on one thread' },
        ]
      : [],
    hero,
    figures,
    table: { head: ['', 'value'], rows: tableRows(outcome, study) },
    notes: proved ? [checkNote(certificatePath)] : [],
  }
  return renderPage(page)
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
