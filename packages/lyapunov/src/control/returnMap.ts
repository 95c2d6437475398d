import { prepareSensitivity, type Via } from '@separatrix/adjoint'
import { type Field, makeArray } from '@separatrix/field/core'
import type { Event, SolveOptions } from '@separatrix/ode'
import type { NdArray } from 'ndarray'
import { type Complex, eigenvalues } from './eigenvalues.js'

export interface ReturnMapOptions extends Pick<SolveOptions, 'method' | 'rtol' | 'atol' | 'step' | 'theta'> {
  /** what brings a solution back: its first crossing, and its reset; fields, whose derivatives are known */
  readonly event: Omit<Event, 'terminal'>
  /** the longest time that a return may take */
  readonly within: number
  /** 'discrete' unless said: exact for the steps that were taken */
  readonly via?: Via
}

export interface ReturnMap {
  /** when it came back */
  readonly time: number
  /** the state after the reset */
  readonly after: Float64Array
  /** ∂after/∂y₀, [n, n] */
  readonly jacobian: NdArray<Float64Array>
  /** its eigenvalues, the largest in absolute value first; of a fixed point the Floquet multipliers of the orbit */
  readonly multipliers: readonly Complex[]
  /** 'success', or why there is none: the numbers are NaN then, and no multipliers */
  readonly status: 'success' | 'no-return' | 'failed'
  readonly message: string
}

/**
 * Poincaré's return map of a system with events, P(y₀) = the state after the first crossing, and its Jacobian, from
 * gradients through the solve and the event: the change of the crossing's time, f⁻ and f⁺, and the reset's derivative are
 * in it (the saltation matrix). An orbit with P(y*) = y* is stable where all multipliers but those of directions along
 * which y₀ leaves the section (0 with a reset onto one) lie inside the unit circle. Cost: n gradients.
 * @example
 * const ball = system({ state: ['h', 'v'], params: { g: 9.81 }, dynamics: { h: 'v', v: '-g' } })
 * const bounce = system({ state: ['h', 'v'], dynamics: { h: '0', v: '-0.5*v' } })
 * returnMap(ball, [1e-9, 1], {
 *   event: { when: expression('h', ['h', 'v']), direction: 'falling', reset: bounce },
 *   within: 1, method: tsit5, rtol: 1e-9, atol: 1e-9,
 * }).multipliers // about 0.5 and 0
 */
export function returnMap(
  field: Field,
  y0: ArrayLike<number>,
  { event, within, via = 'discrete', ...solving }: ReturnMapOptions,
): ReturnMap {
  const n = y0.length
  const gradient = prepareSensitivity(field, solving.method, via)
  const rows: number[] = []
  const after = new Float64Array(n).fill(Number.NaN)
  let time = Number.NaN
  for (let i = 0; i < n; i++) {
    const { value, dy0, status, message } = gradient(y0, [0, within], {
      ...solving,
      saveAt: 'end',
      events: [{ ...event, terminal: true }],
      loss: {
        value(_y, crossings) {
          time = crossings.t[0] ?? Number.NaN
          return crossings.t.length === 0 ? 0 : crossings.after.get(0, i)
        },
        gradient: (_y, _dy, crossings, d) => {
          if (crossings.t.length > 0) d.after.set(0, i, 1)
        },
      },
    })
    if (status !== 'terminated') return failed(n, status === 'success' ? undefined : message, within)
    after[i] = value
    rows.push(...dy0)
  }
  const data = Float64Array.from(rows)
  const multipliers = eigenvalues({ rows: n, cols: n, data }).sort((p, q) => size(q) - size(p))
  return {
    time,
    after,
    jacobian: makeArray(data, [n, n]),
    multipliers,
    status: 'success',
    message: `it returned at t = ${time}`,
  }
}

const size = ({ re, im }: Complex) => Math.hypot(re, im)

function failed(n: number, message: string | undefined, within: number): ReturnMap {
  const nothing = (length: number) => new Float64Array(length).fill(Number.NaN)
  return {
    time: Number.NaN,
    after: nothing(n),
    jacobian: makeArray(nothing(n * n), [n, n]),
    multipliers: [],
    status: message === undefined ? 'no-return' : 'failed',
    message:
      message ??
      `the event did not happen up to t = ${within}. Try a longer time, or another direction of the crossing.`,
  }
}
