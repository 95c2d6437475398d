import type { StepObserver } from '@separatrix/ode'
import type { Tape } from '../steps/stepDerivative.js'

/** Records times and sizes of accepted steps, not their states: two numbers a step. */
export function recordSteps(t0: number): { readonly observer: StepObserver; tape(): Tape } {
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
    tape: () => ({ count: sizes.length, t: Float64Array.from(times), h: Float64Array.from(sizes) }),
  }
}
