import { freeze } from '../build/compose.js'
import { scalarize } from '../derive/scalarize.js'
import { misuse } from '../error.js'
import { expectField, type Field } from '../field.js'
import { printForms, sidesOf } from './batchPrograms.js'
import { type EncloseBatchForm, readingOf } from './encloseBatch.js'
import type { LinearEnclosure } from './encloseLinear.js'

/** The reading that generated JavaScript has, one box at a time or many. */
export const affineScript: EncloseBatchForm = { form: 'affine', backend: 'js' }

/**
 * Linear bounds c + Σ gᵢεᵢ ± r of a polynomial over a box, as straight-line code: what {@link encloseLinear} gives, for the
 * polynomials that `canEncloseBatch(field, affineScript)` names, by the affine forms of {@link encloseBatch}. Remainders go
 * forward, without a pass back: somewhat larger for long chains of products, and two hundred times as fast. Where anything
 * overflows, remainders are NaN or infinite. Allocates nothing per call.
 * @example
 * const { evaluate } = encloseAffine(expression('x^2 - y', ['x', 'y']))
 * const form = new Float64Array(4)
 * evaluate([1, 0], [2, 1], form) // about [1.875, 1.5, -0.5, 0.125]: x² − y on [1, 2] × [0, 1]
 */
export function encloseAffine(field: Field): LinearEnclosure {
  expectField('encloseAffine', field)
  const scalar = scalarize(field.theta.length === 0 ? field : freeze(field))
  const reading = readingOf(scalar, affineScript)
  if ('why' in reading || reading.plan === undefined)
    throw misuse({
      where: `encloseAffine(${field.name})`,
      expected: 'a polynomial of moderate length, and an engine that may generate code',
      got: 'why' in reading ? reading.why : 'no plan',
      try: 'encloseLinear(field)',
    })
  const text = `'use strict'\n${printForms(scalar, reading.plan)}`
  const evaluate = new Function('abs', text)(Math.abs) as LinearEnclosure['evaluate']
  return { sides: sidesOf(scalar), outputs: scalar.outputSize, evaluate }
}
