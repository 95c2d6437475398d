import type { Study } from '../study/buildStudy.js'
import type { Outcome } from '../study/outcome.js'
import type { ProofJob } from '../study/proofJob.js'
import { fault } from '../study/prove.js'
import { duration, readable, roundedDown, roundedUp } from './format.js'
import { type Page, renderPage } from './page.js'
import { quadraticForm } from './quadraticForm.js'
import type { SceneTask } from './sceneFields.js'
import { sceneOf } from './sceneOf.js'
import { scenePictures } from './scenePictures.js'
import { adviceOf, checkNote, endingWords, provedWords } from './statements.js'

export interface CertifyReportOptions extends SceneTask {
  readonly certificatePath: string
}

const subjects: Readonly<Record<ProofJob['property'], string>> = {
  'region-of-attraction': 'A region of attraction',
  stability: 'Stability, and what solutions converge to',
  'global-asymptotic-stability': 'Global asymptotic stability',
  'invariant-set': 'An invariant set',
  'reach-avoid-stay': 'Reaching, avoiding and staying',
}

/** What certify shows, whatever the property: what is proved in words, pictures of the state space, and the proof. */
export async function certifyReport(options: CertifyReportOptions): Promise<string> {
  const { study, job, outcome, certificatePath } = options
  const isProved = outcome.kind === 'proved'
  const { hero, figures, numbers } = await scenePictures(sceneOf(options), options)
  const advice = adviceOf(job, outcome)
  const ending = endingWords(outcome)
  const page: Page = {
    title: study.title,
    lead: isProved
      ? `${subjects[job.property]}, proved by ${job.property === 'global-asymptotic-stability' ? 'exact arithmetic' : 'interval arithmetic with outward rounding'}.`
      : `${subjects[job.property]} was not proved; this is what was found.`,
    verdict: {
      word: { proved: 'Proved', refuted: 'Refuted', unknown: 'Unknown' }[outcome.kind],
      good: isProved,
      statement: isProved ? provedWords(job, outcome) : `${capital(outcome.message)}.`,
    },
    numbers: isProved
      ? [
          ...(outcome.level > 0
            ? [{ value: readable(roundedDown(outcome.level), 6), what: levelWords(job) }]
            : []),
          ...numbers,
          ...(outcome.stats.leaves > 0
            ? [{ value: readable(outcome.stats.leaves), what: 'boxes in the proof' }]
            : []),
          { value: duration(outcome.milliseconds), what: 'to prove, on one thread' },
        ]
      : [],
    hero,
    figures,
    table: { head: ['', 'value'], rows: tableRows(job, outcome, study) },
    notes: [
      ...(ending === undefined ? [] : [{ title: 'Ended early', text: `${capital(ending)}.` }]),
      ...(advice === undefined ? [] : [{ title: 'What to try', text: `${capital(advice)}.` }]),
      ...(isProved ? [claimNote(outcome), checkNote(certificatePath)] : []),
    ],
  }
  return renderPage(page)
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

const levelWords = ({ level }: ProofJob) =>
  level === undefined ? 'largest level of V that was proved' : 'level of V that was asked for, and proved'

function claimNote({ certificate }: Outcome) {
  return {
    title: 'The claim, word for word',
    text: certificate?.claim.statement ?? '',
  }
}

function tableRows(job: ProofJob, outcome: Outcome, study: Study): string[][] {
  const { level, refuted, point, box, stats, milliseconds, rate } = outcome
  const names = [...study.field.inputNames, ...Object.keys(study.unknowns.params)]
  const states = study.plant.stateNames
  const all = [...states, ...names]
  const at = (x: ArrayLike<number>) =>
    Array.from(x, (v, i) => `${all[i] ?? `x${i + 1}`} = ${readable(v, 5)}`).join(', ')
  const range = ([lo, hi]: readonly [number, number]) => `${readable(lo, 5)} … ${readable(hi, 5)}`
  const form = job.V && quadraticForm(job.V, states)
  const rows: (readonly [string, string | undefined])[] = [
    ['property', job.property],
    ['V', form],
    ...[...Object.entries(study.unknowns.params), ...Object.entries(study.unknowns.disturbance)].map(
      ([name, side]) => [`${name}, uncertain`, range(side)] as const,
    ),
    ...(job.domain ?? []).map((side, i) => [`domain of ${states[i]}`, range(side)] as const),
    ['proved level', level > 0 ? readable(roundedDown(level, 8), 8) : undefined],
    [
      'no level is provable from',
      refuted === undefined || !Number.isFinite(refuted) ? undefined : readable(roundedUp(refuted, 8), 8),
    ],
    [
      point === undefined ? '' : fault(outcome),
      point === undefined ? undefined : at([...point, ...(outcome.uncertain ?? [])]),
    ],
    ['stuck at', box?.map((side, i) => `${all[i] ?? `x${i + 1}`} in ${range(side)}`).join(', ')],
    ['rate κ', rate === undefined ? undefined : readable(rate)],
    ['boxes evaluated', readable(stats.boxes)],
    ['leaves', stats.leaves > 0 ? readable(stats.leaves) : undefined],
    ['time to prove', duration(milliseconds)],
  ]
  return rows.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]]))
}
