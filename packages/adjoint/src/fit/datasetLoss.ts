import { compile, compileGradient, type Field, misuse, show, withTheta } from '@separatrix/field/core'
import { crossEntropy, squaredError } from './crossEntropy.js'
import { type Execution, plainExecution } from './execution.js'
import { holdOut } from './holdOut.js'
import { beginning, type Loss } from './loss.js'
import { minibatches } from './minibatches.js'
import { valueAndGradient } from './valueAndGradient.js'

export interface DatasetLossOptions {
  /** one row of numbers per sample */
  readonly rows: readonly ArrayLike<number>[]
  /** what one row costs, given the field that is trained: a scalar field of the row with the same θ */
  readonly cost: (field: Field) => Field
  /** rows per step; all by default */
  readonly batch?: number
  readonly name?: string
}

/**
 * The mean cost of the rows of a data set, in minibatches that go through all of it in every epoch; with
 * `backend: 'wasm'` of {@link fit} a whole batch at a time in vectors.
 * @example
 * const rows = [[0, 0], [1, 1], [2, 4], [3, 9]] // x and x²
 * await fit({
 *   field: network({ widths: [1, 8, 1], activation: 'tanh', seed: 0 }), optimizer: adam({ rate: 1e-2 }),
 *   loss: datasetLoss({ rows, cost: squaredError, batch: 2 }), steps: 20, seed: 0,
 * })
 */
export function datasetLoss({ rows, cost, batch, name = 'datasetLoss' }: DatasetLossOptions): Loss {
  return {
    name,
    bind(field, _data, execution = plainExecution, split) {
      const single = cost(field)
      const read = (source: unknown) => readRows(name, source, single.stateSize)
      const { training, validation } = holdOut(read(rows), split, read)
      const choose = minibatches(name, training.length, batch)
      const size = choose(beginning).length
      const mean = meanOf(single, size, execution)
      const heldMean = validation.length === 0 ? undefined : meanOf(single, validation.length, execution)
      const unused = new Float64Array(field.theta.length)
      return {
        theta: field.theta,
        layout: field.layout,
        execution,
        evaluate(theta, _random, gradient, moment = beginning) {
          const chosen = choose(moment)
          return mean((k) => training[chosen[k]], theta, gradient)
        },
        validate: (theta) => heldMean?.((k) => validation[k], theta, unused) ?? Number.NaN,
        restore: (theta) => ({ field: withTheta(field, theta) }),
      }
    },
  }
}

/** The mean cost of rows 0 … size − 1, its gradient written. */
type Mean = (row: (k: number) => Float64Array, theta: Float64Array, gradient: Float64Array) => number

function meanOf(single: Field, size: number, { backend, precision }: Execution): Mean {
  if (backend === 'wasm') {
    const compiled = compileGradient(single, { batch: size, precision })
    return (row, theta, gradient) => {
      for (let k = 0; k < size; k++) compiled.put(k, 0, row(k))
      return compiled.evaluate(theta, gradient)
    }
  }
  const both = compile(valueAndGradient(single))
  const out = new Float64Array(1 + single.theta.length)
  return (row, theta, gradient) => {
    gradient.fill(0)
    let total = 0
    for (let k = 0; k < size; k++) {
      both(0, row(k), out, theta)
      total += out[0]
      for (let i = 0; i < gradient.length; i++) gradient[i] += out[1 + i]
    }
    for (let i = 0; i < gradient.length; i++) gradient[i] /= size
    return total / size
  }
}

export interface ClassificationLossOptions extends Pick<DatasetLossOptions, 'batch'> {
  readonly inputs: readonly ArrayLike<number>[]
  /** the class of each input: 0, 1, … */
  readonly labels: ArrayLike<number>
}

/**
 * The mean {@link crossEntropy} of a classifier's outputs, its logits, on labelled inputs.
 * @example
 * const loss = classificationLoss({ inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], labels: [0, 1, 1, 0] })
 * const field = network({ widths: [2, 8, 2], activation: 'tanh', seed: 0 })
 * await fit({ field, loss, optimizer: adam({ rate: 0.05 }), steps: 50, seed: 0 })
 */
export function classificationLoss({ inputs, labels, batch }: ClassificationLossOptions): Loss {
  const name = 'classificationLoss'
  return {
    name,
    bind(field, data, execution, split) {
      const classes = field.outputSize
      if (labels.length !== inputs.length) throw badRows(name, `${inputs.length} labels`, `${labels.length}`)
      const rows = inputs.map((x, i) => {
        const label = labels[i]
        if (!(Number.isInteger(label) && label >= 0 && label < classes))
          throw badRows(name, `labels from 0 to ${classes - 1}`, show(label))
        const row = new Float64Array(x.length + classes)
        row.set(x)
        row[x.length + label] = 1
        return row
      })
      return datasetLoss({ name, rows, batch, cost: crossEntropy }).bind(field, data, execution, split)
    },
  }
}

export interface RegressionLossOptions extends Pick<DatasetLossOptions, 'batch'> {
  readonly inputs: readonly ArrayLike<number>[]
  readonly targets: readonly ArrayLike<number>[]
}

/**
 * The mean over inputs of |f(x) − y|²: least squares.
 * @example regressionLoss({ inputs: [[0], [1]], targets: [[1], [3]], batch: 1 })
 */
export function regressionLoss({ inputs, targets, batch }: RegressionLossOptions): Loss {
  const name = 'regressionLoss'
  if (targets.length !== inputs.length) throw badRows(name, `${inputs.length} targets`, `${targets.length}`)
  const rows = inputs.map((x, i) => Float64Array.from([...Array.from(x), ...Array.from(targets[i])]))
  return datasetLoss({ name, rows, batch, cost: squaredError })
}

function readRows(where: string, source: unknown, length: number): readonly Float64Array[] {
  if (!Array.isArray(source) || source.length === 0) throw badRows(where, 'rows of numbers', show(source))
  return source.map((row: ArrayLike<number>, k) => {
    const values = Float64Array.from(row)
    if (values.length === length && values.every(Number.isFinite)) return values
    throw badRows(where, `${length} finite numbers in row ${k}`, show(row))
  })
}

function badRows(where: string, expected: string, got: string) {
  return misuse({
    where,
    expected,
    got,
    try: 'one row per sample: inputs, then what they should give',
    code: 'bad-data',
  })
}
