import type { Field } from '@separatrix/field/core'
import type { Method, Solution, SolveOptions, SolveStats, SolveStatus } from '@separatrix/ode'
import type { SolutionLoss } from './loss.js'

/** A solve and a loss of its outputs. */
export interface GradientOptions extends Omit<SolveOptions, 'observers'> {
  /** of outputs and events; may be left out where there is an `integral` */
  readonly loss?: SolutionLoss
  /**
   * a running cost c(t, y, θ), a scalar field: L = loss + ∫c dt over the solve. Its parameters are the field's
   * where they have the same name, and constants otherwise
   */
  readonly integral?: Field
  /**
   * how the equations backwards in time are solved, for the ways that have such equations; as forwards where
   * not given
   */
  readonly backward?: Partial<Pick<SolveOptions, 'method' | 'rtol' | 'atol' | 'step' | 'maxSteps'>>
  /**
   * for `discrete`: the most states kept at a time, where all of them are too many; what is between them is
   * computed again, so that memory does not grow with the number of steps
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
  /** ∂L/∂t₀ at constant output times, y₀ being the state at t₀; an output at t₀ is y₀ */
  readonly dt0: number
  /** ∂L/∂t₁, outputs at t₁ moving along; 0 where a terminal event ends the solve */
  readonly dt1: number
  /** for `gaussKronrod`: an estimate of the largest error of the integrals for θ, that of the solves apart */
  readonly quadratureError?: number
  /** of the solve forwards */
  readonly stats: SolveStats
  /**
   * 'success', or 'terminated' by an event; or why a solve ended early, 'unstable' where y solved backwards or
   * reversibly has left the solution, 'grazing' where a solution touches the surface of an event without
   * crossing it, so that the event's time has no derivative: value and gradients are then NaN
   */
  readonly status: SolveStatus | 'unstable' | 'grazing'
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
  return {
    value: Number.NaN,
    dy0: nothing(n),
    dtheta: nothing(p),
    dt0: Number.NaN,
    dt1: Number.NaN,
    stats,
    status,
    message,
  }
}

/** ∂L/∂ of everything that a solve starts from. */
export interface Gradient {
  readonly value: number
  readonly dy0: Float64Array
  /** ∂L/∂(θ, t₀) */
  readonly mu: Float64Array
  readonly dt1: number
}

/** The result of a solve and its gradient, where that is finite. */
export function withGradient(solution: Solution, { value, dy0, mu, dt1 }: Gradient): Sensitivity {
  const { stats, status, message, events } = solution
  const p = mu.length - 1
  const finite = mu.every(Number.isFinite) && Number.isFinite(dt1)
  if (events.length > 0 && !(finite && dy0.every(Number.isFinite)))
    return noGradient({ stats, status: 'grazing', message: grazed }, dy0.length, p)
  return { value, dy0, dtheta: mu.slice(0, p), dt0: mu[p], dt1, stats, status, message }
}

const grazed =
  'an event is touched, not crossed: its function does not change along the solution there, so that its time has no derivative. Try an event function that vanishes with a slope, or leaving the event out of the loss.'

/** Whether a solve came to its end: that of the span, or a terminal event. */
export function isOver({ status }: Pick<Solution, 'status'>): boolean {
  return status === 'success' || status === 'terminated'
}

/** The options of the solve forwards. */
export function solving({
  loss: _loss,
  integral: _integral,
  backward: _backward,
  checkpoints: _checkpoints,
  coupling: _coupling,
  ...rest
}: GradientOptions): SolveOptions {
  return rest
}
