import { compile, type Field } from '@separatrix/field/core'
import { affineParts } from './affineParts.js'

/**
 * Sontag's universal formula, a controller for any control Lyapunov function without a program to solve: with a = L_fV and
 * b = (L_gV)ᵀ
 *
 *   u = −b (a + √(a² + |b|⁴))/|b|²  where b ≠ 0, else 0,   so that V̇ = −√(a² + |b|⁴)
 *
 * It is as smooth as the plant and V off the origin (Sontag, Systems & Control Letters 13 (1989), eq. 4). Where a < 0 the
 * quotient is computed as |b|²/(√(a² + |b|⁴) − a), which does not cancel. Returns u (k), overwritten by the next call.
 * @example
 * const plant = system({ state: ['x'], input: ['u'], dynamics: { x: 'x^3 + u' } })
 * const control = sontag({ plant, V: expression('x^2/2', ['x']) })
 * control([1]) // −1 − √2
 */
export function sontag({
  plant,
  V,
}: {
  readonly plant: Field
  readonly V: Field
}): (x: ArrayLike<number>, t?: number) => Float64Array {
  const evaluate = compile(affineParts('sontag', plant, { scalar: V, alphas: [] }).parts)
  const k = plant.inputSize
  const out = new Float64Array(3 + k)
  const u = new Float64Array(k)
  return (x, t = 0) => {
    evaluate(t, x, out)
    const a = out[1]
    let square = 0
    for (let i = 0; i < k; i++) square += out[2 + i] * out[2 + i]
    const root = Math.hypot(a, square)
    const factor = square === 0 ? 0 : a < 0 ? square / (root - a) : (a + root) / square
    for (let i = 0; i < k; i++) u[i] = 0 - factor * out[2 + i]
    return u
  }
}
