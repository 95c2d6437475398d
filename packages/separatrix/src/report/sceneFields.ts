import { Builder, embed, type Field, makeField } from '@separatrix/field'
import type { Study } from '../study/buildStudy.js'
import type { Outcome } from '../study/outcome.js'
import type { ProofJob } from '../study/proofJob.js'
import type { StudyFile } from '../study/schema.js'
import { atValues, restOf, type Unknowns } from '../study/uncertainLoop.js'

export interface SceneTask {
  readonly study: Study
  readonly job: ProofJob
  readonly outcome: Outcome
  readonly simulate?: StudyFile['simulate'] | undefined
}

/** The equilibrium that the claim is about, where that is not 0. */
export function restPoint(
  { equilibrium }: ProofJob,
  { certificate }: Outcome,
): readonly number[] | undefined {
  return certificate?.claim.equilibrium?.map(([lo, hi]) => lo + (hi - lo) / 2) ?? equilibrium
}

/** f in the deviation from a point. */
export function movedTo(f: Field, at: readonly number[] | undefined, isMap: boolean): Field {
  if (at === undefined) return f
  const b = new Builder()
  const centre = b.constant(Array.from(at))
  const value = embed(b, f, {
    state: b.add(centre, b.leaf('state', f.stateSize)),
    ...(f.theta.length > 0 && { theta: b.leaf('theta', f.theta.length) }),
  })
  return makeField(b, isMap ? b.sub(value, centre) : value, f)
}

/** The fields to simulate: at rest, and at corners of what is uncertain. */
export function cornerFields({ study, job, outcome }: SceneTask): Field[] {
  const { params, disturbance } = study.unknowns
  const at = restPoint(job, outcome)
  const moved = (values: Readonly<Record<string, number>>) =>
    movedTo(atValues(study.field, values), at, job.time === 'discrete')
  return cornersOf({ params, disturbance }).map(moved)
}

/** Every lowest and highest value of up to three quantities, the others at rest; nominal values first. */
function cornersOf({ params, disturbance }: Unknowns): Readonly<Record<string, number>>[] {
  const rest = Object.fromEntries(Object.entries(disturbance).map(([name, side]) => [name, restOf(side)]))
  const sides = Object.entries({ ...disturbance, ...params }).slice(0, 3)
  if (sides.length === 0) return [rest]
  const corners = Array.from({ length: 2 ** sides.length }, (_, k) => ({
    ...rest,
    ...Object.fromEntries(sides.map(([name, side], i) => [name, side[(k >> i) & 1]])),
  }))
  return [rest, ...corners]
}

/** The field at the values at which a claim is refuted. */
export function refutedField({ study, job, outcome }: SceneTask): Field {
  const { uncertain } = outcome
  const names = [...study.field.inputNames, ...Object.keys(study.unknowns.params)]
  const rest = cornersOf(study.unknowns)[0]
  const values =
    uncertain?.length === names.length
      ? Object.fromEntries(names.map((name, i) => [name, uncertain[i]]))
      : rest
  return movedTo(atValues(study.field, values), restPoint(job, outcome), job.time === 'discrete')
}
