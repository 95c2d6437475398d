import { compile, expectField, type Field, jacobian, makeArray, misuse } from '@separatrix/field/core'
import type { NdArray } from 'ndarray'

/**
 * The linearization x' ≈ A·(x − x̄) + B·(u − ū) about (x̄, ū), both 0 unless given: A = ∂f/∂x, n × n, and
 * B = ∂f/∂u, n × m, by exact differentiation.
 * @example
 * const pendulum = system({ state: ['theta', 'omega'], input: ['u'], dynamics: { theta: 'omega', omega: 'sin(theta) - omega + u' } })
 * const { A, B } = linearize(pendulum)
 * lqr(A, B, [[1, 0], [0, 1]], [[1]]).K
 */
export function linearize(
  field: Field,
  x: ArrayLike<number> = new Float64Array(field.stateSize),
  u: ArrayLike<number> = new Float64Array(field.inputSize),
): { readonly A: NdArray<Float64Array>; readonly B: NdArray<Float64Array> } {
  expectField('linearize', field)
  if (x.length !== field.stateSize || u.length !== field.inputSize)
    throw misuse({
      where: 'linearize',
      expected: `a state of length ${field.stateSize} and an input of length ${field.inputSize}`,
      got: `${x.length} and ${u.length}`,
      try: 'linearize(field) for the origin',
      code: 'wrong-dimension',
    })
  const part = (wrt: 'state' | 'input', size: number) => {
    const out = new Float64Array(field.outputSize * size)
    if (size > 0) compile(jacobian(field, { wrt }))(0, x, out, field.theta, u)
    return makeArray(out, [field.outputSize, size])
  }
  return { A: part('state', field.stateSize), B: part('input', field.inputSize) }
}
