import type { Field } from '@separatrix/field'
import type { Study } from '../study/buildStudy.js'
import type { Outcome } from '../study/prove.js'
import type { Page, PageFigure } from './page.js'

/** What a report of one proof is about. */
export interface RegionReportOptions {
  readonly study: Study
  readonly V: Field
  readonly domain: readonly (readonly [number, number])[]
  readonly outcome: Outcome
  readonly certificatePath: string
}

/** What a report shows of the state space. */
export interface RegionPictures {
  readonly hero: PageFigure
  readonly figures: readonly PageFigure[]
  /** measured in the pictures */
  readonly numbers: Page['numbers']
}
