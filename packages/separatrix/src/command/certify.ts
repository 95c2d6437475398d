import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { duration, plain, roundedDown, roundedUp } from '../report/format.js'
import { buildCandidate, buildStudy, domainOf, type Study } from '../study/buildStudy.js'
import { fault, type Outcome, prove } from '../study/prove.js'
import { checkKeys, proveProperty } from '../study/proveProperty.js'
import { readStudy, type StudySource } from '../study/readStudy.js'
import { writeCertificate } from '../study/writeCertificate.js'
import type { Terminal } from '../terminal/terminal.js'
import { twoColumns, wrap } from '../terminal/text.js'
import { type ExitCode, exitCodes } from './exitCodes.js'

export interface CertifyOptions {
  readonly json?: boolean
  /** folder of the results; `out/<name of the study>` by default */
  readonly out?: string | undefined
}

/** `separatrix certify <study.yaml>`: proves what the study says, writes its certificate, and draws a region of attraction. */
export async function certify(
  path: string,
  { json, out }: CertifyOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const source = readStudy(path)
  const study = buildStudy(source)
  checkKeys(source)
  const { property = 'region-of-attraction', time = 'continuous' } = source.study
  if (property !== 'region-of-attraction' || time === 'discrete')
    return certifyProperty({ source, study }, { json, out }, terminal)
  const task = {
    field: study.field,
    V: buildCandidate(source, study),
    domain: domainOf(source, study),
    level: source.study.level,
    rate: source.study.rate,
  }
  const outcome = prove(task, `Proving ${study.name}`, terminal)
  const folder = out ?? join('out', study.name)
  const files = { certificate: join(folder, 'certificate.json'), report: join(folder, 'report.html') }
  mkdirSync(folder, { recursive: true })
  writeCertificate(files.certificate, outcome.certificate)
  const drawn = study.field.stateSize >= 2
  if (drawn) {
    const { regionReport } = await import('../report/regionReport.js')
    writeFileSync(
      files.report,
      await regionReport({ ...task, study, outcome, certificatePath: files.certificate }),
    )
  }
  const written = {
    ...(outcome.certificate !== undefined && { certificate: files.certificate }),
    ...(drawn && { report: files.report }),
  }
  terminal.print(json ? asJson(study, outcome, written) : asText(study, task.domain, outcome, written))
  return outcome.kind === 'proved' ? exitCodes.success : exitCodes.negative
}

/** Properties other than a region of attraction: what is proved is said in the certificate's words. */
function certifyProperty(
  { source, study }: { readonly source: StudySource; readonly study: Study },
  { json, out }: CertifyOptions,
  terminal: Terminal,
): ExitCode {
  const start = terminal.now()
  const verdict = proveProperty(source, study)
  const milliseconds = terminal.now() - start
  const folder = out ?? join('out', study.name)
  const path = join(folder, 'certificate.json')
  mkdirSync(folder, { recursive: true })
  const isProved = verdict.kind === 'proved'
  const certificate = isProved ? verdict.certificate : undefined
  writeCertificate(path, certificate)
  const said = certificate?.claim.statement ?? verdict.message
  // sets have the level 0, global claims none
  const level = isProved && verdict.level > 0 && verdict.level < Infinity ? verdict.level : undefined
  const { kind, stats } = verdict
  const rows: (readonly [string, string])[] = [
    [isProved ? 'proved' : 'reason', said],
    ['level', level === undefined ? '' : plain(roundedDown(level))],
    ['proof', `${stats.boxes} boxes, ${stats.leaves} leaves, ${duration(milliseconds)}`],
    ['certificate', isProved ? path : ''],
  ]
  const asData = { name: study.name, verdict: kind, message: said, level, ...stats, milliseconds }
  terminal.print(
    json
      ? JSON.stringify({ ...asData, ...(isProved && { certificate: path }) })
      : `${wrap(`${kind.toUpperCase()}  ${study.name}`)}\n\n${twoColumns(rows.filter(([, text]) => text !== ''))}`,
  )
  return isProved ? exitCodes.success : exitCodes.negative
}

type Written = Readonly<Record<string, string>>

function asJson({ name }: Study, outcome: Outcome, written: Written): string {
  const { kind, message, level, refuted, rate, point, stats, milliseconds } = outcome
  return JSON.stringify({
    name,
    verdict: kind,
    message,
    level,
    ...(refuted !== undefined && Number.isFinite(refuted) && { refuted }),
    ...(rate !== undefined && { rate }),
    ...(point !== undefined && { point: Array.from(point) }),
    ...stats,
    milliseconds,
    ...written,
  })
}

function asText(
  study: Study,
  domain: readonly (readonly [number, number])[],
  outcome: Outcome,
  written: Written,
): string {
  const { stateNames } = study.field
  const at = (x: ArrayLike<number>) => stateNames.map((s, i) => `${s} = ${plain(x[i] as number)}`).join(', ')
  const rows: [string, string][] = []
  if (outcome.kind === 'proved') {
    rows.push([
      'region',
      `every state with V ≤ ${plain(roundedDown(outcome.level))} stays in that set and converges to the origin${outcome.rate === undefined ? '' : `, with V(x(t)) ≤ e^(-${plain(outcome.rate)} t) V(x(0))`}`,
    ])
    if (outcome.refuted !== undefined && Number.isFinite(outcome.refuted))
      rows.push(['no more from', `V = ${plain(roundedUp(outcome.refuted))}: ${limit(outcome, at)}`])
  } else {
    rows.push(['reason', outcome.message])
    if (outcome.point !== undefined) rows.push(['at', at(outcome.point)])
  }
  rows.push(
    [
      'domain',
      stateNames.map((s, i) => `${s} in [${domain[i]?.map((v) => plain(v)).join(', ')}]`).join(', '),
    ],
    [
      'proof',
      `${outcome.stats.boxes} boxes, ${outcome.stats.leaves} leaves, ${duration(outcome.milliseconds)}`,
    ],
    ...Object.entries(written),
  )
  return `${wrap(`${outcome.kind.toUpperCase()}  ${study.name}`)}\n\n${twoColumns(rows)}`
}

function limit(outcome: Outcome, at: (x: ArrayLike<number>) => string): string {
  const { limitedBy, point } = outcome
  if (limitedBy === 'domain') return 'there the set reaches the boundary of the domain'
  return point === undefined ? 'there the bracket ends' : `${fault(outcome)} ${at(point)}`
}
