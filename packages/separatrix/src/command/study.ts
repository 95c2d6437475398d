import { misuse, show } from '@separatrix/field'
import type { Terminal } from '../terminal/terminal.js'

<<<<<<< HEAD

import type { ExitCode } from './exitCodes.js'
import type { StudyOptions } from './studyOptions.js'

type Study = (options: StudyOptions, terminal: Terminal) => Promise<ExitCode>

/** The built-in studies; each is loaded when it is run. */
export const studies: Readonly<Record<string, () => Promise<Study>>> = {
  pendulum: async () => (await import('./studyPendulum.js')).studyPendulum,
  regions: async () => (await import('./studyRegions.js')).studyRegions,
}

/** `separatrix study <name>`: a built-in study from start to end. */
export async function study(name: string, options: StudyOptions, terminal: Terminal): Promise<ExitCode> {
  const load = Object.hasOwn(studies, name) ? studies[name] : undefined
  if (load === undefined)
    throw misuse({
      where: 'separatrix study',
      expected: `a built-in study: ${Object.keys(studies).join(', ')}`,
=======
import { twoColumns, wrap } from '../terminal/text.js'
import { type ExitCode, exitCodes } from './exitCodes.js'
import type { StudyOptions } from './studyOptions.js'

/** `separatrix study pendulum`: simulates, trains, proves, checks and draws; what `pnpm start` runs. Or `transfer`. */
export async function study(
  name: string,
  { json, out }: StudyOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  if (name === 'transfer') return (await import('./transfer.js')).transfer({ json, out }, terminal)
  if (name !== 'pendulum')
    throw misuse({
      where: 'separatrix study',
      expected: 'a built-in study: pendulum or transfer',
>>>>>>> n1
      got: show(name),
      try: 'separatrix certify <study.yaml> for a study of your own',
    })
  return (await load())(options, terminal)
}
