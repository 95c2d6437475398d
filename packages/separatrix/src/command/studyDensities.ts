import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { densitiesReport } from '../report/densitiesReport.js'
import { duration, plain } from '../report/format.js'
import { type DensityResult, densityStudy } from '../study/densities/densityStudy.js'
import { keptResults } from '../study/densities/keptResults.js'
import { type DensitiesRecipe, densitiesRecipe } from '../study/densities/recipe.js'
import type { Terminal } from '../terminal/terminal.js'
import { twoColumns, wrap } from '../terminal/text.js'
import { type ExitCode, exitCodes } from './exitCodes.js'
import type { StudyOptions } from './studyOptions.js'

/** `separatrix study densities`: six densities of the plane by flow matching and by maximum likelihood. */
export async function studyDensities(
  { json, out = join('out', 'densities') }: StudyOptions,
  terminal: Terminal,
  recipe: DensitiesRecipe = densitiesRecipe,
): Promise<ExitCode> {
  const start = terminal.now()
  const clock = () => process.cpuUsage().user / 1e6
  const kept = keptResults(out, terminal)
  const results: DensityResult[] = []
  for (const density of recipe.densities)
    results.push(await densityStudy(density, recipe, { terminal, clock, kept }))
  const report = join(out, 'report.html')
  writeFileSync(report, await densitiesReport(recipe, results))
  const milliseconds = terminal.now() - start
  const withoutTheta = results.map(({ learned, ...rest }) => ({
    ...rest,
    learned: learned.map(({ theta: _theta, ...figures }) => figures),
  }))
  terminal.print(
    json
      ? JSON.stringify({ study: 'densities', results: withoutTheta, milliseconds, folder: out })
      : asText(results, { report, milliseconds }),
  )
  return exitCodes.success
}

function asText(
  results: readonly DensityResult[],
  { report, milliseconds }: { readonly report: string; readonly milliseconds: number },
): string {
  return [
    wrap(
      'Six densities of the plane, learned in three ways by one network. The mean of −log p on fresh points is above the entropy by so many nats, ± a standard error:',
    ),
    '',
    twoColumns([
      ...results.map(({ name, learned }): [string, string] => [
        name,
        learned
          .map(
            ({ way, gap, standardError, seconds }) =>
              `${way} ${plain(gap, 2)} ± ${plain(standardError, 1)} (${plain(seconds, 2)} s)`,
          )
          .join('; '),
      ]),
      ['report', report],
    ]),
    '',
    `Done in ${duration(milliseconds)}.`,
  ].join('\n')
}
