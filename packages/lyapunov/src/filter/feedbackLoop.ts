import { compile, expectField, type Field, misuse } from '@separatrix/field/core'

/**
 * A plant under a controller that is a program rather than a field, as a function for `solve`: x' = f(t, x, u(x, t)).
 * @example
 * const plant = system({ state: ['x', 'v'], input: ['u'], dynamics: { x: 'v', v: 'u' } })
 * const filter = cbfQp({ plant, barrier: expression('1 - x', ['x', 'v']), alpha: [2, 2] })
 * const loop = feedbackLoop(plant, (x, t) => filter(x, [1], t).u)
 * solve(loop, [0, 0], [0, 5], { method: rk4, step: 0.01 }).at(5) // pushed at the wall, and stopped
 */
export function feedbackLoop(
  plant: Field,
  control: (x: Float64Array, t: number) => ArrayLike<number>,
): (t: number, x: Float64Array, dxdt: Float64Array) => void {
  expectField('feedbackLoop', plant)
  const f = compile(plant)
  return (t, x, dxdt) => {
    const u = control(x, t)
    if (u.length !== plant.inputSize)
      throw misuse({
        where: 'feedbackLoop',
        expected: `an input of length ${plant.inputSize}`,
        got: `length ${u?.length}`,
        try: '(x, t) => filter(x, wish, t).u',
        code: 'wrong-dimension',
      })
    f(t, x, dxdt, plant.theta, u)
  }
}
