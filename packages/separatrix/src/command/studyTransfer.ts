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
  const result = await transferStudy(recipe, terminal)
  const summaries = summarise(result)
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'report.html'), transferReport(recipe, result))
  // JSON has no infinity: a run that failed has loss null
  writeFileSync(join(out, 'runs.json'), JSON.stringify(result.runs, undefined, 1))
  writeFileSync(join(out, 'tests.json'), JSON.stringify(result.tests, undefined, 1))
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
      'Networks of many depths and widths learn to read digits. With the one setting that served all of them best, on other seeds, the worst of them tells right:',
    ),
    '',
    twoColumns([
      ...summaries.map(({ contender, reading, value, worstTraining, worstTest, ...s }): [string, string] => [
        contender,
        `${plain(100 * worstTraining, 3)} % of the training digits, ${plain(100 * worstTest, 3)} % of the test${
          value === undefined
            ? '; it has no rate'
            : ` at ${reading} = ${plain(value, 2)}; best rates differ ${s.rateSpread}×, times layers ${s.sharedSpread}×`
        }`,
      ]),
      ['report', join(out, 'report.html')],
      ['runs', join(out, 'runs.json')],
      ['tests', join(out, 'tests.json')],
    ]),
    '',
    `Done in ${duration(milliseconds)}.`,
  ].join('\n')
}
