import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toJSON } from '@separatrix/field'
import { bipedReport } from '../report/bipedReport.js'
import { duration, plain } from '../report/format.js'
import { type BipedRecipe, bipedRecipe } from '../study/bipedRecipe.js'
import { type BipedResult, type BipedWalk, bipedStudy, isKept } from '../study/bipedStudy.js'
import type { Terminal } from '../terminal/terminal.js'
import { twoColumns, wrap } from '../terminal/text.js'
import { type ExitCode, exitCodes } from './exitCodes.js'
import type { StudyOptions } from './studyOptions.js'

/** `separatrix study biped`: a five-link walker learns a gait from its barriers, and walks a hundred steps. */
export async function studyBiped(
  { json, out = join('out', 'biped') }: StudyOptions,
  terminal: Terminal,
  recipe: BipedRecipe = bipedRecipe,
): Promise<ExitCode> {
  const start = terminal.now()
  const result = await bipedStudy(recipe, terminal)
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'report.html'), bipedReport(recipe, result))
  writeFileSync(join(out, 'gait.json'), JSON.stringify(toJSON(result.gait)))
  writeFileSync(join(out, 'walks.json'), JSON.stringify(result.walks.map(summary), undefined, 1))
  const milliseconds = terminal.now() - start
  terminal.print(
    json
      ? JSON.stringify({
          study: 'biped',
          walks: result.walks.map(summary),
          multipliers: result.returnMap.multipliers,
          predicted: result.multiplier,
          step: result.step,
          milliseconds,
          folder: out,
        })
      : asText(result, { out, milliseconds }),
  )
  return result.walks.every(isKept) ? exitCodes.success : exitCodes.negative
}

const summary = ({ scenario, walk: { status, message, impacts, least }, milliseconds }: BipedWalk) => ({
  name: scenario.name,
  status,
  message,
  steps: impacts.length,
  least,
  milliseconds,
})

function asText(
  { walks, returnMap, multiplier, step }: BipedResult,
  { out, milliseconds }: { readonly out: string; readonly milliseconds: number },
): string {
  const line = (result: BipedWalk): string => {
    const { status, message, impacts, least } = result.walk
    const tight = least.reduce((a, b) => (b.value < a.value ? b : a))
    const what = status === 'walked' ? `${impacts.length} steps` : message
    return `${what}, ${isKept(result) ? 'every barrier kept' : 'BROKEN'}; least ${plain(tight.value, 2)} (${tight.name})`
  }
  const [first] = returnMap.multipliers
  return [
    wrap(
      'A planar biped learns a gait from its barriers, and walks. Barriers are over their scales, 0 is the limit:',
    ),
    '',
    twoColumns([
      ...walks.map((result): [string, string] => [result.scenario.name, line(result)]),
      ['speed', `${plain(step.speed, 3)} m/s, steps of ${plain(step.length, 3)} m`],
      [
        'return map',
        first === undefined
          ? returnMap.message
          : `largest multiplier ${plain(Math.hypot(first.re, first.im), 4)}; predicted ${plain(multiplier, 4)}`,
      ],
      ['report', join(out, 'report.html')],
      ['gait, walks', `${join(out, 'gait.json')}, ${join(out, 'walks.json')}`],
    ]),
    '',
    `Done in ${duration(milliseconds)}.`,
  ].join('\n')
}
