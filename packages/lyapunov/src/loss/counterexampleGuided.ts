import { type FitOptions, type FitReport, fit, type Loss, type Restored } from '@separatrix/adjoint'
import { misuse, show } from '@separatrix/field/core'
import type { Verdict } from '../certify/verdict.js'
import { counterexampleOf } from './counterexamples.js'

export interface CounterexampleGuidedOptions<R extends Restored>
  extends Pick<FitOptions<R>, 'optimizer' | 'steps' | 'backend' | 'precision' | 'signal' | 'train'> {
  /** what is trained: the field, and with it what the loss trains along (V, barrier) */
  readonly start: R
  /** the loss of a round, from where the last one ended; all points found until then are its to sample */
  readonly loss: (candidate: R, points: readonly Float64Array[]) => Loss<R>
  /** tries to prove a candidate */
  readonly prove: (candidate: R) => Verdict
  /** trainings, each followed by a proof, after which it gives up */
  readonly rounds: number
  /** points that are known from the start, such as those of an earlier run */
  readonly points?: readonly Float64Array[]
  /** round k is trained with seed + k */
  readonly seed: number
  readonly onProgress?: (progress: {
    readonly round: number
    readonly step: number
    readonly loss: number
  }) => void
  readonly onRound?: (round: GuidedRound) => void
}

/** A training and what the prover said of it. */
export interface GuidedRound {
  readonly losses: Float64Array
  readonly kind: Verdict['kind']
  readonly message: string
  /** the point that was added to the samples */
  readonly point?: Float64Array
}

export interface GuidedTraining<R> {
  /** 'exhausted': no proof in the rounds given; 'stuck': a proof that failed named no place to learn from */
  readonly status: 'proved' | 'exhausted' | 'stuck' | Exclude<FitReport['status'], 'success'>
  readonly message: string
  /** the last one trained; what `verdict` speaks of */
  readonly candidate: R
  readonly verdict?: Verdict
  readonly points: readonly Float64Array[]
  readonly rounds: readonly GuidedRound[]
}

/**
 * Trains, tries to prove, and where that fails trains on with the point at which it failed among the samples:
 * counterexample-guided inductive synthesis (Solar-Lezama et al., ASPLOS 2006) with a gradient method as the learner and
 * a proof over boxes as the teacher, as in Chang, Roohi & Gao, NeurIPS 2019, algorithm 1. A refutation contributes its
 * point, a proof that got stuck the middle of the box it got stuck at. The verdict is the prover's own.
 * @example
 * const V = trainableQuadratic(1, { epsilon: 1e-3 })
 * const start = { field: closeLoop(system({ state: ['x'], input: ['u'], dynamics: { x: 'x + u' } }), network({ widths: [1, 1], activation: 'tanh', seed: 1, bias: false })), V }
 * const { status } = await counterexampleGuided({
 *   start, rounds: 5, steps: 200, seed: 1, optimizer: adam({ rate: 0.05 }),
 *   loss: ({ V }, points) => lyapunovLoss({ V, rate: 0.1, sampler: ball(1), normalize: 'V', counterexamples: { points } }),
 *   prove: ({ field, V }) => certify({ field, V, domain: [[-1, 1]], level: 0.5 }),
 * })
 */
export async function counterexampleGuided<R extends Restored>({
  start,
  loss,
  prove,
  rounds,
  points = [],
  seed,
  onProgress,
  onRound,
  ...training
}: CounterexampleGuidedOptions<R>): Promise<GuidedTraining<R>> {
  if (!Number.isSafeInteger(rounds) || rounds < 1)
    throw misuse({
      where: 'counterexampleGuided',
      expected: 'rounds ≥ 1',
      got: show(rounds),
      try: 'rounds: 10',
    })
  const found = [...points]
  const done: GuidedRound[] = []
  let candidate = start
  let verdict: Verdict | undefined
  const finish = (status: GuidedTraining<R>['status'], message: string): GuidedTraining<R> => ({
    status,
    message,
    candidate,
    ...(verdict && { verdict }),
    points: found,
    rounds: done,
  })
  for (let round = 0; round < rounds; round++) {
    const result = await fit<R>({
      ...training,
      field: candidate.field,
      loss: loss(candidate, found),
      seed: seed + round,
      onProgress: (at) => onProgress?.({ round, step: at.step, loss: at.loss }),
    })
    if (result.status !== 'success') return finish(result.status, `round ${round + 1}: ${result.message}`)
    candidate = result
    verdict = prove(candidate)
    const point = counterexampleOf(verdict)
    const { kind, message } = verdict
    done.push({ losses: result.losses, kind, message, ...(point && { point }) })
    onRound?.(done[round])
    if (kind === 'proved') return finish('proved', `${message}, after ${round + 1} rounds of training`)
    if (point === undefined) return finish('stuck', `round ${round + 1}: ${message}`)
    found.push(point)
  }
  return finish('exhausted', `${rounds} rounds were not enough: ${verdict?.message}`)
}
