import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toJSON } from '@separatrix/field'
import { duration, plain, roundedDown } from '../report/format.js'
import { regionsReport } from '../report/regionsReport.js'
import { regionRecipes } from '../study/regionRecipes.js'
import { type RegionResult, regionStudy } from '../study/regionStudy.js'
import { writeCertificate } from '../study/writeCertificate.js'
import type { Terminal } from '../terminal/terminal.js'
import { twoColumns, wrap } from '../terminal/text.js'
import { type ExitCode, exitCodes } from './exitCodes.js'
import type { StudyOptions } from './studyOptions.js'

/**
 * `separatrix study regions`: path tracking and the planar quadrotor, from a regulator to a controller and a V that were
 * trained together, each with its certificate, beside the areas that others print for the same plant.
 */
export async function studyRegions({ json, out }: StudyOptions, terminal: Terminal): Promise<ExitCode> {
  const folder = out ?? join('out', 'regions')
  const file = (base: string) => join(folder, base)
  mkdirSync(folder, { recursive: true })
  const results: RegionResult[] = []
  for (const [i, recipe] of regionRecipes.entries()) {
    const result = await regionStudy(recipe, terminal)
    results.push(result)
    const base = (what: string) => file(`${i + 1}-${recipe.plant.name}-${what}`)
    writeCertificate(base('regulator.json'), result.regulator.outcome.certificate)
    writeCertificate(base('certificate.json'), result.trained.outcome.certificate)
    writeFileSync(base('controller.json'), JSON.stringify(toJSON(result.trained.controller)))
  }
  writeFileSync(file('report.html'), await regionsReport(results))
  terminal.print(
    json
      ? JSON.stringify({ study: 'regions', folder, results: results.map(summary) })
      : asText(results, file),
  )
  const isProved = results.every(
    (r) => r.regulator.outcome.kind === 'proved' && r.trained.outcome.kind === 'proved',
  )
  return isProved ? exitCodes.success : exitCodes.negative
}

const summary = ({ recipe, regulator, trained, trainingTime }: RegionResult) => ({
  plant: recipe.name,
  published: recipe.published,
  trainingTime,
  ...Object.fromEntries(
    Object.entries({ regulator, trained }).map(([name, { outcome, size, checked }]) => [
      name,
      {
        verdict: outcome.kind,
        level: outcome.level,
        size,
        boxes: outcome.stats.boxes,
        milliseconds: outcome.milliseconds,
        checked,
      },
    ]),
  ),
})

function asText(results: readonly RegionResult[], file: (base: string) => string): string {
  const line = ({ outcome, size, checked }: RegionResult['trained'], unit: string): string =>
    outcome.kind === 'proved'
      ? `PROVED  ${unit} ${plain(size, 4)}; V ≤ ${plain(roundedDown(outcome.level, 4))}, ${outcome.stats.leaves} boxes in ${duration(outcome.milliseconds)}, checked again in ${duration(checked)}`
      : `${outcome.kind.toUpperCase()}  ${outcome.message}`
  const blocks = results.map(({ recipe, regulator, trained, trainingTime }) => {
    const unit = recipe.domain.length === 2 ? 'area' : 'volume'
    const factor =
      regulator.size > 0 ? ` (${plain(trained.size / regulator.size, 3)} times the regulator's)` : ''
    return [
      recipe.name,
      twoColumns([
        ['  regulator', line(regulator, unit)],
        ['  trained', line(trained, unit) + factor],
        ['  published', recipe.published],
        ['  training', duration(trainingTime)],
      ]),
    ].join('\n')
  })
  return [
    wrap(
      'Regions of attraction: a regulator, and a controller trained together with its V. Areas and volumes are measured, levels are proved. Published areas (Yang et al., ICML 2024) are of certificates in discrete time with the same plant, box and limits; they leave a hole about the origin.',
    ),
    ...blocks,
    wrap(`The report is ${file('report.html')}; certificates and controllers lie beside it.`),
  ].join('\n\n')
}
