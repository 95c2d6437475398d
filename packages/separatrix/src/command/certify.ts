import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { misuse, show } from '@separatrix/field'
import { duration, plain, roundedDown, roundedUp } from '../report/format.js'
import { adviceOf, endingWords } from '../report/statements.js'
import { buildJob } from '../study/buildJob.js'
import { buildStudy, type Study } from '../study/buildStudy.js'
import type { Outcome } from '../study/outcome.js'
import type { ProofJob, Sides } from '../study/proofJob.js'
import { fault, proveJob } from '../study/prove.js'
import { readStudy } from '../study/readStudy.js'
import { writeCertificate } from '../study/writeCertificate.js'
import type { Terminal } from '../terminal/terminal.js'
import { twoColumns, wrap } from '../terminal/text.js'
import { type ExitCode, exitCodes } from './exitCodes.js'

export interface CertifyOptions {
  readonly json?: boolean
  /** folder of the results; `out/<name of the study>` by default */
  readonly out?: string | undefined
  /** seconds and boxes after which the proof ends, over those of the study */
  readonly time?: number | undefined
  readonly boxes?: number | undefined
}

/** `separatrix certify <study.yaml>`: proves what the study says, writes its certificate, and draws it. */
export async function certify(path: string, options: CertifyOptions, terminal: Terminal): Promise<ExitCode> {
  const { json, out } = options
  const source = readStudy(path)
  const study = buildStudy(source)
  const asked = buildJob(source, study)
  const job = { ...asked, limits: { ...asked.limits, ...limitsOf(options) } }
  const outcome = await proveJob(job, study.name, terminal)
  const folder = out ?? join('out', study.name)
  const files = { certificate: join(folder, 'certificate.json'), report: join(folder, 'report.html') }
  mkdirSync(folder, { recursive: true })
  writeCertificate(files.certificate, outcome.certificate)
  const { certifyReport } = await import('../report/certifyReport.js')
  const page = { study, job, outcome, simulate: source.study.simulate, certificatePath: files.certificate }
  writeFileSync(files.report, await certifyReport(page))
  const written = {
    ...(outcome.certificate !== undefined && { certificate: files.certificate }),
    report: files.report,
  }
  terminal.print(json ? asJson(study, outcome, written) : asText(study, job, { outcome, written }))
  return outcome.kind === 'proved' ? exitCodes.success : exitCodes.negative
}

/** Limits from the command line, checked as those of a study are. */
function limitsOf({ time, boxes }: CertifyOptions): ProofJob['limits'] {
  const flags = { time, boxes }
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined || (value > 0 && (name === 'time' || Number.isInteger(value)))) continue
    throw misuse({
      where: `--${name}`,
      expected: name === 'time' ? 'seconds above 0' : 'a whole number of boxes',
      got: show(value),
      try: name === 'time' ? '--time 60' : '--boxes 100000',
    })
  }
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
}

type Written = Readonly<Record<string, string>>

function asJson({ name }: Study, outcome: Outcome, written: Written): string {
  const { kind, property, message, level, refuted, rate, point, uncertain, box, certificate } = outcome
  const statement = certificate?.claim.statement
  return JSON.stringify({
    name,
    property,
    verdict: kind,
    message: property === 'region-of-attraction' ? message : (statement ?? message),
    statement,
    ...((level > 0 || property === 'region-of-attraction') && { level }),
    ...(refuted !== undefined && Number.isFinite(refuted) && { refuted }),
    ...(rate !== undefined && { rate }),
    ...(point !== undefined && { point: Array.from(point) }),
    ...(uncertain !== undefined && { uncertain: Array.from(uncertain) }),
    ...(box !== undefined && { box }),
    ...(outcome.endedBy !== undefined && { endedBy: outcome.endedBy, settled: outcome.settled }),
    ...outcome.stats,
    milliseconds: outcome.milliseconds,
    ...written,
  })
}

function asText(
  study: Study,
  job: ProofJob,
  { outcome, written }: { readonly outcome: Outcome; readonly written: Written },
): string {
  const { params, disturbance } = study.unknowns
  const names = [...study.plant.stateNames, ...study.field.inputNames, ...Object.keys(params)]
  const at = (x: ArrayLike<number>) => Array.from(x, (v, i) => `${names[i]} = ${plain(v)}`).join(', ')
  const within = (sides: Sides) => sides.map((side, i) => `${names[i]} in ${range(side)}`).join(', ')
  const ranges = (bounds: typeof params) =>
    Object.entries(bounds)
      .map(([name, side]) => `${name} in ${range(side)}`)
      .join(', ')
  const { kind, box, stats, milliseconds, point, uncertain = [] } = outcome
  const where = point && at([...point, ...uncertain])
  const rows: (readonly [string, string | undefined])[] = [
    ...(kind === 'proved' ? provedRows(job, outcome, where) : [['reason', outcome.message] as const]),
    ['at', kind === 'proved' ? undefined : where],
    ['stuck at', kind === 'proved' ? undefined : box && within(box)],
    ['ended early', endingWords(outcome)],
    ['try', adviceOf(job, outcome)],
    ['for every', [ranges(params), ranges(disturbance)].filter((text) => text !== '').join(', ')],
    ['domain', job.domain && within(job.domain)],
    ['proof', `${stats.boxes} boxes, ${stats.leaves} leaves, ${duration(milliseconds)}`],
    ...Object.entries(written),
  ]
  const shown = rows.flatMap(([name, text]) => (text ? [[name, text] as const] : []))
  return `${wrap(`${kind.toUpperCase()}  ${study.name}`)}\n\n${twoColumns(shown)}`
}

const range = ([lo, hi]: readonly [number, number]) => `[${plain(lo)}, ${plain(hi)}]`

/** A region in numbers; of other properties the certificate's own words. */
function provedRows(
  { property, time, unknowns }: ProofJob,
  outcome: Outcome,
  where: string | undefined,
): (readonly [string, string | undefined])[] {
  const { level, refuted, rate, certificate } = outcome
  const isRegion = property === 'region-of-attraction' && time !== 'discrete'
  const words = `every state with V ≤ ${plain(roundedDown(level))} stays in that set and converges to the origin${rate === undefined ? '' : `, with V(x(t)) ≤ e^(-${plain(rate)} t) V(x(0))`}`
  const isRobust = Object.keys({ ...unknowns?.params, ...unknowns?.disturbance }).length > 0
  return [
    isRegion && !isRobust ? ['region', words] : ['proved', certificate?.claim.statement],
    ['level', (isRegion && !isRobust) || level <= 0 ? undefined : plain(roundedDown(level))],
    [
      'no more from',
      refuted === undefined || !Number.isFinite(refuted)
        ? undefined
        : `V = ${plain(roundedUp(refuted))}: ${limit(outcome, where)}`,
    ],
  ]
}

function limit(outcome: Outcome, where: string | undefined): string {
  if (outcome.limitedBy === 'domain') return 'there the set reaches the boundary of the domain'
  return where === undefined ? 'there the bracket ends' : `${fault(outcome)} ${where}`
}
