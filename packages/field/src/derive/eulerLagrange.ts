import { shareTheta } from '../build/shareTheta.js'
import { misuse } from '../error.js'
import { expectField, expectSameOrder, type Field } from '../field.js'
import { Builder, type Ref } from '../graph/builder.js'
import { embed } from '../graph/embed.js'
import { makeField } from '../makeField.js'
import { pullback } from './pullback.js'
import { pushforward } from './pushforward.js'
import { solvePositiveDefinite } from './solvePositiveDefinite.js'

export interface LagrangianOptions {
  /** T(q, q′), a scalar field on [q; v], quadratic in v; its parameters are those of the system */
  readonly kinetic: Field
  /** V(q), a scalar field on [q; v]; parameters of the same name are the kinetic energy's, the others constants */
  readonly potential: Field
}

export interface EulerLagrangeOptions extends LagrangianOptions {
  /**
   * generalised forces Q(t, q, v, u), a field on [q; v] of length k, whose inputs become the system's; none if left
   * out. Parameters of the same name are the kinetic energy's, the others constants
   */
  readonly force?: Field
}

/** M(q)a + bias(q, v) = Q in a graph: rows of the mass matrix, and Coriolis, centrifugal and potential forces. */
export interface MotionTerms {
  readonly mass: readonly Ref[]
  readonly bias: Ref
}

/**
 * The terms of Lagrange's equations at a state [q; v], by differentiation of the energies:
 * with p = ∂T/∂v, M = ∂p/∂v and bias = ∂p/∂q·v − ∂(T − V)/∂q. Made of derivatives that are taken at the leaf and then
 * moved to `state`, which may be any vector of that length.
 */
export function motionTerms(b: Builder, { kinetic, potential }: LagrangianOptions, state?: Ref): MotionTerms {
  const terms = motionField({ kinetic, potential })
  const k = kinetic.stateSize / 2
  const all = embed(b, terms, state === undefined ? {} : { state })
  const slice = (start: number) => b.gather(all, range(start, k))
  return { mass: range(0, k).map((i) => slice(i * k)), bias: slice(k * k) }
}

/**
 * Equations of motion from energies, as a field of [q; v]: q′ = v, M(q)v′ + bias(q, v) = Q(t, q, v, u), from
 * d/dt ∂T/∂v − ∂T/∂q + ∂V/∂q = Q, the mass matrix solved within the graph. Shapes: k coordinates, 2k states, Q of
 * length k. Errors: T has to be quadratic in v with a positive definite M; where it is not, values are not finite or
 * wrong in the same way as the energies. Cost: about k + 3 evaluations of T, and k³/6 products. Goldstein, Poole &
 * Safko, Classical Mechanics, eq. 1.57.
 * @example
 * const [names, params] = [['theta', 'omega'], { m: 0.15, l: 0.5, g: 9.81 }]
 * eulerLagrange({
 *   kinetic: expression('m*l^2*omega^2/2', names, params),
 *   potential: expression('m*g*l*cos(theta)', names, params),
 *   force: expression('-0.1*omega', names),
 * })
 */
export function eulerLagrange({ kinetic, potential, force }: EulerLagrangeOptions): Field {
  checkEnergies({ kinetic, potential })
  const k = kinetic.stateSize / 2
  if (force !== undefined) checkForce(kinetic, force)
  const b = new Builder()
  const { mass, bias } = motionTerms(b, { kinetic, potential })
  const right = force === undefined ? b.neg(bias) : b.sub(embed(b, shareTheta(force, kinetic)), bias)
  const velocity = b.gather(b.leaf('state', 2 * k), range(k, k))
  return makeField(b, b.concat([velocity, solvePositiveDefinite(b, mass, right)]), {
    ...kinetic,
    name: `eulerLagrange(${kinetic.name})`,
    inputNames: force?.inputNames ?? [],
  })
}

/** [rows of M; bias] as a field of [q; v]. */
function motionField({ kinetic, potential }: LagrangianOptions): Field {
  const k = kinetic.stateSize / 2
  const b = new Builder()
  const x = b.leaf('state', 2 * k)
  const one = b.constant(1)
  const T = embed(b, kinetic)
  const [dT] = pullback(b, T, one, [x])
  const momentum = b.gather(dT, range(k, k))
  const rows = range(0, k).map((i) => {
    const [row] = pullback(b, b.gather(momentum, [i]), one, [x])
    return b.gather(row, range(k, k))
  })
  const drift = b.concat([b.gather(x, range(k, k)), b.zeros(k)])
  const change = pushforward(b, momentum, new Map([[x, drift]]))
  const [dV] = pullback(b, embed(b, shareTheta(potential, kinetic)), one, [x])
  const bias = b.add(b.sub(change, b.gather(dT, range(0, k))), b.gather(dV, range(0, k)))
  return makeField(b, b.concat([...rows, bias]), { ...kinetic, name: `motion(${kinetic.name})` })
}

const range = (start: number, length: number) => Array.from({ length }, (_, i) => start + i)

function checkEnergies({ kinetic, potential }: LagrangianOptions): void {
  for (const energy of [kinetic, potential]) {
    expectField('eulerLagrange', energy)
    expectSameOrder('eulerLagrange', kinetic, energy)
    const fits = energy.outputSize === 1 && energy.inputSize === 0 && energy.stateSize === kinetic.stateSize
    if (fits && energy.stateSize % 2 === 0) continue
    throw misuse({
      where: 'eulerLagrange',
      expected: 'scalar energies of the same positions and velocities [q; v]',
      got: `${energy.name}: R^${energy.stateSize} → R^${energy.outputSize}`,
      try: "expression('m*v^2/2', ['x', 'v'], { m: 1 })",
      code: 'wrong-dimension',
    })
  }
}

function checkForce(kinetic: Field, force: Field): void {
  expectField('eulerLagrange', force)
  expectSameOrder('eulerLagrange', kinetic, force)
  const k = kinetic.stateSize / 2
  if (force.stateSize === 2 * k && force.outputSize === k) return
  throw misuse({
    where: 'eulerLagrange',
    expected: `generalised forces R^${2 * k} → R^${k}`,
    got: `R^${force.stateSize} → R^${force.outputSize}`,
    try: 'one force per coordinate',
    code: 'wrong-dimension',
  })
}
