import {
  Builder,
  embed,
  type Field,
  jvp,
  makeField,
  misuse,
  type Ref,
  shareTheta,
} from '@separatrix/field/core'
import type { Event } from '@separatrix/ode'
import { expectEquations } from './steps/eventDerivatives.js'

const wrt = ['state', 'theta', 'time'] as const

/**
 * Events of the field `extended`, (y, v)′ with a tangent v and θ followed by dθ, from those of y: the surface is that
 * of y, and the reset carries the tangent over. With g the event function, R the reset and dτ = −(∇g·v +
 * ∂g/∂θ dθ)/(∇g·f⁻ + ∂g/∂t) the shift of the event's time: v⁺ = ∂R(v + f⁻dτ) + ∂R/∂θ dθ + ∂R/∂t dτ − f⁺dτ, the
 * saltation matrix times v. Kong, Payne, Zhu & Johnson, "Saltation Matrices", Proceedings of the IEEE 112, 2024.
 */
export function tangentEvents(field: Field, extended: Field, events: readonly Event[]): readonly Event[] {
  return events.map((event, i) => {
    const what = event.name ?? `events[${i}]`
    refuseTerminal(what, event)
    const g = shareTheta(expectEquations(`the function of ${what}`, event.when), field)
    const R =
      event.reset === undefined
        ? undefined
        : shareTheta(expectEquations(`the reset of ${what}`, event.reset), field)
    return {
      ...event,
      when: onExtended(extended, field, (b, { y, theta }) => embed(b, g, { state: y, theta })),
      ...(R && { reset: onExtended(extended, field, (b, leaves) => resetBoth(b, { field, g, R }, leaves)) }),
    }
  })
}

interface Leaves {
  readonly y: Ref
  readonly v: Ref
  readonly theta: Ref
  readonly dtheta: Ref
}

/** A map of the extended state, with its parameters. */
function onExtended(
  extended: Field,
  { stateSize: n, theta: { length: p } }: Field,
  draw: (b: Builder, leaves: Leaves) => Ref,
): Field {
  const b = new Builder()
  const range = (from: number, length: number) => Array.from({ length }, (_, i) => from + i)
  const [state, parameters] = [b.leaf('state', 2 * n), b.leaf('theta', 2 * p)]
  const output = draw(b, {
    y: b.gather(state, range(0, n)),
    v: b.gather(state, range(n, n)),
    theta: b.gather(parameters, range(0, p)),
    dtheta: b.gather(parameters, range(p, p)),
  })
  return makeField(b, output, { ...extended, name: `event of ${extended.name}` })
}

/** [R(t, y); v⁺] */
function resetBoth(
  b: Builder,
  { field, g, R }: { readonly field: Field; readonly g: Field; readonly R: Field },
  { y, v, theta, dtheta }: Leaves,
): Ref {
  const [n, p] = [field.stateSize, field.theta.length]
  const push = (map: Field, along: readonly [state: Ref, theta: Ref, time: Ref]) =>
    embed(b, jvp(map, { wrt }), { state: b.concat([y, ...along]), theta })
  const before = embed(b, field, { state: y, theta })
  const speed = push(g, [before, b.zeros(p), b.constant(1)])
  const shift = b.neg(b.div(push(g, [v, dtheta, b.constant(0)]), speed))
  const by = (rate: Ref) => b.mul(rate, b.broadcast(shift, n))
  const value = embed(b, R, { state: y, theta })
  const after = embed(b, field, { state: value, theta })
  const moved = push(R, [b.add(v, by(before)), dtheta, shift])
  return b.concat([value, b.sub(moved, by(after))])
}

function refuseTerminal(what: string, { terminal = false }: Event): void {
  if (terminal === false) return
  throw misuse({
    where: 'hessianVector',
    expected: `${what} not to end the solve, since its time would move the last output`,
    got: 'terminal: true',
    try: 'differences of sensitivity(…), which takes it',
    code: 'hessian-through-events',
  })
}
