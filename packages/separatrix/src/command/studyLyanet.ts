import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { duration, plain } from '../report/format.js'
import { lyanetReport } from '../report/lyanetReport.js'
import { lyanetStudy, type ModelResult } from '../study/lyanet/lyanetStudy.js'
import { type LyanetRecipe, lyanetRecipe } from '../study/lyanet/recipe.js'
import type { Terminal } from '../terminal/terminal.js'
import { twoColumns, wrap } from '../terminal/text.js'
import { type ExitCode, exitCodes } from './exitCodes.js'
import type { StudyOptions } from './studyOptions.js'

/** `separatrix study lyanet`: classifiers trained by a Lyapunov condition beside others, and under attack. */
export async function studyLyanet(
  { json, out = join('out', 'lyanet') }: StudyOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const start = terminal.now()
  const models = await lyanetStudy(lyanetRecipe, terminal)
  const milliseconds = terminal.now() - start
  mkdirSync(out, { recursive: true })
  const report = join(out, 'report.html')
  writeFileSync(report, lyanetReport(lyanetRecipe, models))
  const plainModels = models.map(({ losses: _losses, classifier: _classifier, ...m }) => m)
  writeFileSync(join(out, 'models.json'), JSON.stringify(plainModels, undefined, 1))
  terminal.print(
    json
      ? JSON.stringify({ study: 'lyanet', models: plainModels, milliseconds, folder: out })
      : asText(lyanetRecipe, models, { report, milliseconds }),
  )
  return exitCodes.success
}

function asText(
  { attacks, attacked, effort }: LyanetRecipe,
  models: readonly ModelResult[],
  { report, milliseconds }: { readonly report: string; readonly milliseconds: number },
): string {
  const percent = (share: number) => plain(100 * share, 3)
  const list = (norm: string) => attacks.map((a, k) => [a, k] as const).filter(([a]) => a.norm === norm)
  const norms = [...new Set(attacks.map((a) => a.norm))]
  return [
    wrap(
      `Handwritten digits. Test accuracy in %, then what survives of ${attacked} test images under ${effort.steps} steps of projected gradient ascent from ${effort.restarts} random starts: ${norms
        .map(
          (n) =>
            `${n} of radius ${list(n)
              .map(([a]) => plain(a.radius, 2))
              .join(', ')}`,
        )
        .join('; ')}. Pixels are in [0, 1].`,
    ),
    '',
    twoColumns([
      ...models.map(({ name, test, robust, trainingTime }): [string, string] => [
        name,
        `${percent(test)}; ${norms
          .map(
            (n) =>
              `${n} ${list(n)
                .map(([, k]) => percent(robust[k]))
                .join(', ')}`,
          )
          .join('; ')}; trained in ${duration(trainingTime)}`,
      ]),
      ['report', report],
    ]),
    '',
    `Done in ${duration(milliseconds)}.`,
  ].join('\n')
}
