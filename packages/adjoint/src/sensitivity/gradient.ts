import { type Field, makeArray, misuse } from '@separatrix/field/core'
import type { Method, Solution, SolveOptions, SolveStats, SolveStatus } from '@separatrix/ode'
import type { SolutionLoss } from './loss.js'

/** A solve and a loss of its outputs. */
export interface GradientOptions extends Omit<SolveOptions, 'observers' | 'events'> {
  readonly loss: SolutionLoss
  /**
   * how the equations backwards in time are solved, for the ways that have such equations; as forwards where
   * not given
   */
  readonly backward?: Partial<Pick<SolveOptions, 'method' | 'rtol' | 'atol' | 'step' | 'maxSteps'>>
  /**
   * for `discrete`: the states kept at a time, where all of them are too many; the others are computed again
   */
  readonly checkpoints?: number
  /**
   * for `reversible`: λ in (0, 1], .999 by default; smaller is stabler, and going back multiplies rounding by
   * 1/λ a step
   */
  readonly coupling?: number
}

export interface Sensitivity {
  readonly value: number
  /** ∂L/∂y₀ */
  readonly dy0: Float64Array
  /** ∂L/∂θ, laid out as field.layout */
  readonly dtheta: Float64Array
  /** of the solve forwards */
  readonly stats: SolveStats
  /**
   * 'success', or why a solve ended early, or 'unstable' where y solved backwards or reversibly has left the
   * solution: value and gradients are then NaN
   */
  readonly status: SolveStatus | 'unstable'
  readonly message: string
}

/** A gradient computation whose derivatives are compiled; `theta` may differ from call to call. */
export type PreparedSensitivity = (
  y0: ArrayLike<number>,
  span: readonly [number, number],
  options: GradientOptions,
) => Sensitivity

/** One way to gradients: compiles what it needs for a field and a method. */
export type Way = (field: Field, method: Method) => PreparedSensitivity

/** The result where a solve ended early. */
export function noGradient(
  { stats, status, message }: Pick<Sensitivity, 'stats' | 'status' | 'message'>,
  n: number,
  p: number,
): Sensitivity {
  const nothing = (length: number) => new Float64Array(length).fill(Number.NaN)
  return { value: Number.NaN, dy0: nothing(n), dtheta: nothing(p), stats, status, message }
}

/** The loss of a solution, and ∂L/∂y of its outputs, row-major. */
export function lossOf(
  loss: SolutionLoss,
  { y }: Pick<Solution, 'y'>,
): { readonly value: number; readonly cotangents: Float64Array } {
  const cotangents = new Float64Array(y.data.length)
  const value = loss.value(y)
  loss.gradient(y, makeArray(cotangents, y.shape))
  return { value, cotangents }
}

/** The options of the solve forwards. Events are refused: their times depend on what is differentiated. */
export function solving({
  loss: _loss,
  backward: _backward,
  checkpoints: _checkpoints,
  coupling: _coupling,
  ...rest
}: GradientOptions): SolveOptions {
  if ('events' in rest)
    throw misuse({
      where: 'sensitivity',
      expected: 'a solve without events',
      got: 'events, whose times move with y₀ and θ',
      try: 'breakpoints for jumps at known times',
      code: 'gradient-through-events',
    })
  return rest
}
