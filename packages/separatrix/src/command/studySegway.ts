import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toJSON } from '@separatrix/field'
import { duration, plain } from '../report/format.js'
import { segwayReport } from '../report/segwayReport.js'
import { segwayRecipe } from '../study/segwayRecipe.js'
import { type HeldSet, segwayStudy } from '../study/segwayStudy.js'
import { writeCertificate } from '../study/writeCertificate.js'
import type { Terminal } from '../terminal/terminal.js'
import { twoColumns, wrap } from '../terminal/text.js'
import { type ExitCode, exitCodes } from './exitCodes.js'
import type { StudyOptions } from './studyOptions.js'

/** `separatrix study segway`: a controller and a set trained together against errors of measurement, and proved. */
export async function studySegway({ json, out }: StudyOptions, terminal: Terminal): Promise<ExitCode> {
  const folder = out ?? join('out', 'segway')
  const file = (base: string) => join(folder, base)
  const result = await segwayStudy(segwayRecipe, terminal)
  const { regulator, trained, training, trainingTime } = result
  const certificate = trained.verdict.kind === 'proved' ? trained.verdict.certificate : undefined
  mkdirSync(folder, { recursive: true })
  writeFileSync(file('report.html'), segwayReport(segwayRecipe, result))
  writeFileSync(file('controller.json'), JSON.stringify(toJSON(trained.controller)))
  writeCertificate(file('certificate.json'), certificate)
  terminal.print(
    json
      ? JSON.stringify({
          study: 'segway',
          error: segwayRecipe.error,
          regulator: summary(regulator),
          trained: summary(trained),
          rounds: training.rounds.map(({ kind, message }) => ({ kind, message })),
          trainingTime,
          folder,
        })
      : [
          wrap(
            `A segway whose lean, speed and rate are measured with errors of up to ${segwayRecipe.error}. Sets that no such error leads it out of; solutions are simulated from the boundary under the error that pushes hardest.`,
          ),
          '',
          twoColumns([
            ['regulator', line(regulator)],
            ['trained', line(trained)],
            ['training', `${training.message}, in ${duration(trainingTime)}`],
            ['report', file('report.html')],
            ['certificate', certificate === undefined ? 'none' : file('certificate.json')],
          ]),
        ].join('\n'),
  )
  return certificate === undefined || trained.kept.left > 0 ? exitCodes.negative : exitCodes.success
}

const summary = ({ verdict, milliseconds, checked, volume, input, kept }: HeldSet) => ({
  verdict: verdict.kind,
  ...verdict.stats,
  milliseconds,
  checked,
  volume,
  input,
  simulated: kept.count,
  left: kept.left,
})

function line({ verdict, milliseconds, checked, volume, kept }: HeldSet): string {
  const what = `volume ${plain(volume, 3)}; ${kept.left} of ${kept.count} solutions left it`
  return verdict.kind === 'proved'
    ? `PROVED  ${what}; ${verdict.stats.leaves} boxes in ${duration(milliseconds)}, checked again in ${duration(checked)}`
    : `NOT PROVED  ${what}; ${verdict.message}`
}
