import {
  Builder,
  embed,
  expectField,
  type Field,
  jacobian,
  makeField,
  mergeTheta,
  misuse,
  pullback,
  type Ref,
  scalarize,
} from '@separatrix/field/core'
import { vanishingOutputs } from './vanishing.js'

/**
 * A scalar function S on the state of a control-affine plant, followed by its high-order companions
 * ψ₀ = S, ψᵢ = L_fψᵢ₋₁ + αᵢψᵢ₋₁ (Xiao & Belta, "Control barrier functions for systems with high relative degree", CDC
 * 2019, eq. 9 with linear class-K functions).
 */
export interface Chain {
  /** ψ₀ … ψ_{r−1}, each a field of the state */
  readonly members: readonly Field[]
  /** [ψ; L_fψ; L_gψ; Σ w̄ᵢ|∂ψ/∂xᵢ|] of the last member, of length 3 + k; its θ is the plant's, then S's */
  readonly parts: Field
}

export interface ChainOptions {
  readonly scalar: Field
  /** α₁ … α_{r−1} of the members */
  readonly alphas: readonly number[]
  /** w̄: bounds of a disturbance |wᵢ| ≤ w̄ᵢ added to each state's rate */
  readonly disturbance?: readonly number[]
}

/**
 * Builds a chain by exact differentiation. Refuses plants that are not affine in u, and a chain whose input enters
 * before its last member or not there: the relative degree is read off the graph, for every state at once.
 */
export function affineParts(
  where: string,
  plant: Field,
  { scalar, alphas, disturbance }: ChainOptions,
): Chain {
  checkShapes(where, plant, scalar)
  const bounds = disturbance ?? []
  checkDisturbance(where, plant, bounds)
  const inputMatrix = expectAffine(where, plant)
  const { theta, layout, offsets } = mergeTheta([plant, scalar])
  const b = new Builder()
  const all = b.leaf('theta', theta.length)
  const part = (at: number, length: number) =>
    b.gather(
      all,
      Array.from({ length }, (_, i) => at + i),
    )
  const own = part(offsets[0], plant.theta.length)
  const [n, k] = [plant.stateSize, plant.inputSize]
  const x = b.leaf('state', n)
  const f = embed(b, plant, { theta: own, input: b.zeros(k) })
  const g = embed(b, inputMatrix, { theta: own })
  const header = { stateNames: plant.stateNames, inputNames: [], theta, layout }
  const field = (output: Ref, name: string) => makeField(b, output, { ...header, name })
  const isZero = (output: Ref) => vanishingOutputs(field(output, 'zero?')).every(Boolean)
  const rates = (value: Ref) => {
    const [slope] = pullback(b, value, b.constant(1), [x])
    return { slope, drift: b.dot(slope, f), control: b.matvec(g, slope, n, k, true) }
  }
  // where an input enters
  let value = embed(b, scalar, { theta: part(offsets[1], scalar.theta.length) })
  const members = [field(value, scalar.name)]
  for (const [i, alpha] of alphas.entries()) {
    const { slope, drift, control } = rates(value)
    if (!isZero(control)) throw wrongDegree(where, scalar, `${i + 1}`, alphas.length + 1)
    if (bounds.length > 0 && !isZero(b.mul(slope, b.constant(bounds))))
      throw misuse({
        where,
        expected: 'a disturbance that enters no earlier than the input',
        got: `one that changes member ${i + 1} of ${scalar.name}'s chain directly`,
        try: 'a barrier of relative degree 1, whose margin can take it up',
        code: 'relative-degree',
      })
    value = b.add(drift, b.mul(b.constant(alpha), value))
    members.push(field(value, `ψ${i + 1} of ${scalar.name}`))
  }
  const { slope, drift, control } = rates(value)
  if (isZero(control)) throw wrongDegree(where, scalar, `more than ${alphas.length + 1}`, alphas.length + 1)
  const spread = bounds.length === 0 ? b.zeros(1) : b.dot(b.unary('abs', slope), b.constant(bounds))
  return { members, parts: field(b.concat([value, drift, control, spread]), `condition of ${scalar.name}`) }
}

function wrongDegree(where: string, scalar: Field, degree: string, given: number) {
  return misuse({
    where,
    expected: `a function of the state of relative degree ${given}: u enters its rate of order ${given} first`,
    got: `${scalar.name}, of relative degree ${degree}`,
    try: 'one α per order for a barrier (alpha: [α₁, α₂] for a position under a force), or a V with u in V̇',
    code: 'relative-degree',
  })
}

/** ∂f/∂u, which must not depend on u. */
function expectAffine(where: string, plant: Field): Field {
  const inputMatrix = scalarize(jacobian(plant, { wrt: 'input' }))
  if (!inputMatrix.nodes.some((node) => node.op === 'input')) return inputMatrix
  throw misuse({
    where,
    expected: "a plant that is affine in its inputs, x' = f(x) + g(x)u",
    got: `${plant.name}, where ∂f/∂u depends on u`,
    try: 'a state for the input and its rate as the new input',
    code: 'not-control-affine',
  })
}

function checkShapes(where: string, plant: Field, scalar: Field): void {
  expectField(where, plant)
  expectField(where, scalar)
  if (plant.inputSize === 0)
    throw misuse({
      where,
      expected: 'a plant with inputs',
      got: `${plant.name} without`,
      try: "system({ …, input: ['u'] })",
      code: 'no-inputs',
    })
  if (scalar.outputSize === 1 && scalar.stateSize === plant.stateSize && scalar.inputSize === 0) return
  throw misuse({
    where,
    expected: `a scalar field on R^${plant.stateSize}`,
    got: `R^${scalar.stateSize} → R^${scalar.outputSize}`,
    try: 'expression(text, plant.stateNames)',
    code: 'wrong-dimension',
  })
}

function checkDisturbance(where: string, plant: Field, bounds: readonly number[]): void {
  const isFine = bounds.every((w) => w >= 0 && Number.isFinite(w))
  if (bounds.length === 0 || (bounds.length === plant.stateSize && isFine)) return
  throw misuse({
    where,
    expected: `${plant.stateSize} bounds w̄ ≥ 0 of the disturbance, one per state`,
    got: `[${bounds.join(', ')}]`,
    try: 'disturbance: [0, 0.1]',
    code: 'bad-disturbance',
  })
}
