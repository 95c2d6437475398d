import { type Field, misuse, show } from '@separatrix/field/core'
import { type SolveOptions, solve } from '@separatrix/ode'
import type { RecordedSolve } from './recordSolve.js'
import { recordSteps } from './recordSteps.js'
import { replayOptions } from './replay.js'
import type { Segment } from './segments.js'
import { findStretches } from './stretches.js'

/**
 * Solves and keeps only times and step sizes; states are computed again from at most `checkpoints` of them,
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
  const steps = recordSteps(span[0], options.breakpoints)
  const solution = solve(field, y0, span, { ...options, observers: [steps.observer] })
  const tape = steps.tape()
  const stretches = findStretches(tape, solution, options)
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
        yield { first, last: end, y: both }
        return
      }
      const middle = first + (free === 0 ? length - 1 : splitAt(length, free))
      yield* reverse(middle, end, advance(y, first, middle), Math.max(0, free - 1))
      end = middle
    }
  }
  /** from the last reset on, then from the one before, …: the states after resets are known */
  function* segments(): Generator<Segment> {
    let last = tape.count
    for (const [step, how] of [...stretches.closing].reverse()) {
      if (typeof how === 'string' || tape.h[step + 1] !== 0) continue
      yield* reverse(step + 2, last, how.after, checkpoints)
      last = step + 1
    }
    yield* reverse(0, last, Float64Array.from(y0), checkpoints)
  }
  return { solution, tape, stretches, segments }
}

/**
 * How far to advance before the next checkpoint: of `length` steps with s checkpoints, reversible in r
 * repetitions, as many as r − 1 repetitions and s checkpoints reverse, so that what remains fits s − 1
 * checkpoints and r repetitions.
 */
function splitAt(length: number, s: number): number {
  let r = 1
  while (binomial(s + r, s) < length) r++
  return Math.max(1, Math.min(length - 1, length - binomial(s - 1 + r, s - 1)))
}

function binomial(n: number, k: number): number {
  let value = 1
  for (let i = 1; i <= k; i++) value = (value * (n - k + i)) / i
  return value
}
