import type { Problem } from '../problem.js'
import { type StepState, slot } from '../state.js'
import { jacobianOf } from './jacobianOf.js'
import { factorize, solveFactored } from './lu.js'

/**
 * The matrix I − cJ of a simplified Newton iteration, decomposed. What it is made of lies in the state's memory
 * from `offset` on, n² + 2 numbers: J, c, and whether J belongs to the state's (t, y); so that a state that
 * was stored, or put back, goes on with the very same matrix.
 */
export interface IterationMatrix {
  /** numbers of memory */
  readonly size: number
  /** makes the decomposition that of the state */
  restore(state: StepState): void
  /** evaluates J at (clock[0], y) */
  renew(state: StepState, clock: Float64Array): void
  /** the c that is wanted */
  readonly wanted: Float64Array
  /** decomposes I − cJ where c is another than before; false where it is singular */
  factor(state: StepState): boolean
  solve(b: Float64Array): void
  /** whether J was evaluated at the state's (t, y) */
  isCurrent(state: StepState): boolean
  /** whether J is known at all */
  isKnown(state: StepState): boolean
  /** the state has moved on */
  age(state: StepState): void
  /** J shall be evaluated before it is used again */
  forget(state: StepState): void
}

/** Where the numbers behind J lie, from its end on. */
const coefficient = 0
const standing = 1

/** What is known of J: nothing, that of an earlier state, that of this one. */
const standings = { unknown: 0, older: 1, current: 2 } as const

/** A second decomposition that is made of J and c whenever the first is; false where it is singular. */
export type SecondMatrix = (J: Float64Array, wanted: Float64Array) => boolean

export function iterationMatrix(problem: Problem, offset: number, second?: SecondMatrix): IterationMatrix {
  const n = problem.size
  const tail = offset + n * n
  const [now, wanted] = [new Float64Array(1), new Float64Array(1)]
  const jacobian = jacobianOf(problem, now)
  const [J, W] = [new Float64Array(n * n), new Float64Array(n * n)]
  const pivots = new Int32Array(n)
  /** the c of W; 0 where there is none (a variable of this scope would be a new object with every double) */
  const made = new Float64Array(1)

  const decompose = (): boolean => {
    const c = wanted[0] as number
    for (let i = 0; i < n * n; i++) W[i] = -c * (J[i] as number)
    for (let i = 0; i < n; i++) W[i * n + i] = (W[i * n + i] as number) + 1
    const regular = factorize(W, n, pivots) && (second === undefined || second(J, wanted))
    made[0] = regular ? c : 0
    return regular
  }

  return {
    size: n * n + 2,
    restore({ memory }) {
      const c = memory[tail + coefficient] as number
      if (memory[tail + standing] === standings.unknown) {
        made[0] = 0
        return
      }
      let same = made[0] === c
      for (let i = 0; i < n * n; i++) same = same && J[i] === memory[offset + i]
      if (same) return
      for (let i = 0; i < n * n; i++) J[i] = memory[offset + i] as number
      made[0] = 0
      wanted[0] = c
      if (c !== 0) decompose()
    },
    renew(state, clock) {
      const { memory, registers: R } = state
      now[0] = clock[0] as number
      R[slot.evaluations] = (R[slot.evaluations] as number) + jacobian(state.y, J)
      R[slot.jacobians] = (R[slot.jacobians] as number) + 1
      for (let i = 0; i < n * n; i++) memory[offset + i] = J[i] as number
      memory[tail + coefficient] = 0
      memory[tail + standing] = standings.current
      made[0] = 0
    },
    wanted,
    factor({ memory, registers: R }) {
      const c = wanted[0] as number
      if (made[0] === c) return true
      R[slot.factorisations] = (R[slot.factorisations] as number) + 1
      memory[tail + coefficient] = c
      return decompose()
    },
    solve: (b) => solveFactored(W, n, pivots, b),
    isCurrent: ({ memory }) => memory[tail + standing] === standings.current,
    isKnown: ({ memory }) => memory[tail + standing] !== standings.unknown,
    age({ memory }) {
      if (memory[tail + standing] === standings.current) memory[tail + standing] = standings.older
    },
    forget({ memory }) {
      memory[tail + standing] = standings.unknown
    },
  }
}
