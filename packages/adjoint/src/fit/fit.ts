import { type Field, misuse, type Random, restoreRandom, seededRandom, show } from '@separatrix/field/core'
import type { Optimizer, PlainData } from '../optimize/optimizer.js'
import { checkCheckpoint, type FitCheckpoint } from './checkpoint.js'
import { type Execution, plainExecution, readExecution } from './execution.js'
import type { BoundLoss, Loss, Restored } from './loss.js'
import { chooseTrainable, type Trainable } from './trainable.js'
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
  readonly onProgress?: (progress: { readonly step: number; readonly loss: number }) => void
  readonly signal?: AbortSignal
  /** hands out a checkpoint after every `every` steps */
  readonly checkpoint?: {
    readonly every: number
    readonly save: (checkpoint: FitCheckpoint) => void | Promise<void>
  }
  /** a checkpoint to go on from */
  readonly resume?: FitCheckpoint
}

export type FitStatus = 'success' | 'cancelled' | 'non-finite'

export interface FitReport {
  /** all of θ as the loss lays it out, trained */
  readonly theta: Float64Array
  /** the loss before each step, and once more at the end: steps + 1 values after a full run */
  readonly losses: Float64Array
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
}

/** Steps between two looks at the event loop: a message costs about 10 µs, a small training step 50 µs. */
const stepsPerPause = 8

/**
 * Trains a field: minimises a loss over the chosen entries of θ. Only blocks of kind 'weight' change unless
 * `train` names others. Same seed, same bits; a checkpoint goes on bit for bit.
 *
 * A loss that is not finite ends the run with status 'non-finite' and the last θ whose loss was finite; an
 * abort ends it with 'cancelled' and the θ reached.
 *
 * With `backend: 'wasm'` losses over samples evaluate a whole batch in vectors, ten to fifty times as fast; in
 * double precision the loss agrees with 'js' to rounding, with `precision: 'single'` it is twice as fast again.
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
      thetaLength: bound.theta.length,
    })
  const run = begin(bound, trainable, { optimizer, seed, resume })
  const yielder = eventYielder()
  try {
    const { status, message } = await loop(run, { bound, trainable }, options, yielder.pause)
    return {
      ...bound.restore(run.theta),
      theta: run.theta.slice(),
      losses: Float64Array.from(run.losses),
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

/** Binds the loss to what it is to run on; one that cannot is refused. */
function bindLoss<R extends Restored>({
  loss,
  field,
  data,
  backend,
  precision,
}: FitOptions<R>): BoundLoss<R> {
  const execution = readExecution('fit', { backend, precision })
  const bound = loss.bind(field, data, execution)
  if ((bound.execution ?? plainExecution).backend === execution.backend) return bound
  throw misuse({
    where: 'fit(backend)',
    expected: `a loss that runs on '${execution.backend}'`,
    got: loss.name,
    try: "backend: 'js'",
    code: 'no-backend',
  })
}

function checkOptions(steps: number, seed: number): void {
  if (!Number.isSafeInteger(steps) || steps < 0)
    throw misuse({ where: 'fit', expected: 'a number of steps', got: show(steps), try: 'steps: 1000' })
  if (!Number.isSafeInteger(seed))
    throw misuse({ where: 'fit', expected: 'an integer seed', got: show(seed), try: 'seed: 0' })
}

function begin(
  bound: BoundLoss,
  { indices, layout }: Trainable,
  {
    optimizer,
    seed,
    resume,
  }: { readonly optimizer: Optimizer; readonly seed: number; readonly resume?: FitCheckpoint },
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
  }
  // an optimiser may start from a projection of θ
  scatter(run.packed, indices, theta)
  return run
}

async function loop<R extends Restored>(
  run: Run,
  { bound, trainable }: { readonly bound: BoundLoss<R>; readonly trainable: Trainable },
  { optimizer, steps, onProgress, signal, checkpoint, ...names }: FitOptions<R>,
  pause: () => Promise<void>,
): Promise<{ readonly status: FitStatus; readonly message: string }> {
  const { indices } = trainable
  const before = run.theta.slice()
  let sample = run.random.save()
  const evaluate = evaluateAgain(run, { bound, trainable }, () => sample)
  for (;;) {
    if (signal?.aborted)
      return {
        status: 'cancelled',
        message: `cancelled after ${run.step} of ${steps} steps; θ is as reached`,
      }
    sample = run.random.save()
    const value = bound.evaluate(run.theta, run.random, run.gradient)
    gather(run.gradient, indices, run.packedGradient)
    const problem = whatIsNotFinite(value, run.packedGradient)
    if (problem !== undefined) {
      // the step before led here: give back where it came from
      if (problem === 'loss') run.theta.set(before)
      run.random = restoreRandom(sample)
      return {
        status: 'non-finite',
        message: explain(problem, { value, step: run.step, reason: bound.reason?.() }),
      }
    }
    run.losses.push(value)
    onProgress?.({ step: run.step, loss: value })
    if (run.step >= steps) {
      run.random = restoreRandom(sample)
      return { status: 'success', message: `${run.step} steps` }
    }
    before.set(run.theta)
    optimizer.step(run.state, run.packed, run.packedGradient, { value, evaluate })
    scatter(run.packed, indices, run.theta)
    run.step++
    if (checkpoint !== undefined && run.step % checkpoint.every === 0)
      await checkpoint.save(snapshot(run, { ...names, optimizer }))
    if (run.step % stepsPerPause === 0) await pause()
  }
}

/** The loss at another θ, on the sample of the current step. */
function evaluateAgain(
  run: Run,
  { bound, trainable: { indices } }: { readonly bound: BoundLoss; readonly trainable: Trainable },
  sample: () => readonly number[],
) {
  const theta = run.theta.slice()
  const full = new Float64Array(theta.length)
  return (packed: Float64Array, gradient: Float64Array): number => {
    scatter(packed, indices, theta)
    const value = bound.evaluate(theta, restoreRandom(sample()), full)
    gather(full, indices, gradient)
    return value
  }
}

function whatIsNotFinite(value: number, gradient: Float64Array): 'loss' | 'gradient' | undefined {
  if (!Number.isFinite(value)) return 'loss'
  // 0·g is 0 for every finite g: ten times as fast as asking each
  let probe = 0
  for (let i = 0; i < gradient.length; i++) probe += 0 * gradient[i]
  return probe === 0 ? undefined : 'gradient'
}

function explain(
  what: 'loss' | 'gradient',
  { value, step, reason }: { readonly value: number; readonly step: number; readonly reason?: string },
): string {
  const event = what === 'loss' ? `the loss is ${value}` : 'the loss is finite, its gradient is not'
  const cause =
    reason ??
    (what === 'gradient'
      ? 'a division by zero or a square root at 0 in the field or the loss is the usual cause'
      : step === 0
        ? 'check that the field is finite where it is sampled'
        : 'try a smaller rate')
  return `after ${step} steps ${event}; θ is the last one with a finite loss. ${cause}.`
}

function snapshot<R extends Restored>(
  run: Run,
  { loss, optimizer }: Pick<FitOptions<R>, 'loss' | 'optimizer'>,
): FitCheckpoint {
  return {
    format: 'separatrix-fit',
    version: 1,
    loss: loss.name,
    optimizer: optimizer.name,
    step: run.step,
    theta: Array.from(run.theta),
    state: structuredClone(run.state),
    random: run.random.save(),
    // the loss at the θ reached belongs to the next step and is found again
    losses: run.losses.slice(0, run.step),
  }
}

function gather(from: Float64Array, indices: Int32Array, to: Float64Array): void {
  for (let i = 0; i < indices.length; i++) to[i] = from[indices[i]]
}

function scatter(from: Float64Array, indices: Int32Array, to: Float64Array): void {
  for (let i = 0; i < indices.length; i++) to[indices[i]] = from[i]
}
