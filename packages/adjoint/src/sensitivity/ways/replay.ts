import type { SolveOptions } from '@separatrix/ode'
import type { Tape } from '../steps/tape.js'

/**
 * Options of a solve that takes steps first … last − 1 of a tape again: one step of any length is cut at the
 * times where steps ended. Sizes differ from those of the tape by the rounding of t + h. Events are left out:
 * the steps are those between two resets.
 */
export function replayOptions(
  tape: Tape,
  {
    rtol: _rtol,
    atol: _atol,
    control: _control,
    firstStep: _firstStep,
    saveAt: _saveAt,
    stopAt: _stopAt,
    events: _events,
    breakpoints = [],
    ...rest
  }: SolveOptions,
): (first: number, last: number) => SolveOptions {
  return (first, last) => {
    const [from, to] = [tape.t[first], tape.end[last - 1] ?? tape.t[last]]
    return {
      ...rest,
      step: 2 * Math.abs(to - from) || 1,
      stopAt: tape.t.subarray(first + 1, last),
      breakpoints: Array.from(breakpoints).filter((t) => (t - from) * (to - t) > 0),
    }
  }
}
