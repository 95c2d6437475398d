import { type Builder, embed, type Field, freeze, type Ref } from '@separatrix/field/core'
import { factorize, solveFactored } from '@separatrix/ode'
import { type BipedParameters, bipedField, place, posture } from '../plants/biped/model.js'
import { gaitAt, gaitField, placeGait } from './gait.js'
import { accelerations, bipedTerms } from './motion.js'
import { toLinks } from './outputs.js'

/** Nodes of the polynomial that stands for the work along a step: 10 give the orbit of the trained gait to 1e-6. */
const nodeCount = 10
/** Below this ½σ² (a hundredth of a walk's) a step is not one: rates are taken as here, so that training can go on. */
const least = 1

/** The machine on its gait, with no error in the joints. */
interface ReducedMotion {
  /** [θ; θ′] */
  readonly state: Ref
  /** θ″ */
  readonly links: Ref
  /** ds/dt */
  readonly progressRate: Ref
  /** ½σ² */
  readonly energy: Ref
  /** (σ⁺/σ⁻)² at an impact, along the periodic orbit the multiplier of w */
  readonly multiplier: Ref
}

/**
 * Places the zero dynamics at [s, w]. With σ = 1ᵀMθ′ the angular momentum about the stance foot, σ = I(s)φ′ and
 * σ′ = G(s), the torque of gravity; so ζ = ½σ² obeys dζ/dφ = IG, which depends on s alone: ζ(s) = ζ₀ + W(s). An impact
 * scales ζ by δ². The periodic orbit has ζ₀ = δ²W(1)/(1 − δ²), and w = (ζ − ζ*(s))/ζ₀ is constant along a step and
 * becomes δ²w at an impact. Westervelt, Grizzle & Koditschek, IEEE TAC 48 (2003).
 */
function placeReduced(b: Builder, gait: Field, changes: BipedParameters, z: Ref): ReducedMotion {
  const placed = placeGait(b, gait.theta.length, changes)
  const { start, range, speedRatio } = placed
  const turning = freeze(bipedTurning(changes))
  const at = (s: Ref) => {
    const { value, slope, curvature } = gaitAt(b, placed, s)
    const phase = b.add(start, b.mul(range, s))
    const [links, e] = [toLinks(b, value, phase), toLinks(b, slope, b.constant(1))]
    const turn = embed(b, turning, { state: b.concat([links, e]) })
    return { links, e, curvature, inertia: b.gather(turn, [0]), torque: b.gather(turn, [1]) }
  }
  const [first, last] = [0, 1].map((s) => at(b.constant(s)))
  const multiplier = b.powi(b.div(b.mul(first.inertia, speedRatio), last.inertia), 2)
  const work = workAlong(b, (s) => {
    const { inertia, torque } = at(b.constant(s, true))
    return b.mul(range, b.mul(inertia, torque))
  })
  const initial = b.div(b.mul(multiplier, work(b.constant(1))), b.sub(b.constant(1), multiplier))
  const [s, w] = [0, 1].map((i) => b.gather(z, [i]))
  const energy = b.add(b.mul(initial, b.add(b.constant(1), w)), work(s))
  const here = at(s)
  const phaseRate = b.div(
    b.unary('sqrt', b.mul(b.constant(2), b.binary('max', energy, b.constant(least)))),
    here.inertia,
  )
  const state = b.concat([here.links, b.mul(here.e, phaseRate)])
  const drift = toLinks(b, b.mul(here.curvature, b.powi(phaseRate, 2)), b.constant(0))
  return {
    state,
    links: accelerations(b, bipedTerms(b, changes, state), { e: here.e, r: drift }),
    progressRate: b.div(phaseRate, range),
    energy,
    multiplier,
  }
}

/** σ and σ′ as functions of [θ; θ′]: angular momentum about the stance foot, and the torque of gravity. */
function bipedTurning(changes: BipedParameters): Field {
  return bipedField('turning', changes, ({ b, centres, masses, inertias, g }, state) => {
    const pose = posture(b, state)
    const moving = centres.map((centre) => place(b, centre, pose))
    const sum = (of: (m: (typeof moving)[number]) => Ref, from: Ref) =>
      moving.reduce((total, m, k) => b.add(total, b.mul(masses[k], of(m))), from)
    const momentum = sum(({ x, z, vx, vz }) => b.sub(b.mul(z, vx), b.mul(x, vz)), b.dot(inertias, pose.rates))
    return b.concat([
      momentum,
      b.mul(
        g,
        sum(({ x }) => x, b.constant(0)),
      ),
    ])
  })
}

/** ∫₀ˢ f as a polynomial of s, from f at Chebyshev's nodes. */
function workAlong(b: Builder, f: (s: number) => Ref): (s: Ref) => Ref {
  const nodes = Array.from(
    { length: nodeCount },
    (_, k) => (1 - Math.cos((Math.PI * (k + 0.5)) / nodeCount)) / 2,
  )
  const inverse = integralMatrix(nodes)
  const values = b.concat(nodes.map(f))
  const coefficients = b.matvec(b.constant(inverse, true), values, nodeCount, nodeCount)
  return (s) => b.dot(coefficients, b.concat(nodes.map((_, k) => b.powi(s, k + 1))))
}

/** Rows k: what each value at a node adds to the coefficient of sᵏ⁺¹ in ∫f. */
function integralMatrix(nodes: readonly number[]): number[] {
  const n = nodes.length
  const powers = Float64Array.from(nodes.flatMap((s) => nodes.map((_, k) => s ** k)))
  const pivots = new Int32Array(n)
  factorize(powers, n, pivots)
  const columns = nodes.map((_, j) => {
    const unit = new Float64Array(n)
    unit[j] = 1
    solveFactored(powers, n, pivots, unit)
    return unit
  })
  return nodes.flatMap((_, k) => columns.map((column) => column[k] / (k + 1)))
}

/** Progress along the step, and how far the energy is from the periodic one's. */
export const reducedStates = ['progress', 'surplus']

/**
 * The zero dynamics of a gait in [s, w], see {@link gaitOrbit}: s′ = σ/(I(s)(φ₁ − φ₀)), w′ = 0. s runs from 0 to the
 * impact at 1. Its weights are the gait's.
 * @example compile(zeroDynamics(walkingGait()))(0, Float64Array.of(0.5, 0), new Float64Array(2))
 */
export function zeroDynamics(gait: Field, model: BipedParameters = {}): Field {
  return gaitField(gait, { name: 'zeroDynamics', stateNames: reducedStates }, (b) => {
    const { progressRate } = placeReduced(b, gait, model, b.leaf('state', 2))
    return b.concat([progressRate, b.constant(0)])
  })
}

/** The impact in [s, w]: [0, δ²w]. */
export function zeroDynamicsImpact(gait: Field, model: BipedParameters = {}): Field {
  return gaitField(gait, { name: 'zeroDynamicsImpact', stateNames: reducedStates }, (b) => {
    const z = b.leaf('state', 2)
    const { multiplier } = placeReduced(b, gait, model, z)
    return b.concat([b.constant(0), b.mul(multiplier, b.gather(z, [1]))])
  })
}

/**
 * The walk that belongs to [s, w]: the machine's state [θ; θ′], its accelerations θ″, ½σ² and the multiplier δ² of w from
 * step to step, 17 numbers. There is no periodic orbit where ½σ² is not positive or δ² ≥ 1; rates are then those of
 * ½σ² = 1. At [0, 0] the state just after an impact on the periodic orbit, which is stable (in the
 * zero dynamics) where δ² < 1.
 * @example interpret(gaitOrbit(walkingGait()), 0, [0, 0]).subarray(0, 10)
 */
export function gaitOrbit(gait: Field, model: BipedParameters = {}): Field {
  return gaitField(gait, { name: 'gaitOrbit', stateNames: reducedStates }, (b) => {
    const { state, links, energy, multiplier } = placeReduced(b, gait, model, b.leaf('state', 2))
    return b.concat([state, links, energy, multiplier])
  })
}

/** Barriers of a walk in [s, w], then that there is an orbit and that impacts contract. */
export function reducedBarriers(
  gait: Field,
  barriers: Field,
  { model = {}, energyScale }: { readonly model?: BipedParameters; readonly energyScale: number },
): Field {
  return gaitField(gait, { name: 'reducedBarriers', stateNames: reducedStates }, (b) => {
    const { state, links, energy, multiplier } = placeReduced(b, gait, model, b.leaf('state', 2))
    return b.concat([
      embed(b, barriers, { state, input: links }),
      b.div(b.sub(energy, b.constant(least)), b.constant(energyScale)),
      b.sub(b.constant(1), multiplier),
    ])
  })
}

/** Conditions on the state before an impact, at [s, w]. */
export function reducedConditions(gait: Field, conditions: Field, model: BipedParameters = {}): Field {
  return gaitField(gait, { name: 'reducedConditions', stateNames: reducedStates }, (b) =>
    embed(b, conditions, { state: placeReduced(b, gait, model, b.leaf('state', 2)).state }),
  )
}
