import { agd, classificationLoss, cosineRate, fit, type Loss } from '@separatrix/adjoint'
import { compileBatch, type Field, network, withTheta } from '@separatrix/field'
import { readDigits, trainingRows } from './digits.js'
import {
  type Architecture,
  type ContenderName,
  type TransferTraining,
  transferOptimizers,
} from './transferRecipe.js'

/** Runs of one optimiser on one network, in the order of their rates: what is given to a thread. */
export interface TransferJob extends TransferTraining {
  readonly architecture: Architecture
  readonly seed: number
  readonly contender: ContenderName
  /** empty for an optimiser without rates, which makes one run */
  readonly rates: readonly number[]
}

/** One training run: an architecture, an optimiser, a rate. */
export interface TransferRun {
  readonly architecture: Architecture
  readonly contender: ContenderName
  readonly seed: number
  /** undefined where the optimiser has none */
  readonly rate: number | undefined
  /** mean of the last epoch; infinite where training ended in numbers that are not finite */
  readonly loss: number
  /** fractions told right */
  readonly training: number
  readonly test: number
}

/** Carries out jobs one after another; what was compiled for a network serves its next job. */
export function transferTrainer(): (job: TransferJob) => Promise<TransferRun[]> {
  let key = ''
  let prepared: Promise<Bench> | undefined
  return async (job) => {
    const wanted = JSON.stringify([job.architecture, job.batch])
    if (prepared === undefined || wanted !== key) [key, prepared] = [wanted, prepare(job)]
    return sweep(await prepared, job)
  }
}

/**
 * All rates of a job, ascending. Where one below was better, two in succession that leave most digits wrong end it:
 * those above diverge too, and would take most of the time.
 */
async function sweep(bench: Bench, job: TransferJob): Promise<TransferRun[]> {
  const start = startOf(job)
  const runs: TransferRun[] = []
  for (const rate of job.rates.length === 0 ? [undefined] : job.rates) {
    runs.push(await run(bench, job, { start, rate }))
    const [failed, good] = [runs.slice(-2), runs.some((r) => r.training >= 0.5)]
    if (good && failed.every((r) => r.training < 0.5)) break
  }
  return runs
}

/** An architecture with its loss and its evaluation compiled. */
interface Bench {
  /** takes its start from the field that it is bound to */
  readonly loss: Loss
  readonly accuracies: (theta: Float64Array) => { readonly training: number; readonly test: number }
}

function perceptron({ architecture: { depth, width }, seed }: TransferJob): Field {
  const widths = [64, ...Array.from({ length: depth - 1 }, () => width), 10]
  return network({ widths, activation: 'scaledRelu', bias: false, seed })
}

/** With orthogonal matrices that keep lengths, as automatic gradient descent prescribes, for every optimiser. */
function startOf(job: TransferJob): Field {
  const field = perceptron(job)
  const theta = field.theta.slice()
  agd().init(theta, field.layout)
  return withTheta(field, theta)
}

const execution = { backend: 'wasm', precision: 'single' } as const

async function prepare(job: TransferJob): Promise<Bench> {
  // automatic gradient descent assumes inputs of this length
  const { training, test } = readDigits('length')
  const field = perceptron(job)
  const bound = classificationLoss({ ...training, batch: job.batch }).bind(field, undefined, execution)
  const [inputs, labels] = [
    [...training.inputs, ...test.inputs],
    [...training.labels, ...test.labels],
  ]
  const evaluator = await compileBatch(field, { lanes: 'f32x4', capacity: inputs.length })
  const { x, out, stride } = evaluator
  for (const [k, input] of inputs.entries())
    input.forEach((v, i) => {
      x[i * stride + k] = v
    })
  const isRight = (label: number, k: number): number => {
    let best = 0
    for (let c = 1; c < 10; c++) if (out[c * stride + k] > out[best * stride + k]) best = c
    return Number(best === label && Number.isFinite(out[best * stride + k]))
  }
  const share = (list: readonly number[]) => list.reduce((sum, v) => sum + v, 0) / list.length
  return {
    loss: {
      name: 'digits',
      bind: (start) => ({
        ...bound,
        theta: start.theta,
        restore: (theta) => ({ field: withTheta(start, theta) }),
      }),
    },
    accuracies(theta) {
      evaluator.theta.set(theta)
      evaluator.evaluate(labels.length, 0)
      const right = labels.map(isRight)
      const cut = training.labels.length
      return { training: share(right.slice(0, cut)), test: share(right.slice(cut)) }
    },
  }
}

async function run(
  bench: Bench,
  job: TransferJob,
  { start, rate }: { readonly start: Field; readonly rate: number | undefined },
): Promise<TransferRun> {
  const { architecture, contender, seed, batch, epochs } = job
  const perEpoch = Math.floor(trainingRows / batch)
  const steps = epochs * perEpoch
  const { losses, status, theta } = await fit({
    field: start,
    loss: bench.loss,
    // an optimiser without rates does not read this one
    optimizer: transferOptimizers[contender](cosineRate({ rate: rate ?? 1, steps })),
    steps,
    seed,
    ...execution,
  })
  const last = losses.slice(-perEpoch)
  const mean = last.reduce((sum, v) => sum + v, 0) / last.length
  const loss = status === 'success' ? mean : Number.POSITIVE_INFINITY
  return { architecture, contender, seed, rate, loss, ...bench.accuracies(theta) }
}
