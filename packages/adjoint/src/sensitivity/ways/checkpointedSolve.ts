import { type Field, misuse, show } from '@separatrix/field/core'
import { type SolveOptions, solve } from '@separatrix/ode'
import { splitAt } from './binomial.js'
import { onlineSolve } from './onlineSolve.js'
import { placed, type RecordedSolve } from './recordSolve.js'
import { recordSteps } from './recordSteps.js'
import { replayOptions } from './replay.js'
import type { Segment } from './segments.js'

/**
 * Solves with at most `checkpoints` states in memory; see {@link onlineSolve}. Where breakpoints or events cut
 * the solve it keeps times and step sizes, two numbers a step; states are computed again from at most `checkpoints` of them,
 * placed binomially: with s checkpoints and r repetitions up to C(s + r, s) steps are reversed, none computed
 * more than r times. Griewank & Walther, ACM TOMS 26 (2000), algorithm 799.
 */
export function checkpointedSolve(
  field: Field,
  y0: ArrayLike<number>,
  span: readonly [number, number],
  { checkpoints, ...options }: SolveOptions & { readonly checkpoints: number },
): RecordedSolve {
  if (!Number.isSafeInteger(checkpoints) || checkpoints < 1)
    throw misuse({
      where: 'sensitivity',
      expected: 'a positive number of checkpoints',
      got: show(checkpoints),
      try: 'checkpoints: 20',
    })
  const { breakpoints = [], stopAt = [], events = [] } = options
  if (breakpoints.length + stopAt.length + events.length === 0)
    return onlineSolve(field, y0, span, { ...options, checkpoints })
  if (options.method.family === 'extrapolation' && options.step === undefined)
    throw misuse({
      where: `sensitivity(${options.method.name})`,
      expected:
        'checkpoints with a method of one order where events or breakpoints cut the solve, so that steps can be computed again',
      got: `${options.method.name}, which chooses its order step by step`,
      try: 'an equal step, another method, or leaving checkpoints out',
      code: 'checkpoints-of-variable-order',
    })
  const steps = recordSteps(span[0], options.breakpoints)
  const solution = solve(field, y0, span, { ...options, observers: [steps.observer] })
  const tape = steps.tape()
  const where = placed(solution, tape, options)
  const n = field.stateSize
  const replay = replayOptions(tape, options)

  /** the state after steps first … last − 1, none of which is a reset */
  const advance = (y: Float64Array, first: number, last: number): Float64Array =>
    solve(field, y, [tape.t[first], tape.end[last - 1]], { ...replay(first, last), saveAt: 'end' }).y.data

  function* reverse(first: number, last: number, y: Float64Array, free: number): Generator<Segment> {
    let end = last
    while (end > first) {
      const length = end - first
      if (length === 1) {
        const both = new Float64Array(2 * n)
        both.set(y)
        both.set(advance(y, first, end), n)
        yield { first, last: end, y: both, tape, base: 0 }
        return
      }
      const middle = first + splitAt(length, free)
      yield* reverse(middle, end, advance(y, first, middle), Math.max(0, free - 1))
      end = middle
    }
  }
  /** from the last reset on, then from the one before, …: the states after resets are known */
  function* segments(): Generator<Segment> {
    let last = tape.count
    for (const [step, how] of [...where.stretches.closing].reverse()) {
      if (typeof how === 'string' || tape.h[step + 1] !== 0) continue
      yield* reverse(step + 2, last, how.after, checkpoints)
      last = step + 1
    }
    yield* reverse(0, last, Float64Array.from(y0), checkpoints)
  }
  return { solution, ...where, segments }
}
