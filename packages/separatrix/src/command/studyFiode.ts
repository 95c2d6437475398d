import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fiodeReport } from '../report/fiodeReport.js'
import { duration, plain } from '../report/format.js'
import { type FiodeResult, fiodeStudy } from '../study/fiode/fiodeStudy.js'
import { type FiodeRecipe, fiodeRecipe } from '../study/fiode/recipe.js'
import { lyanetRecipe } from '../study/lyanet/recipe.js'
import type { Terminal } from '../terminal/terminal.js'
import { twoColumns, wrap } from '../terminal/text.js'
import { type ExitCode, exitCodes } from './exitCodes.js'
import type { StudyOptions } from './studyOptions.js'

/** `separatrix study fiode`: a classifier that is a flow on the simplex, its accuracy certified and attacked. */
export async function studyFiode(
  { json, out = join('out', 'fiode') }: StudyOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const start = terminal.now()
  const result = await fiodeStudy(fiodeRecipe, lyanetRecipe, terminal)
  const milliseconds = terminal.now() - start
  mkdirSync(out, { recursive: true })
  const report = join(out, 'report.html')
  writeFileSync(report, fiodeReport(fiodeRecipe, result))
  const { losses: _losses, ...figures } = result
  writeFileSync(join(out, 'results.json'), JSON.stringify(figures, undefined, 1))
  terminal.print(
    json
      ? JSON.stringify({ study: 'fiode', ...figures, milliseconds, folder: out })
      : asText(fiodeRecipe, result, { report, milliseconds }),
  )
  return result.contradictions === 0 ? exitCodes.success : exitCodes.defect
}

function asText(
  { radii, attacked, effort }: FiodeRecipe,
  { models, contradictions, certificationTime }: FiodeResult,
  { report, milliseconds }: { readonly report: string; readonly milliseconds: number },
): string {
  const percent = (share: number) => plain(100 * share, 3)
  const list = (shares: readonly number[]) => shares.map(percent).join(', ')
  return [
    wrap(
      `Handwritten digits. Test accuracy in %, then for the ℓ₂ radii ${radii.join(', ')} what of ${attacked} test images is certified, and what survives ${effort.steps} steps of projected gradient ascent from ${effort.restarts} random starts. Pixels are in [0, 1].`,
    ),
    '',
    twoColumns([
      ...models.map((m): [string, string] => [
        m.name,
        `${percent(m.test)}; certified ${list(m.certified)}; attacked ${list(m.attacked)}; L ≤ ${plain(m.lipschitz, 4)}; trained in ${duration(m.trainingTime)}`,
      ]),
      ['certified yet lost', String(contradictions)],
      ['certified in', duration(certificationTime)],
      ['report', report],
    ]),
    '',
    `Done in ${duration(milliseconds)}.`,
  ].join('\n')
}
