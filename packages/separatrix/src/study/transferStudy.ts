import { classificationLoss, fit, type Loss, type Optimizer } from '@separatrix/adjoint'
import { compileBatch, type Field, hasSimd, misuse, network } from '@separatrix/field'
import type { Terminal } from '../terminal/terminal.js'
import { type Digits, readDigits } from './digits.js'
import type { Architecture, Contender, TransferRecipe } from './transferRecipe.js'

/** One training run: an architecture, an optimiser, a rate. */
export interface TransferRun {
  readonly architecture: Architecture
  readonly contender: string
  /** undefined where the optimiser has none */
  readonly rate: number | undefined
  /** mean of the last epoch; infinite where training ended in numbers that are not finite */
  readonly loss: number
  /** fractions told right */
  readonly training: number
  readonly test: number
}

/**
 * Trains networks of many depths and widths on handwritten digits with every optimiser at every rate: relu·√2 without
 * biases, cross entropy, minibatches. What a run does depends on the recipe alone.
 */
export async function transferStudy(recipe: TransferRecipe, terminal: Terminal): Promise<TransferRun[]> {
  if (!hasSimd())
    throw misuse({
      where: 'separatrix study transfer',
      expected: 'an engine with 128-bit WebAssembly vectors',
      got: 'one without, on which this would take hours',
      try: 'Node 20 or newer',
      code: 'no-simd',
    })
  // automatic gradient descent assumes inputs of this length
  const digits = readDigits('length')
  const all = distinct([...recipe.depths, ...recipe.widths])
  const work = all.reduce((total, a) => total + weightCount(a), 0)
  const progress = terminal.progress('training on digits')
  const runs: TransferRun[] = []
  let done = 0
  for (const architecture of all) {
    const bench = await prepare(architecture, digits, recipe)
    const tried = recipe.contenders.flatMap(settings)
    for (const [k, { contender, rate, optimizer }] of tried.entries()) {
      const { loss, field } = await train(bench, optimizer, recipe)
      const { training, test } = accuracies(bench, field, digits)
      runs.push({ architecture, contender, rate, loss, training, test })
      const share = (weightCount(architecture) * (k + 1)) / tried.length
      progress.update((done + share) / work, contender)
    }
    done += weightCount(architecture)
  }
  progress.stop()
  return runs
}

/** Depth 4 and width 64 stand in both lists. */
function distinct(list: readonly Architecture[]): Architecture[] {
  return list.filter((a, i) => list.findIndex((b) => b.depth === a.depth && b.width === a.width) === i)
}

const weightCount = ({ depth, width }: Architecture) => (depth - 2) * width ** 2 + 74 * width

function settings({ name, make, rates }: Contender): readonly {
  readonly contender: string
  readonly rate: number | undefined
  readonly optimizer: Optimizer
}[] {
  if (rates.length === 0) return [{ contender: name, rate: undefined, optimizer: make(Number.NaN) }]
  return rates.map((rate) => ({ contender: name, rate, optimizer: make(rate) }))
}

/** An architecture with its loss and its evaluation compiled. */
interface Bench {
  readonly field: Field
  readonly loss: Loss
  readonly evaluator: Awaited<ReturnType<typeof compileBatch>>
}

async function prepare(
  { depth, width }: Architecture,
  { training, test }: { readonly training: Digits; readonly test: Digits },
  { batch, seed }: TransferRecipe,
): Promise<Bench> {
  const widths = [64, ...Array.from({ length: depth - 1 }, () => width), 10]
  const field = network({ widths, activation: 'scaledRelu', bias: false, seed })
  const bound = classificationLoss({ ...training, batch }).bind(field, undefined, execution)
  const evaluator = await compileBatch(field, {
    lanes: 'f32x4',
    capacity: training.inputs.length + test.inputs.length,
  })
  for (const [k, input] of [...training.inputs, ...test.inputs].entries())
    input.forEach((v, i) => {
      evaluator.x[i * evaluator.stride + k] = v
    })
  return { field, loss: { name: 'digits', bind: () => bound }, evaluator }
}

const execution = { backend: 'wasm', precision: 'single' } as const

async function train({ field, loss }: Bench, optimizer: Optimizer, { batch, epochs, seed }: TransferRecipe) {
  const perEpoch = Math.floor(1000 / batch)
  const steps = epochs * perEpoch
  const { losses, status, field: trained } = await fit({ field, loss, optimizer, steps, seed, ...execution })
  const last = losses.slice(-perEpoch)
  const mean = last.reduce((sum, v) => sum + v, 0) / last.length
  return { field: trained, loss: status === 'success' ? mean : Number.POSITIVE_INFINITY }
}

function accuracies(
  { evaluator }: Bench,
  trained: Field,
  { training, test }: { readonly training: Digits; readonly test: Digits },
) {
  const { out, stride, theta } = evaluator
  const labels = [...training.labels, ...test.labels]
  theta.set(trained.theta)
  evaluator.evaluate(labels.length, 0)
  const right = labels.map((label, k) => {
    let best = 0
    for (let c = 1; c < 10; c++) if (out[c * stride + k] > out[best * stride + k]) best = c
    return Number(best === label && Number.isFinite(out[best * stride + k]))
  })
  const share = (list: readonly number[]) => list.reduce((sum, v) => sum + v, 0) / list.length
  const cut = training.labels.length
  return { training: share(right.slice(0, cut)), test: share(right.slice(cut)) }
}
