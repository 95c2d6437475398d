import { compile, type Field, isField, jvp, misuse, shareTheta, vjp } from '@separatrix/field/core'
import type { Event } from '@separatrix/ode'

/** What an event adds to a solve, differentiated. Buffers are overwritten by the next call. */
export interface EventDerivative {
  /** [∇g, ∂g/∂θ, ∂g/∂t] of the event function at (t, y) */
  surface(t: number, y: Float64Array, theta: Float64Array): Float64Array
  /** undefined where the event leaves the state as it is */
  readonly reset: ResetDerivative | undefined
}

export interface ResetDerivative {
  value(t: number, y: Float64Array, theta: Float64Array): Float64Array
  /** (∂R/∂(y, θ, t))ᵀw */
  pull(t: number, y: Float64Array, w: Float64Array, theta: Float64Array): Float64Array
  /** ∂R/∂(y, θ, t)·v */
  push(t: number, y: Float64Array, v: Float64Array, theta: Float64Array): Float64Array
}

/** The derivatives of the events of a field; compiled once for each event function and reset. */
export function eventDerivatives(field: Field): (events: readonly Event[]) => EventDerivative[] {
  const surfaces = new WeakMap<Field, EventDerivative['surface']>()
  const resets = new WeakMap<Field, ResetDerivative>()
  return (events) =>
    events.map(({ name, when, reset }, i) => {
      const what = name ?? `events[${i}]`
      const g = expectEquations(`the function of ${what}`, when)
      const R = reset === undefined ? undefined : expectEquations(`the reset of ${what}`, reset)
      return {
        surface: found(surfaces, g, () => surfaceOf(shareTheta(g, field))),
        reset: R && found(resets, R, () => resetOf(shareTheta(R, field))),
      }
    })
}

/** A map as a field; one that is a plain function has no derivatives. */
export function expectEquations(what: string, given: unknown): Field {
  if (isField(given)) return given
  throw misuse({
    where: 'sensitivity',
    expected: `${what} as a field, whose derivatives move the time and the state of the event`,
    got: 'a function, which has none',
    try: "when: expression('x - 1', ['x', …]) and reset: system({ state: ['x', …], dynamics: { x: … } })",
    code: 'gradient-through-events',
  })
}

function found<T>(known: WeakMap<Field, T>, key: Field, make: () => T): T {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}

const wrt = ['state', 'theta', 'time'] as const

function surfaceOf(g: Field): EventDerivative['surface'] {
  const pull = compile(vjp(g, { wrt }))
  const out = new Float64Array(g.stateSize + g.theta.length + 1)
  const input = new Float64Array(g.stateSize + 1)
  return (t, y, theta) => {
    input.set(y)
    input[g.stateSize] = 1
    pull(t, input, out, theta)
    return out
  }
}

function resetOf(R: Field): ResetDerivative {
  const [n, p] = [R.stateSize, R.theta.length]
  const [f, pull, push] = [compile(R), compile(vjp(R, { wrt })), compile(jvp(R, { wrt }))]
  const [after, tangent] = [new Float64Array(n), new Float64Array(n)]
  const cotangent = new Float64Array(n + p + 1)
  const [yw, yv] = [new Float64Array(2 * n), new Float64Array(2 * n + p + 1)]
  return {
    value(t, y, theta) {
      f(t, y, after, theta)
      return after
    },
    pull(t, y, w, theta) {
      yw.set(y)
      yw.set(w, n)
      pull(t, yw, cotangent, theta)
      return cotangent
    },
    push(t, y, v, theta) {
      yv.set(y)
      yv.set(v, n)
      push(t, yv, tangent, theta)
      return tangent
    },
  }
}
