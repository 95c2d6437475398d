import { misuse, show } from '@separatrix/field/core'
import type { Terminal } from '../terminal/terminal.js'

import type { ExitCode } from './exitCodes.js'
import type { StudyOptions } from './studyOptions.js'

type Study = (options: StudyOptions, terminal: Terminal) => Promise<ExitCode>

/** The built-in studies; each is loaded when it is run. */
export const studies: Readonly<Record<string, () => Promise<Study>>> = {
  pendulum: async () => (await import('./studyPendulum.js')).studyPendulum,
  transfer: async () => (await import('./studyTransfer.js')).studyTransfer,
  fiode: async () => (await import('./studyFiode.js')).studyFiode,
  lyanet: async () => (await import('./studyLyanet.js')).studyLyanet,
  biped: async () => (await import('./studyBiped.js')).studyBiped,
  segway: async () => (await import('./studySegway.js')).studySegway,
  regions: async () => (await import('./studyRegions.js')).studyRegions,
  densities: async () => (await import('./studyDensities.js')).studyDensities,
}

/** `separatrix study <name>`: a built-in study from start to end. */
export async function study(name: string, options: StudyOptions, terminal: Terminal): Promise<ExitCode> {
  const load = Object.hasOwn(studies, name) ? studies[name] : undefined
  if (load === undefined)
    throw misuse({
      where: 'separatrix study',
      expected: `a built-in study: ${Object.keys(studies).join(', ')}`,
      got: show(name),
      try: 'separatrix certify <study.yaml> for a study of your own',
    })
  return (await load())(options, terminal)
}
