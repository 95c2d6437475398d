import { compile, compileGradient, type Field, misuse } from '@separatrix/field/core'
import { type Rows, readRows } from '@separatrix/ode'
import { type Execution, readExecution } from '../fit/execution.js'
import { valueAndGradient } from '../fit/valueAndGradient.js'

export interface BatchGradientOptions extends Partial<Execution> {
  /** parameters in place of the field's own */
  readonly theta?: ArrayLike<number>
  /** one time for all samples, 0 by default */
  readonly time?: number
}

/** A mean over a batch, its gradient in θ, and what computed them. */
export interface BatchGradient extends Execution {
  readonly value: number
  readonly gradient: Float64Array
}

/**
 * The mean over rows x of X, [batch, n], of a scalar field ℓ(t, x, θ), and its gradient in θ. On 'wasm', the default,
 * the batch runs in vectors and gradients of weights are products of matrices over it; 'js' goes through the rows.
 * For many calls on batches of one size: {@link compileGradient}.
 * @example
 * const loss = expression('(a*x - 1)^2', ['x'], { a: 3 })
 * batchGradient(loss, [[1], [2]]) // value 14.5, gradient [12]
 */
export function batchGradient(
  loss: Field,
  X: Rows,
  { backend = 'wasm', precision = 'double', theta = loss.theta, time = 0 }: BatchGradientOptions = {},
): BatchGradient {
  const where = 'batchGradient'
  const execution = readExecution(where, { backend, precision })
  const rows = readRows(where, X, loss.stateSize, `one row of ${loss.stateSize} numbers for each sample`)
  if (theta.length !== loss.theta.length)
    throw misuse({
      where,
      expected: `${loss.theta.length} parameters`,
      got: String(theta.length),
      try: 'a changed copy of field.theta',
    })
  const gradient = new Float64Array(theta.length)
  const x = new Float64Array(loss.stateSize)
  const row = (i: number) => {
    for (let k = 0; k < x.length; k++) x[k] = rows.get(i, k)
    return x
  }
  if (backend === 'wasm') {
    const compiled = compileGradient(loss, { batch: rows.rows, precision })
    for (let i = 0; i < rows.rows; i++) compiled.put(i, time, row(i))
    return { ...execution, value: compiled.evaluate(theta, gradient), gradient }
  }
  const both = compile(valueAndGradient(loss))
  const parameters = Float64Array.from(theta)
  const out = new Float64Array(1 + theta.length)
  let value = 0
  for (let i = 0; i < rows.rows; i++) {
    both(time, row(i), out, parameters)
    value += out[0] / rows.rows
    for (let k = 0; k < gradient.length; k++) gradient[k] += out[1 + k] / rows.rows
  }
  return { ...execution, value, gradient }
}
