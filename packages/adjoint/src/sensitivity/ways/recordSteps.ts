import type { StepObserver } from '@separatrix/ode'
import type { Tape } from '../steps/tape.js'
import { crossBreakpoints } from './recordSolve.js'

/** Records times and sizes of accepted steps, not their states: two numbers a step. */
export function recordSteps(
  t0: number,
  breakpoints?: ArrayLike<number>,
): { readonly observer: StepObserver; tape(): Tape } {
  const [times, sizes]: [number[], number[]] = [[t0], []]
  return {
    observer: {
      level: 'steps',
      observe({ trace, count }) {
        for (let i = 0; i < count; i++) {
          times.push(trace.t[i + 1])
          sizes.push(trace.h[i])
        }
      },
    },
    tape: () => ({
      count: sizes.length,
      ...crossBreakpoints(Float64Array.from(times), breakpoints),
      h: Float64Array.from(sizes),
    }),
  }
}
