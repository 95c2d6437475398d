import { type Field, misuse, type Random, restoreRandom, seededRandom, show } from '@separatrix/field/core'
import type { Optimizer, PlainData } from '../optimize/optimizer.js'
import { bindLoss } from './bindLoss.js'
import { checkCheckpoint, type FitCheckpoint } from './checkpoint.js'
import { type Execution, plainExecution } from './execution.js'
import type { BoundLoss, Loss, Restored } from './loss.js'
import { explainNotFinite, whatIsNotFinite } from './notFinite.js'
import { answer, gather, scatter } from './packed.js'
import { type FitProgress, progressReporter } from './progress.js'
import { chooseTrainable, type Trainable } from './trainable.js'
import { emptyRecord, look, readRecord, type ValidationOptions, type ValidationRecord } from './validation.js'
import { eventYielder } from './yieldToEvents.js'

export interface FitOptions<R extends Restored> extends Partial<Execution> {
  readonly field: Field
  /** for losses that compare with data and were not given any */
  readonly data?: unknown
  readonly loss: Loss<R>
  readonly optimizer: Optimizer
  /** total number of steps, those of a resumed run included */
  readonly steps: number
  readonly seed: number
  /** names of the blocks to train; by default the weights, or all parameters where there are no weights */
  readonly train?: readonly string[]
  readonly onProgress?: (progress: FitProgress) => void
  /** milliseconds, e.g. `() => performance.now()`: with it, progress has a speed */
  readonly clock?: () => number
  readonly signal?: AbortSignal
  /**
   * samples to hold out of training: their loss is taken every few steps, the result has the θ where it was least,
   * and with `patience` the run ends when it no longer falls
   */
  readonly validation?: ValidationOptions
  /** hands out a checkpoint after every `every` steps */
  readonly checkpoint?: {
    readonly every: number
    readonly save: (checkpoint: FitCheckpoint) => void | Promise<void>
  }
  /** a checkpoint to go on from */
  readonly resume?: FitCheckpoint
}

export type FitStatus = 'success' | 'early-stopped' | 'cancelled' | 'non-finite'

export interface FitReport {
  /** all of θ as the loss lays it out, trained; where samples were held out, the best on them */
  readonly theta: Float64Array
  /** the loss before each step, and once more at the end: steps + 1 values after a full run */
  readonly losses: Float64Array
  /** losses of held-out samples, the steps they were taken at, and the best of them, where some were held out */
  readonly validation?: {
    readonly steps: Float64Array
    readonly losses: Float64Array
    readonly best: { readonly step: number; readonly loss: number }
  }
  readonly status: FitStatus
  readonly message: string
  /** steps taken */
  readonly steps: number
  readonly checkpoint: FitCheckpoint
  /** what evaluated the loss */
  readonly backend: Execution['backend']
  readonly precision: Execution['precision']
}

/** What the loss restores (`field`, and e.g. `V`), and a report. */
export type FitResult<R extends Restored = Restored> = R & FitReport

/** What one run carries along. */
interface Run {
  readonly theta: Float64Array
  readonly gradient: Float64Array
  readonly packed: Float64Array
  readonly packedGradient: Float64Array
  readonly state: PlainData
  random: Random
  step: number
  readonly losses: number[]
  readonly validation: ValidationRecord | undefined
  /** the record with a last look at the end, which a run that goes on would not have taken */
  concluded: ValidationRecord | undefined
  /** loss and gradient, in this call */
  evaluations: number
}

/** Which θ a run with validation gives back. */
const best = 'the best on the samples held out'

/** Steps between two looks at the event loop: a message costs about 10 µs, a small training step 50 µs. */
const stepsPerPause = 8

/**
 * Trains a field: minimises a loss over the chosen entries of θ. Only blocks of kind 'weight' change unless
 * `train` names others. Same seed, same bits; a checkpoint goes on bit for bit.
 *
 * A loss that is not finite ends the run with status 'non-finite' and the last θ whose loss was finite; an
 * abort ends it with 'cancelled' and the θ reached; with `validation`, θ is the best on the samples held out, and
 * patience that is used up ends the run with 'early-stopped'.
 *
 * With `backend: 'wasm'` losses over samples evaluate a whole batch in vectors, some twenty times as fast (less where
 * most samples are without loss, whose gradients JavaScript leaves out); in double precision the loss agrees with 'js'
 * to rounding, with `precision: 'single'` it is twice as fast again.
 *
 * @example
 * const cart = system({ state: ['x', 'v'], input: ['u'], dynamics: { x: 'v', v: 'u' } })
 * const loop = closeLoop(cart, network({ widths: [2, 8, 1], activation: 'tanh', seed: 0, bias: false }))
 * const V = expression('2*x^2 + 2*x*v + 2*v^2', ['x', 'v'])
 * const { field: trained, losses } = await fit({
 *   field: loop, loss: lyapunovLoss({ V, rate: 0.5, sampler: ball(1) }),
 *   optimizer: adam({ rate: 1e-2 }), steps: 50, seed: 1,
 * })
 */
export async function fit<R extends Restored>(options: FitOptions<R>): Promise<FitResult<R>> {
  const { loss, optimizer, steps, seed, train, resume } = options
  checkOptions(steps, seed)
  const bound = bindLoss(options)
  const trainable = chooseTrainable(bound.layout, train)
  if (resume !== undefined)
    checkCheckpoint(resume, {
      loss: loss.name,
      optimizer: optimizer.name,
      seed,
      thetaLength: bound.theta.length,
    })
  const run = begin(bound, trainable, options)
  const yielder = eventYielder()
  try {
    const { status, message } = await loop(run, { bound, trainable }, options, yielder.pause)
    const held = run.concluded ?? run.validation
    const reached = status === 'non-finite' ? run.theta : answer(run, optimizer, trainable)
    const theta = Float64Array.from(held?.best?.theta ?? reached)
    return {
      ...bound.restore(theta),
      theta,
      losses: Float64Array.from(run.losses),
      ...(held && { validation: summary(held) }),
      status,
      message,
      steps: run.step,
      checkpoint: snapshot(run, options),
      ...(bound.execution ?? plainExecution),
    }
  } finally {
    yielder.close()
  }
}

function checkOptions(steps: number, seed: number): void {
  if (!Number.isSafeInteger(steps) || steps < 0)
    throw misuse({ where: 'fit', expected: 'a number of steps', got: show(steps), try: 'steps: 1000' })
  if (!Number.isSafeInteger(seed))
    throw misuse({ where: 'fit', expected: 'an integer seed', got: show(seed), try: 'seed: 0' })
}

function summary({ steps, losses, best }: ValidationRecord) {
  const { step, loss } = best ?? { step: 0, loss: Number.NaN }
  return { steps: Float64Array.from(steps), losses: Float64Array.from(losses), best: { step, loss } }
}

function begin<R extends Restored>(
  bound: BoundLoss<R>,
  { indices, layout }: Trainable,
  { optimizer, seed, resume, validation }: FitOptions<R>,
): Run {
  const theta = Float64Array.from(resume?.theta ?? bound.theta)
  const packed = Float64Array.from(indices, (i) => theta[i])
  const run: Run = {
    theta,
    gradient: new Float64Array(theta.length),
    packed,
    packedGradient: new Float64Array(indices.length),
    state: resume === undefined ? optimizer.init(packed, layout) : structuredClone(resume.state),
    random: resume === undefined ? seededRandom(seed) : restoreRandom(resume.random),
    step: resume?.step ?? 0,
    losses: Array.from(resume?.losses ?? []),
    validation:
      validation && (resume?.validation === undefined ? emptyRecord() : readRecord(resume.validation)),
    concluded: undefined,
    evaluations: 0,
  }
  // an optimiser may start from a projection of θ
  scatter(run.packed, indices, theta)
  return run
}

async function loop<R extends Restored>(
  run: Run,
  { bound, trainable }: { readonly bound: BoundLoss<R>; readonly trainable: Trainable },
  options: FitOptions<R>,
  pause: () => Promise<void>,
): Promise<{ readonly status: FitStatus; readonly message: string }> {
  const { optimizer, steps, seed, signal, checkpoint, validation } = options
  const { indices } = trainable
  const before = run.theta.slice()
  let sample = run.random.save()
  const evaluate = evaluateAgain(run, { bound, trainable, seed }, () => sample)
  const report = progressReporter(run, options)
  for (;;) {
    if (signal?.aborted)
      return {
        status: 'cancelled',
        message: `cancelled after ${run.step} of ${steps} steps; θ is ${run.validation?.best ? best : 'as reached'}`,
      }
    sample = run.random.save()
    const value = bound.evaluate(run.theta, run.random, run.gradient, { step: run.step, seed })
    run.evaluations++
    gather(run.gradient, indices, run.packedGradient)
    const problem = whatIsNotFinite(value, run.packedGradient)
    if (problem !== undefined) {
      const kept = run.validation?.best ? best : 'the last one with a finite loss'
      // the step before led here: give back where it came from
      if (problem === 'loss') run.theta.set(before)
      run.random = restoreRandom(sample)
      return {
        status: 'non-finite',
        message: explainNotFinite(problem, { value, step: run.step, kept, reason: bound.reason?.() }),
      }
    }
    run.losses.push(value)
    const ending =
      validation && validate(run, { bound, trainable, optimizer }, { ...validation, last: run.step >= steps })
    report(value)
    if (ending !== undefined || run.step >= steps) {
      run.random = restoreRandom(sample)
      return ending ?? { status: 'success', message: `${run.step} steps` }
    }
    before.set(run.theta)
    optimizer.step(run.state, run.packed, run.packedGradient, { value, evaluate })
    scatter(run.packed, indices, run.theta)
    run.step++
    if (checkpoint !== undefined && run.step % checkpoint.every === 0)
      await checkpoint.save(snapshot(run, options))
    if (run.step % stepsPerPause === 0) await pause()
  }
}

/** Looks at the samples held out when it is time; an ending where patience is used up. */
function validate(
  run: Run,
  {
    bound,
    trainable,
    optimizer,
  }: { readonly bound: BoundLoss; readonly trainable: Trainable; readonly optimizer: Optimizer },
  { every = 1, patience, last }: ValidationOptions & { readonly last: boolean },
): { readonly status: FitStatus; readonly message: string } | undefined {
  const due = run.step % every === 0
  if (run.validation === undefined || !(due || last)) return undefined
  const record = due ? run.validation : (run.concluded = structuredClone(run.validation))
  look(record, { step: run.step, theta: answer(run, optimizer, trainable), bound })
  if (patience === undefined || record.waited < patience) return undefined
  const { best } = record
  return {
    status: 'early-stopped',
    message: `after ${run.step} steps the loss of the samples held out has not fallen for ${record.waited} looks; ${
      best ? `θ is that of step ${best.step}, where it was ${best.loss}` : 'it was never finite'
    }`,
  }
}

/** The loss at another θ, on the sample of the current step. */
function evaluateAgain(
  run: Run,
  {
    bound,
    trainable: { indices },
    seed,
  }: { readonly bound: BoundLoss; readonly trainable: Trainable; readonly seed: number },
  sample: () => readonly number[],
) {
  const theta = run.theta.slice()
  const full = new Float64Array(theta.length)
  return (packed: Float64Array, gradient: Float64Array): number => {
    scatter(packed, indices, theta)
    const value = bound.evaluate(theta, restoreRandom(sample()), full, { step: run.step, seed })
    run.evaluations++
    gather(full, indices, gradient)
    return value
  }
}

function snapshot<R extends Restored>(
  run: Run,
  { loss, optimizer, seed }: Pick<FitOptions<R>, 'loss' | 'optimizer' | 'seed'>,
): FitCheckpoint {
  return {
    format: 'separatrix-fit',
    version: 1,
    loss: loss.name,
    optimizer: optimizer.name,
    seed,
    step: run.step,
    theta: Array.from(run.theta),
    state: structuredClone(run.state),
    random: run.random.save(),
    // the loss at the θ reached belongs to the next step and is found again
    losses: run.losses.slice(0, run.step),
    ...(run.validation && { validation: structuredClone(run.validation) }),
  }
}
