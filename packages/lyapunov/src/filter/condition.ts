import {
  Builder,
  compile,
  embed,
  expectField,
  type Field,
  jacobian,
  makeField,
  mergeTheta,
  misuse,
  pullback,
  scalarize,
} from '@separatrix/field/core'
import { vanishingOutputs } from './vanishing.js'

/**
 * A condition ±(L_fS + L_gS·u + αS) ≥ 0 on the input, S a scalar field: + for a barrier, − for a Lyapunov
 * function.
 */
export interface Condition {
  /** offset + slope·u ≥ 0 at the state last evaluated; slope is overwritten by the next call */
  evaluate(t: number, x: ArrayLike<number>): number
  readonly slope: Float64Array
  /** size of the terms that the offset is the sum of, for telling rounding */
  magnitude(): number
}

/** Compiles a condition for a control-affine plant. */
export function condition(
  where: string,
  plant: Field,
  { scalar, alpha, sign }: { readonly scalar: Field; readonly alpha: number; readonly sign: 1 | -1 },
): Condition {
  expectField(where, plant)
  expectField(where, scalar)
  const evaluate = compile(affineParts(where, plant, scalar))
  const out = new Float64Array(2 + plant.inputSize)
  const slope = new Float64Array(plant.inputSize)
  return {
    slope,
    evaluate(t, x) {
      evaluate(t, x, out)
      for (let i = 0; i < slope.length; i++) slope[i] = sign * out[2 + i]
      return sign * (out[1] + alpha * out[0])
    },
    magnitude: () => Math.abs(out[1]) + Math.abs(alpha * out[0]),
  }
}

/**
 * What a condition on a control-affine plant x' = f(x) + g(x)u consists of, as one field of length 2
 * + k: [B; L_f B; L_g B] at (t, x). θ is the plant's, then the barrier's. Refuses plants that are not affine
 * in u, and barriers whose rate u does not enter.
 */
function affineParts(where: string, plant: Field, barrier: Field): Field {
  checkShapes(where, plant, barrier)
  const inputMatrix = scalarize(jacobian(plant, { wrt: 'input' }))
  if (inputMatrix.nodes.some((node) => node.op === 'input'))
    throw misuse({
      where,
      expected: "a plant that is affine in its inputs, x' = f(x) + g(x)u",
      got: `${plant.name}, where ∂f/∂u depends on u`,
      try: 'a state for the input and its rate as the new input',
      code: 'not-control-affine',
    })
  const { theta, layout, offsets } = mergeTheta([plant, barrier])
  const b = new Builder()
  const all = b.leaf('theta', theta.length)
  const part = (at: number, length: number) =>
    b.gather(
      all,
      Array.from({ length }, (_, i) => at + i),
    )
  const own = part(offsets[0], plant.theta.length)
  const [n, k] = [plant.stateSize, plant.inputSize]
  const value = embed(b, barrier, { theta: part(offsets[1], barrier.theta.length) })
  const [slope] = pullback(b, value, b.constant(1), [b.leaf('state', n)])
  const drift = b.dot(slope, embed(b, plant, { theta: own, input: b.zeros(k) }))
  const control = b.matvec(embed(b, inputMatrix, { theta: own }), slope, n, k, true)
  const parts = makeField(b, b.concat([value, drift, control]), {
    name: `condition of ${barrier.name}`,
    stateNames: plant.stateNames,
    inputNames: [],
    theta,
    layout,
  })
  if (vanishingOutputs(parts).slice(2).every(Boolean))
    throw misuse({
      where,
      expected: 'a function of the state whose rate the input enters (relative degree 1)',
      got: `${barrier.name}, for which L_gB = 0 at every state`,
      try: 'a high-order barrier: B₁ = L_fB + α₁B has relative degree one less, and its filter keeps {B ≥ 0, B₁ ≥ 0}',
      code: 'relative-degree',
    })
  return parts
}

function checkShapes(where: string, plant: Field, barrier: Field): void {
  if (plant.inputSize === 0)
    throw misuse({
      where,
      expected: 'a plant with inputs',
      got: `${plant.name} without`,
      try: "system({ …, input: ['u'] })",
      code: 'no-inputs',
    })
  if (barrier.outputSize === 1 && barrier.stateSize === plant.stateSize && barrier.inputSize === 0) return
  throw misuse({
    where,
    expected: `a scalar field on R^${plant.stateSize}`,
    got: `R^${barrier.stateSize} → R^${barrier.outputSize}`,
    try: 'expression(text, plant.stateNames)',
    code: 'wrong-dimension',
  })
}
