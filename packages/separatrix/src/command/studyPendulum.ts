import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toJSON } from '@separatrix/field'
import { duration, plain, roundedDown } from '../report/format.js'
import { pendulumReport } from '../report/pendulumReport.js'
import { pendulumRecipe } from '../study/pendulumRecipe.js'
import { pendulumStudy } from '../study/pendulumStudy.js'
import type { ProvedLoop } from '../study/proveLoop.js'
import { writeCertificate } from '../study/writeCertificate.js'
import type { Terminal } from '../terminal/terminal.js'
import { twoColumns, wrap } from '../terminal/text.js'
import { type ExitCode, exitCodes } from './exitCodes.js'
import type { StudyOptions } from './studyOptions.js'

/** `separatrix study pendulum`: simulates, trains, proves, checks and draws; what `pnpm start` runs. */
export async function studyPendulum({ json, out }: StudyOptions, terminal: Terminal): Promise<ExitCode> {
  const folder = out ?? join('out', 'pendulum')
  const file = (base: string) => join(folder, base)
  const start = terminal.now()
  const result = await pendulumStudy(pendulumRecipe, terminal)
  const { lqr, network } = result
  const report = await pendulumReport(pendulumRecipe, result, file('certificate.json'))
  mkdirSync(folder, { recursive: true })
  writeFileSync(file('report.html'), report.html)
  writeFileSync(file('controller.json'), JSON.stringify(toJSON(network.controller)))
  writeFileSync(file('candidate.json'), JSON.stringify(toJSON(network.V)))
  writeCertificate(file('certificate.json'), network.outcome.certificate)
  writeCertificate(file('lqr-certificate.json'), lqr.outcome.certificate)
  const milliseconds = terminal.now() - start
  const proved = network.outcome.kind === 'proved' && lqr.outcome.kind === 'proved'
  if (json) {
    const summary = (
      { outcome: { kind, level, refuted, stats, milliseconds } }: ProvedLoop,
      area: number,
    ) => ({ verdict: kind, level, refuted, area, ...stats, milliseconds })
    terminal.print(
      JSON.stringify({
        study: 'pendulum',
        regulator: summary(lqr, report.areas.lqr),
        network: summary(network, report.areas.network),
        device: report.device,
        milliseconds,
        folder,
      }),
    )
  } else {
    terminal.print(asText(result, report.areas, { folder, milliseconds, device: report.device }))
  }
  return proved ? exitCodes.success : exitCodes.negative
}

function asText(
  { lqr, network }: { readonly lqr: ProvedLoop; readonly network: ProvedLoop },
  areas: { readonly lqr: number; readonly network: number },
  {
    folder,
    milliseconds,
    device,
  }: { readonly folder: string; readonly milliseconds: number; readonly device: string },
): string {
  const line = ({ outcome, checked }: ProvedLoop, area: number): string =>
    outcome.kind === 'proved'
      ? `PROVED  V ≤ ${plain(roundedDown(outcome.level, 5))}, area ${plain(area, 3)} rad²/s; ${outcome.stats.leaves} boxes in ${duration(outcome.milliseconds)}, checked again in ${duration(checked)}`
      : `${outcome.kind.toUpperCase()}  ${outcome.message}`
  const file = (base: string) => join(folder, base)
  return [
    wrap(
      `A pendulum of 0.5 m held upright by a motor of at most ${plain(pendulumRecipe.torqueLimit)} N m. Every state of a proved region comes to rest upright.`,
    ),
    '',
    twoColumns([
      ['regulator', line(lqr, areas.lqr)],
      ['network', line(network, areas.network)],
      ['arrows', `computed by ${device}`],
      ['report', file('report.html')],
      ['certificate', file('certificate.json')],
      ['check it', `npx --yes pnpm@12 separatrix check ${file('certificate.json')}`],
    ]),
    '',
    `Done in ${duration(milliseconds)}.`,
  ].join('\n')
}
