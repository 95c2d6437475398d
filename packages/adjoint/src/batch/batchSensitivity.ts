import { expectField, type Field, makeArray, misuse, show } from '@separatrix/field/core'
import { checkTimes, type Method, type Rows, readRows } from '@separatrix/ode'
import type { NdArray } from 'ndarray'
import { type Execution, readExecution } from '../fit/execution.js'
import type { OutputLoss } from '../sensitivity/loss.js'
import { type CompiledTrajectories, compileTrajectories } from './compileTrajectories.js'
import { expectExplicit } from './expectExplicit.js'

/** What a batch of solves is compiled for. */
export interface BatchSolveOptions {
  /** an explicit Runge–Kutta method */
  readonly method: Method
  /** no step is longer: every interval between kept times is divided into the fewest equal steps */
  readonly step: number
  /** times to keep, in order; the end by default */
  readonly saveAt?: ArrayLike<number> | 'end'
  /** default 'double'; 'single' is about twice as fast */
  readonly precision?: Execution['precision']
  /**
   * bytes up to which all that steps compute is kept for the way back, 2²⁸ by default; with 0 only the states are, and
   * a gradient takes one solve more
   */
  readonly mostTapeBytes?: number
}

export interface BatchSensitivityOptions extends BatchSolveOptions {
  /** of y, [times, batch, n] */
  readonly loss: OutputLoss
  readonly theta?: ArrayLike<number>
}

export interface BatchSensitivity {
  readonly value: number
  /** ∂L/∂y₀, [batch, n] */
  readonly dy0: NdArray<Float64Array>
  /** ∂L/∂θ, laid out as field.layout */
  readonly dtheta: Float64Array
  /** the kept states, [times, batch, n] */
  readonly y: NdArray<Float64Array>
  readonly status: 'success' | 'non-finite'
  readonly message: string
  readonly backend: 'wasm'
  readonly precision: Execution['precision']
}

/** A gradient computation in memory of its own; arrays of a result are overwritten by the next call. */
export type PreparedBatchSensitivity = (
  Y0: Rows,
  options: Pick<BatchSensitivityOptions, 'loss' | 'theta'>,
) => BatchSensitivity

/**
 * The gradient of a loss of many solutions at once in their initial states and the common parameters: equal steps of
 * an explicit method, differentiated exactly and backwards, in 128-bit vectors, with the products of networks over
 * the whole batch. The same numbers as {@link sensitivity} with `via: 'discrete'` and kept times on steps, up to
 * rounding. Cost: one and a half to two and a half solves, one more without a tape.
 * @example
 * const net = network({ widths: [2, 16, 2], activation: 'tanh', seed: 0 })
 * const { value, dtheta } = batchSensitivity(net, [[1, 0], [0, 1], [1, 1]], [0, 1], {
 *   method: rk4, step: 0.1,
 *   loss: { value: (y) => y.get(0, 0, 0), gradient: (_y, dy) => dy.set(0, 0, 0, 1) },
 * })
 */
export function batchSensitivity(
  field: Field,
  Y0: Rows,
  span: readonly [number, number],
  { loss, theta, ...options }: BatchSensitivityOptions,
): BatchSensitivity {
  expectField('batchSensitivity', field)
  const { rows } = readRows('batchSensitivity(Y0)', Y0, field.stateSize, 'one row for each trajectory')
  return prepareBatchSensitivity(field, span, { ...options, batch: rows })(Y0, { loss, theta })
}

/** Compiles what {@link batchSensitivity} needs for batches of one size, for training loops. */
export function prepareBatchSensitivity(
  field: Field,
  span: readonly [number, number],
  {
    method,
    step,
    saveAt = 'end',
    precision = 'double',
    mostTapeBytes,
    batch,
  }: BatchSolveOptions & { readonly batch: number },
): PreparedBatchSensitivity {
  const where = 'batchSensitivity'
  expectField(where, field)
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw misuse({ where, expected: 'a positive batch', got: show(batch), try: 'batch: 256' })
  if (!(Number.isFinite(span?.[0]) && Number.isFinite(span[1])))
    throw misuse({ where, expected: 'two finite times', got: show(span), try: '[0, 1]', code: 'bad-span' })
  readExecution(where, { backend: 'wasm', precision })
  const times = [span[0], ...(saveAt === 'end' ? [span[1]] : checkTimes('saveAt', saveAt, span))]
  const compiled = compileTrajectories(field, {
    where,
    method: expectExplicit(where, method),
    step,
    times: new Array<readonly number[]>(batch).fill(times),
    precision,
    mostTapeBytes,
  })
  return bindBatch(field, compiled, precision)
}

function bindBatch(
  field: Field,
  compiled: CompiledTrajectories,
  precision: Execution['precision'],
): PreparedBatchSensitivity {
  const [n, { batch, kept }] = [field.stateSize, compiled]
  const [start, dstart] = [new Float64Array(batch * n), new Float64Array(batch * n)]
  const [states, cotangents] = [new Float64Array(kept * batch * n), new Float64Array(kept * batch * n)]
  const [y, dy] = [states, cotangents].map((data) => makeArray(data, [kept, batch, n]))
  const dy0 = makeArray(dstart, [batch, n])
  const dtheta = new Float64Array(field.theta.length)
  const column = new Float64Array(batch)
  return (Y0, { loss, theta = field.theta }) => {
    const rows = readRows('batchSensitivity(Y0)', Y0, n, 'one row for each trajectory')
    if (rows.rows !== batch || theta.length !== field.theta.length)
      throw misuse({
        where: 'batchSensitivity',
        expected: `${batch} rows and ${field.theta.length} parameters, as prepared`,
        got: `${rows.rows} and ${theta.length}`,
        try: 'preparing again',
        code: 'wrong-dimension',
      })
    for (let k = 0; k < n; k++) {
      rows.fill(k, column)
      for (let i = 0; i < batch; i++) start[i * n + k] = column[i]
    }
    compiled.solve(theta, start, states)
    cotangents.fill(0)
    const value = loss.value(y)
    loss.gradient(y, dy)
    compiled.pullback(cotangents, dstart, dtheta)
    const lost = firstNonFinite(states)
    return {
      value,
      dy0,
      dtheta,
      y,
      status: lost < 0 ? 'success' : 'non-finite',
      message:
        lost < 0
          ? `${compiled.steps} steps of ${batch} trajectories`
          : `trajectory ${Math.floor(lost / n) % batch} is no longer finite; a shorter step is the usual remedy`,
      backend: 'wasm',
      precision,
    }
  }
}

/** Position of the first entry that is not finite, or −1; 0·v is 0 for every finite v, and a sum is ten times as fast. */
function firstNonFinite(values: Float64Array): number {
  let probe = 0
  for (let i = 0; i < values.length; i++) probe += 0 * values[i]
  return probe === 0 ? -1 : values.findIndex((v) => !Number.isFinite(v))
}
