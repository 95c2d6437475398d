import type { Steps } from '../interpolant.js'
import { makeSeries, type Series } from '../series.js'
import type { TraceLevel } from '../trace.js'
import type { StepObserver } from './observer.js'

/** All accepted steps (t, h, y), from which dense output and discrete adjoints work. */
export interface StepRecord extends StepObserver {
  count(): number
  /** number of the step that contains t, by bisection; at a reset the one that leads to it */
  find(t: number): number
  /** the steps as arrays; stages are empty unless they were asked for */
  steps(): Steps
}

/**
 * Records accepted steps, with their stages where the level says so (see `recordLevel` of a method).
 * @example
 * const decay = (_t, y, dydt) => { dydt[0] = -y[0] }
 * const record = stepRecord(0, [1])
 * solve(decay, [1], [0, 1], { method: rk4, step: .1, observers: [record] })
 * record.steps().h // the step sizes taken
 */
export function stepRecord(t0: number, y0: ArrayLike<number>, level: TraceLevel = 'steps'): StepRecord {
  const size = y0.length
  const [t, h, y]: [Series, Series, Series] = [makeSeries(1), makeSeries(1), makeSeries(size)]
  let stages: Series | undefined
  t.append(Float64Array.of(t0), 0, 1)
  y.append(Float64Array.from(y0), 0, 1)
  return {
    level,
    count: () => h.count(),
    observe({ trace, count }) {
      t.append(trace.t, 1, count)
      h.append(trace.h, 0, count)
      y.append(trace.y, size, count)
      if (level !== 'stages') return
      stages ??= makeSeries(size * trace.stageCount)
      stages.append(trace.stages, 0, count)
    },
    find(time) {
      const times = t.view()
      const direction = (times[times.length - 1] as number) >= t0 ? 1 : -1
      let [low, high] = [0, Math.max(0, h.count() - 1)]
      while (low < high) {
        const middle = (low + high + 1) >> 1
        if (((times[middle] as number) - time) * direction < 0) low = middle
        else high = middle - 1
      }
      return low
    },
    steps: () => ({ t: t.view(), h: h.view(), y: y.view(), stages: stages?.view() ?? noStages }),
  }
}

const noStages = new Float64Array(0)
