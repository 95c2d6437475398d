import { type CompiledField, canGenerateCode, type Field, scalarCount } from '@separatrix/field/core'
import type { ExplicitMethod } from '@separatrix/ode'
import { printReverse } from './printReverse.js'
import type { Tape } from './tape.js'

/** Takes steps first … last − 1 back, y holding the states from step `from` on; λ and μ as in a pullback. */
export type ReverseLoop = (
  steps: { readonly first: number; readonly last: number; readonly from: number },
  tape: Tape,
  y: Float64Array,
  lambda: Float64Array,
  mu: Float64Array,
) => void

type Printed = (
  first: number,
  last: number,
  from: number,
  t: Float64Array,
  h: Float64Array,
  end: Float64Array,
  y: Float64Array,
  lambda: Float64Array,
  mu: Float64Array,
  theta: Float64Array,
) => void

/**
 * Characters up to which V8 surely optimises one function (58 KB is its limit), as in the solver's fused
 * loops.
 */
const sourceLimit = 40_000
/** States up to which vectors are kept in locals; beyond, plain loops are as good. */
const mostStates = 32

/**
 * The generated way back through steps without outputs: several times as fast as plain loops, since each
 * field and method has code of its own. Undefined where the state is too long or code may not be generated.
 */
export function reverseLoop(
  method: ExplicitMethod,
  field: Field,
  {
    f,
    pull,
    theta,
  }: { readonly f: CompiledField; readonly pull: CompiledField; readonly theta: Float64Array },
): ReverseLoop | undefined {
  if (field.stateSize > mostStates || !canGenerateCode()) return undefined
  // a stage prints f and about three times as much for its vjp, at some 25 characters an operation
  const mayFit = 100 * method.stages * scalarCount(field) < 2 * sourceLimit
  const inline = mayFit ? printReverse(method, field, 'inline') : undefined
  const source =
    inline !== undefined && inline.length <= sourceLimit ? inline : printReverse(method, field, 'call')
  if (source.length > sourceLimit) return undefined
  const printed = new Function('f', 'pull', source)(f, pull) as Printed
  return ({ first, last, from }, { t, h, end }, y, lambda, mu) =>
    printed(first, last, from, t, h, end, y, lambda, mu, theta)
}
