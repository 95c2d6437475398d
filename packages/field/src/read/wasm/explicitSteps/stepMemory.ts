import type { Layout } from '../stateLoops/layout.js'
import type { StepMethod } from './types.js'

/** Addresses of the numbers and vectors that steps work on. */
export interface StepMemory {
  /** the registers of a state */
  readonly registers: number
  /** t, h, t + h, and what a trial leaves: its squared error, times the weight of all components */
  readonly clock: number
  readonly y: number
  /** y¹ of a trial */
  readonly next: number
  /** the points of stages, by turns: one is read while the other is written */
  readonly points: readonly [number, number]
  readonly slopes: readonly number[]
  /** k₁ of the step that was accepted last */
  readonly lastFirst: number
  readonly rtol: number
  readonly atol: number
  readonly weights: number
}

/** Order of the numbers at `clock`. */
export const clockSlot = { t: 0, h: 1, end: 2, sum: 3 } as const

export function stepMemory(layout: Layout, method: StepMethod, size: number, slotCount: number): StepMemory {
  const vector = () => layout.take(size)
  return {
    registers: layout.take(slotCount),
    clock: layout.take(4),
    y: vector(),
    next: vector(),
    points: [vector(), vector()],
    slopes: Array.from({ length: method.stages }, vector),
    lastFirst: vector(),
    rtol: vector(),
    atol: vector(),
    weights: vector(),
  }
}
