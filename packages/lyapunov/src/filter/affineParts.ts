import {
  Builder,
  embed,
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
 * What a barrier condition on a control-affine plant x' = f(x) + g(x)u consists of, as one field of length 2
 * + k: [B; L_f B; L_g B] at (t, x). θ is the plant's, then the barrier's. Refuses plants that are not affine
 * in u, and barriers whose rate u does not enter.
 */
export function affineParts(plant: Field, barrier: Field): Field {
  checkShapes(plant, barrier)
  const inputMatrix = scalarize(jacobian(plant, { wrt: 'input' }))
  if (inputMatrix.nodes.some((node) => node.op === 'input'))
    throw misuse({
      where: 'cbfQp',
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
    name: `barrier condition of ${barrier.name}`,
    stateNames: plant.stateNames,
    inputNames: [],
    theta,
    layout,
  })
  if (vanishingOutputs(parts).slice(2).every(Boolean))
    throw misuse({
      where: 'cbfQp',
      expected: 'a barrier whose rate the input enters (relative degree 1)',
      got: `${barrier.name}, for which L_gB = 0 at every state`,
      try: "a high-order barrier: B₁ = L_fB + α₁B has relative degree one less, and {B ≥ 0, B₁ ≥ 0} is kept by B₁'s filter",
      code: 'relative-degree',
    })
  return parts
}

function checkShapes(plant: Field, barrier: Field): void {
  const where = 'cbfQp'
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
    expected: `a scalar barrier on R^${plant.stateSize}`,
    got: `R^${barrier.stateSize} → R^${barrier.outputSize}`,
    try: 'expression(text, plant.stateNames)',
    code: 'wrong-dimension',
  })
}
