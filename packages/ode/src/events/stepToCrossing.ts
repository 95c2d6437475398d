import type { StepInterpolant } from '../interpolant.js'
import type { Kernel } from '../method.js'
import { code, copyState, makeState, type StepState, slot } from '../state.js'
import { makeTrace, type Trace } from '../trace.js'
import type { Crossing } from './crossings.js'
import type { PreparedEvent } from './event.js'

/** Corrections of the length of the step that ends at an event: each gains a digit at least. */
const corrections = 4

/**
 * Replaces step i of a trace by one that ends where an event function vanishes: a true step of the method, not
 * a point of the polynomial. Its length starts from the crossing θ and is corrected by the secant method until
 * g vanishes at the method's own result; one evaluation of the step for each. Where g only touches zero there
 * is nothing to correct by.
 */
export type StepToCrossing = (
  trace: Trace,
  i: number,
  state: StepState,
  event: PreparedEvent,
  crossing: Crossing,
) => void

export function stepToCrossing(kernel: Kernel, interpolant: () => StepInterpolant): StepToCrossing {
  let scratch: { state: StepState; trace: Trace } | undefined
  return (trace, i, state, { value }, { theta, direction }) => {
    const n = state.y.length
    scratch ??= {
      state: makeState(n, state.memory.length, state.events.length),
      trace: makeTrace(n, kernel.stageCount, trace.level, 1),
    }
    const { state: s, trace: own } = scratch
    const [t, h] = [trace.t[i] as number, trace.h[i] as number]
    const attempt = (size: number): boolean => {
      copyState(state, s)
      s.y.set(trace.y.subarray(i * n, (i + 1) * n))
      begin(s.registers, t, size)
      return kernel.advance(s, own, 1) === 1 && s.registers[slot.code] === code.stop
    }
    const most = direction === 'touching' ? 0 : corrections
    const slope = most === 0 ? Number.NaN : slopeAt(interpolant(), trace, i, value, theta)
    let [size, previous, residual] = [theta * h, h, Number.NaN]
    let solved = attempt(size)
    for (let k = 0; solved && k < most; k++) {
      const g = value(t + size, s.y)
      const next = size - g / (k === 0 ? slope : (g - residual) / (size - previous))
      // a correction is of the size of the interpolant's error; anything else is not one
      if (g === 0 || next === size || !(Math.abs(next - size) < 0.1 * Math.abs(h)) || next * h <= 0) break
      ;[previous, size, residual] = [size, next, g]
      if (Math.abs(size - previous) <= 2 * Number.EPSILON * Math.abs(t + size)) break
      solved = attempt(size)
    }
    const end = trace.y.subarray((i + 1) * n, (i + 2) * n)
    trace.t[i + 1] = solved ? (s.registers[slot.time] as number) : t + theta * h
    trace.h[i] = solved ? (own.h[0] as number) : theta * h
    if (!solved) {
      interpolant().evaluate(theta, end)
      return
    }
    end.set(s.y)
    state.registers[slot.evaluations] = s.registers[slot.evaluations] as number
    if (trace.level === 'stages')
      trace.stages.set(own.stages.subarray(0, trace.stageCount * n), i * trace.stageCount * n)
  }
}

/** Registers for one step of the given size from t, whatever limits the solve has. */
function begin(R: Float64Array, t: number, size: number): void {
  R[slot.time] = t
  R[slot.base] = t
  R[slot.index] = 0
  R[slot.stop] = t + size
  R[slot.step] = size
  R[slot.fresh] = 0
  R[slot.streak] = 0
  R[slot.minStep] = 0
  R[slot.maxSteps] = Number.POSITIVE_INFINITY
}

/** dg/dt along the interpolant, by a central difference. */
function slopeAt(
  polynomial: StepInterpolant,
  trace: Trace,
  i: number,
  value: PreparedEvent['value'],
  theta: number,
): number {
  const y = new Float64Array(trace.size)
  const [t, h] = [trace.t[i] as number, trace.h[i] as number]
  polynomial.load(trace, i)
  const at = (x: number) => {
    polynomial.evaluate(x, y)
    return value(t + x * h, y)
  }
  const width = 1e-5
  return (at(theta + width) - at(theta - width)) / (2 * width * h)
}
