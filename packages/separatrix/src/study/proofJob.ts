import { type Field, fromJSON, toJSON } from '@separatrix/field'
import type { SetShape } from '@separatrix/lyapunov'
import type { StudyFile } from './schema.js'
import type { Unknowns } from './uncertainLoop.js'

export type Property = NonNullable<StudyFile['property']>
export type Sides = readonly (readonly [number, number])[]

/** What is to be proved, as a value that can go to another thread by {@link encodeJob}. */
export interface ProofJob {
  readonly property: Property
  readonly field: Field
  readonly V?: Field | undefined
  readonly barrier?: Field | undefined
  readonly domain?: Sides | undefined
  readonly set?: SetShape | undefined
  readonly level?: number | undefined
  readonly rate?: number | undefined
  readonly time?: 'continuous' | 'discrete' | undefined
  readonly equilibrium?: readonly number[] | undefined
  readonly inner?: number | undefined
  readonly initial?: Sides | undefined
  readonly goal?: Sides | undefined
  readonly avoid?: readonly Sides[] | undefined
  readonly unknowns?: Unknowns | undefined
  readonly limits?: ProofLimits | undefined
}

export interface ProofLimits {
  /** in seconds */
  readonly time?: number | undefined
  readonly boxes?: number | undefined
}

const fields = ['field', 'V', 'barrier'] as const

/** A job of plain data: fields as JSON. */
export type EncodedJob = Omit<ProofJob, (typeof fields)[number]> & {
  readonly [K in (typeof fields)[number]]?: string
}

export function encodeJob(job: ProofJob): EncodedJob {
  const texts = fields.map((key) => [key, job[key] && JSON.stringify(toJSON(job[key]))])
  return { ...job, ...Object.fromEntries(texts) }
}

export function decodeJob(job: EncodedJob): ProofJob {
  const read = (key: (typeof fields)[number]) => (job[key] === undefined ? undefined : fromJSON(job[key]))
  return { ...job, field: read('field') as Field, V: read('V'), barrier: read('barrier') }
}
