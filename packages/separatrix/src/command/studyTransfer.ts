import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { duration, plain } from '../report/format.js'
import { transferReport } from '../report/transferReport.js'
import { type TransferRecipe, transferRecipe } from '../study/transferRecipe.js'
import { transferStudy } from '../study/transferStudy.js'
import { type ContenderSummary, summarise } from '../study/transferSummary.js'
import type { Terminal } from '../terminal/terminal.js'
import { twoColumns, wrap } from '../terminal/text.js'
import { type ExitCode, exitCodes } from './exitCodes.js'
import type { StudyOptions } from './studyOptions.js'

/** `separatrix study transfer`: which optimisers need one rate for networks of all depths and widths. */
export async function studyTransfer(
  { json, out = join('out', 'transfer') }: StudyOptions,
  terminal: Terminal,
  recipe: TransferRecipe = transferRecipe,
): Promise<ExitCode> {
  const start = terminal.now()
  const runs = await transferStudy(recipe, terminal)
  const summaries = summarise(runs)
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'report.html'), transferReport(recipe, runs))
  // JSON has no infinity: a run that failed has loss null
  writeFileSync(join(out, 'runs.json'), JSON.stringify(runs, undefined, 1))
  const milliseconds = terminal.now() - start
  terminal.print(
    json
      ? JSON.stringify({ study: 'transfer', summaries, milliseconds, folder: out })
      : asText(summaries, { out, milliseconds }),
  )
  return exitCodes.success
}

function asText(
  summaries: readonly ContenderSummary[],
  { out, milliseconds }: { readonly out: string; readonly milliseconds: number },
): string {
  return [
    wrap(
      'Networks of many depths and widths learn to read digits. With the one rate that serves all of them best, the worst of them tells right:',
    ),
    '',
    twoColumns([
      ...summaries.map(({ name, rate, worstTraining, worstTest, spread }): [string, string] => [
        name,
        `${plain(100 * worstTraining, 3)} % of the training digits, ${plain(100 * worstTest, 3)} % of the test${
          rate === undefined ? '; it has no rate' : ` at ${rate}; best rates differ ${plain(spread, 2)}×`
        }`,
      ]),
      ['report', join(out, 'report.html')],
      ['runs', join(out, 'runs.json')],
    ]),
    '',
    `Done in ${duration(milliseconds)}.`,
  ].join('\n')
}
