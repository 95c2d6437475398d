import { Builder, embed, expectField, type Field, makeField, misuse, show } from '@separatrix/field/core'
import { expectNumber } from '../check/expectNumber.js'

export interface ClassifierFreeOptions {
  /** length of the condition that the field reads after x */
  readonly condition: number
  /** w: 0 leaves the field as it is, 1 and more push towards the condition */
  readonly weight: number
  /** what training put in place of a dropped condition; 0 */
  readonly absent?: number
}

/**
 * Classifier-free guidance: (1 + w)·f(t, [x; c]) − w·f(t, [x; ∅]), for a field that was trained with `dropCondition`.
 * For w > 0 its samples are no longer those of any conditional density. Ho & Salimans, 2022, eq. 6; for flow matching:
 * Zheng et al., 2023.
 * @example
 * const field = withTime(network({ widths: [4, 16, 2], activation: 'swish', seed: 0 }), { condition: 1 })
 * cnf({ field: classifierFree(field, { condition: 1, weight: 2 }), condition: 1, method: rk4, step: 0.1 }).sample(5, 0, { condition: [1] })
 */
export function classifierFree(
  field: Field,
  { condition: m, weight, absent = 0 }: ClassifierFreeOptions,
): Field {
  expectField('classifierFree', field)
  expectNumber('classifierFree', 'absent', absent)
  const n = field.stateSize - m
  if (!(m > 0 && field.outputSize === n && Number.isFinite(weight)))
    throw misuse({
      where: 'classifierFree',
      expected: 'a field that reads a condition, and a weight',
      got: `R^${field.stateSize} → R^${field.outputSize}, condition ${show(m)}, weight ${show(weight)}`,
      try: '{ condition: 1, weight: 2 }',
    })
  const b = new Builder()
  const x = b.gather(
    b.leaf('state', n + m),
    Array.from({ length: n }, (_, i) => i),
  )
  const given = embed(b, field)
  const free = embed(b, field, { state: b.concat([x, b.constant(new Array(m).fill(absent))]) })
  const output = b.add(given, b.mul(b.constant(weight), b.sub(given, free)))
  return makeField(b, output, { ...field, name: `guided ${field.name}` })
}
