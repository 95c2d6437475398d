import {
  Builder,
  type Field,
  type FieldHeader,
  makeField,
  misuse,
  type Ref,
  type ThetaBlock,
} from '@separatrix/field/core'
import type { Parameters } from '../plant.js'

/**
 * RABBIT: masses (kg), lengths (m), distances of centres of mass (torso and thigh from the hip, shin from the knee; m),
 * moments of inertia about them (kg m²), gravity (m/s²). Chevallereau et al., "RABBIT: a testbed for advanced control
 * theory", IEEE Control Systems Magazine 23 (2003); rotors are left out.
 */
export const rabbit = {
  mTorso: 12,
  mThigh: 6.8,
  mShin: 3.2,
  lTorso: 0.63,
  lThigh: 0.4,
  lShin: 0.4,
  cTorso: 0.24,
  cThigh: 0.11,
  cShin: 0.24,
  ITorso: 1.33,
  IThigh: 0.47,
  IShin: 0.2,
  g: 9.81,
}
export type BipedParameters = Parameters<typeof rabbit>

/** Links in the order of their angles: up the stance leg, the torso, down the swing leg. */
const links = ['stanceShin', 'stanceThigh', 'torso', 'swingThigh', 'swingShin'] as const
export const linkCount = links.length
export const bipedStates: readonly string[] = [...links, ...links.map((name) => `${name}Rate`)]

/** Points of the machine, each a sum Σ aⱼ(sin θⱼ, cos θⱼ) over the links: the coefficients a. */
interface Points {
  /** centres of mass, as the links stand */
  readonly centres: readonly Ref[]
  readonly stanceKnee: Ref
  readonly hip: Ref
  readonly head: Ref
  readonly swingKnee: Ref
  readonly swingFoot: Ref
}

/** The model within a graph. */
export interface BipedModel extends Points {
  readonly b: Builder
  readonly g: Ref
  readonly masses: readonly Ref[]
  /** moments of inertia, one vector */
  readonly inertias: Ref
  /** the whole mass */
  readonly mass: Ref
}

/** A field on [θ; θ′], its parameters the machine's. */
export function bipedField(
  name: string,
  changes: BipedParameters,
  build: (model: BipedModel, state: Ref) => Ref,
  inputNames: readonly string[] = [],
): Field {
  const unknown = Object.keys(changes).find((key) => !Object.hasOwn(rabbit, key))
  if (unknown !== undefined)
    throw misuse({
      where: name,
      expected: `parameters among ${Object.keys(rabbit).join(', ')}`,
      got: `"${unknown}"`,
      try: `${name}()`,
      code: 'unknown-parameter',
    })
  const params: Readonly<Record<string, number>> = { ...rabbit, ...changes }
  const b = new Builder()
  const output = build(placeModel(b, Object.keys(params)), b.leaf('state', 2 * linkCount))
  const layout = Object.keys(params).map(
    (key, offset): ThetaBlock => ({ name: key, offset, shape: [], kind: 'parameter' }),
  )
  const theta = Float64Array.from(Object.values(params))
  const header: FieldHeader = { name, stateNames: bipedStates, inputNames, theta, layout }
  return makeField(b, output, header)
}

function placeModel(b: Builder, names: readonly string[]): BipedModel {
  const theta = b.leaf('theta', names.length)
  const p = (name: keyof typeof rabbit) => b.gather(theta, [names.indexOf(name)])
  const zero = b.constant(0)
  const [lThigh, lShin, cThigh, cShin] = [p('lThigh'), p('lShin'), p('cThigh'), p('cShin')]
  const [down, downShin] = [b.neg(lThigh), b.neg(lShin)]
  const masses = [p('mShin'), p('mThigh'), p('mTorso'), p('mThigh'), p('mShin')]
  return {
    b,
    g: p('g'),
    masses,
    mass: masses.reduce((sum, m) => b.add(sum, m)),
    inertias: b.concat([p('IShin'), p('IThigh'), p('ITorso'), p('IThigh'), p('IShin')]),
    centres: [
      b.concat([b.sub(lShin, cShin), zero, zero, zero, zero]),
      b.concat([lShin, b.sub(lThigh, cThigh), zero, zero, zero]),
      b.concat([lShin, lThigh, p('cTorso'), zero, zero]),
      b.concat([lShin, lThigh, zero, b.neg(cThigh), zero]),
      b.concat([lShin, lThigh, zero, down, b.neg(cShin)]),
    ],
    stanceKnee: b.concat([lShin, zero, zero, zero, zero]),
    hip: b.concat([lShin, lThigh, zero, zero, zero]),
    head: b.concat([lShin, lThigh, p('lTorso'), zero, zero]),
    swingKnee: b.concat([lShin, lThigh, zero, down, zero]),
    swingFoot: b.concat([lShin, lThigh, zero, down, downShin]),
  }
}

/** Sines, cosines and rates of the links of a state [θ; θ′]. */
export interface Posture {
  readonly sin: Ref
  readonly cos: Ref
  readonly rates: Ref
}

const slots = (start: number) => Array.from({ length: linkCount }, (_, i) => start + i)

export function posture(b: Builder, state: Ref): Posture {
  const angles = b.gather(state, slots(0))
  return {
    sin: b.unary('sin', angles),
    cos: b.unary('cos', angles),
    rates: b.gather(state, slots(linkCount)),
  }
}

/** Where a point is, and how fast it moves, the stance foot resting at the origin. */
export function place(b: Builder, point: Ref, { sin, cos, rates }: Posture) {
  return {
    x: b.dot(point, sin),
    z: b.dot(point, cos),
    vx: b.dot(point, b.mul(cos, rates)),
    vz: b.neg(b.dot(point, b.mul(sin, rates))),
  }
}

/** ½ Σ mₖ|ṗₖ|² + ½ Σ Iⱼθⱼ′² */
export const kineticEnergy = ({ b, centres, masses, inertias }: BipedModel, state: Ref): Ref => {
  const pose = posture(b, state)
  const spin = b.dot(inertias, b.mul(pose.rates, pose.rates))
  const total = centres.reduce((sum, centre, k) => {
    const { vx, vz } = place(b, centre, pose)
    return b.add(sum, b.mul(masses[k], b.add(b.mul(vx, vx), b.mul(vz, vz))))
  }, spin)
  return b.mul(b.constant(0.5), total)
}

/** g Σ mₖzₖ */
export const potentialEnergy = ({ b, centres, masses, g }: BipedModel, state: Ref): Ref => {
  const { cos } = posture(b, state)
  return b.mul(
    g,
    centres.reduce((sum, centre, k) => b.add(sum, b.mul(masses[k], b.dot(centre, cos))), b.constant(0)),
  )
}

/** The energies as fields: what Lagrange's equations start from. */
export const bipedEnergies = (changes: BipedParameters) => ({
  kinetic: bipedField('kinetic energy', changes, kineticEnergy),
  potential: bipedField('potential energy', changes, potentialEnergy),
})
