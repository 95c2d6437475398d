/**
 * Positions of the numbers that, with y and the method's memory, are the whole state of an integration.
 * They lie in one typed array, so that generated loops read and write them without allocating, and so that
 * a state is copied, sent or stored as plain data.
 */
export const slot = {
  time: 0,
  /** step to be tried next, signed */
  step: 1,
  /** where the current stretch ends */
  stop: 2,
  /** +1 forwards, −1 backwards */
  direction: 3,
  /** ln of the scaled error of the last accepted step, and of the one before */
  logError1: 4,
  logError2: 5,
  accepted: 6,
  rejected: 7,
  evaluations: 8,
  /** why `advance` returned; see {@link code} */
  code: 9,
  /** rejections in a row */
  streak: 10,
  /** 1 while the memory belongs to (t, y) */
  fresh: 11,
  /** fixed steps: t = base + index·h */
  base: 12,
  index: 13,
  maxSteps: 14,
  minStep: 15,
  maxStep: 16,
  jacobians: 17,
  iterations: 18,
  factorisations: 19,
  /** 1 when the last rejection was for a value that is not finite, 2 for equations that could not be solved */
  nonFinite: 20,
  /** ln of the ratio of the last step to the one before, and of that to its predecessor */
  logRatio1: 21,
  logRatio2: 22,
  /** where the span ends */
  end: 23,
} as const

export const slotCount = 24

/** Why `advance` returned. */
export const code = {
  /** as many steps as were asked for */
  running: 0,
  /** the stretch is over */
  stop: 1,
  underflow: 2,
  maxSteps: 3,
  nonFinite: 4,
  /** the equations of an implicit step could not be solved */
  unsolved: 5,
} as const

/** State of an integration between two steps, as plain data. */
export interface StepState {
  readonly registers: Float64Array
  readonly y: Float64Array
  /** what the method carries from step to step, e.g. f(t, y) */
  readonly memory: Float64Array
  /** what is remembered of events: how many, when the last, how close to each other */
  readonly events: Float64Array
}

export function makeState(size: number, memorySize: number, eventsSize = 0): StepState {
  return {
    registers: new Float64Array(slotCount),
    y: new Float64Array(size),
    memory: new Float64Array(memorySize),
    events: eventsSize === 0 ? none : new Float64Array(eventsSize),
  }
}

const none = new Float64Array(0)

export function copyState(from: StepState, to: StepState): void {
  to.registers.set(from.registers)
  to.y.set(from.y)
  to.memory.set(from.memory)
  if (from.events.length > 0) to.events.set(from.events)
}
