/**
 * Numbers that a loop and its trial step tell each other: time, step, time at its end (exact at a stop), mean
 * squared scaled error, and the factor for the next step. In an array, because a call that is not inlined
 * allocates every double among its arguments and results.
 */
export const trialSlot = { time: 0, step: 1, end: 2, squaredError: 3, factor: 4 } as const

/** In place of the error: the equations of the step could not be solved. */
export const unsolved = -1
