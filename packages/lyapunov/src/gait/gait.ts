import {
  Builder,
  embed,
  type Field,
  freeze,
  makeField,
  misuse,
  type Ref,
  seededRandom,
  type ThetaBlock,
} from '@separatrix/field/core'
import { bipedImpact } from '../plants/biped/impact.js'
import { type BipedParameters, linkCount, rabbit } from '../plants/biped/model.js'
import { fromLinks, toLinks } from './outputs.js'

/** Degree of the polynomials, Westervelt's choice. */
const degree = 6
/** Numbers that a gait prescribes. */
export const outputCount = 4
/** Coefficients between the first two, which the impact decides, and the last. */
const innerCount = degree - 2

/** What a gait starts from; angles in rad. */
export interface GaitStart {
  /** direction of the stance leg just after an impact, and just before the next */
  readonly phase: readonly [number, number]
  /** bend of the stance knee just before an impact */
  readonly knee: number
  readonly torso: number
  /** bend that is added to the swing knee on its way */
  readonly lift: number
  /** units of a network that is added to the polynomials, drawn by `seed`; none unless said */
  readonly hidden: number
  readonly seed: number
}

/** A gentle walk that has yet to be trained: it is found by hand to keep moving, not to keep every barrier. */
const gentle: GaitStart = {
  phase: [-0.2, 0.24],
  knee: 0.25,
  torso: 0.12,
  lift: 0.5,
  hidden: 0,
  seed: 0,
}

/**
 * Virtual constraints for {@link planarBiped}: what the joints do as functions of the direction φ of the stance leg,
 * c_d(s) = Σ aₖ Bₖ⁶(s) with s = (φ − φ₀)/(φ₁ − φ₀), Bernstein polynomials. c = [stance knee, torso, swing leg, swing
 * knee]. A field of s whose 20 weights are free: the phases φ₀ and φ₁, knee and torso at the end, and a₂ … a₅. The rest
 * follows so that the constraints survive the impact exactly, whatever the weights: at s = 1 both feet are on the
 * ground, a₀ is a₆ with the legs exchanged, and a₁ has the slope that the impact leaves. With `hidden` units a network is
 * added, 16s²(1 − s)²·W₂ tanh(w₁s + b₁), which leaves values and slopes at both ends alone and starts at 0. Westervelt, Grizzle &
 * Koditschek, IEEE TAC 48 (2003), whose hybrid invariance this is.
 * @example walkingGait().outputSize // 4
 */
export function walkingGait(start: Partial<GaitStart> = {}, changes: BipedParameters = {}): Field {
  const { phase, knee, torso, lift, hidden, seed } = { ...gentle, ...start }
  const numbers = [...phase, knee, torso, lift]
  if (!(Number.isSafeInteger(hidden) && hidden >= 0))
    throw misuse({
      where: 'walkingGait',
      expected: 'a number of hidden units',
      got: String(hidden),
      try: 'hidden: 8',
    })
  if (!(numbers.every(Number.isFinite) && phase[0] < phase[1]))
    throw misuse({
      where: 'walkingGait',
      expected: 'finite angles, and a phase that grows',
      got: `[${numbers.join(', ')}]`,
      try: 'phase: [-0.2, 0.24]',
    })
  // a₂ … a₅ between the ends, the swing leg from the back to the front
  const inner = Array.from({ length: innerCount }, (_, i) => {
    const s = (i + 2) / degree
    return [knee, torso, phase[1] + (phase[0] - phase[1]) * s, knee + lift * 4 * s * (1 - s)]
  })
  const random = seededRandom(seed)
  // slopes and thresholds that spread the units over the step; W₂ = 0
  const slopes = Array.from({ length: hidden }, () => 4 * random.normal())
  const thresholds = slopes.map((slope) => -slope * random.uniform())
  const outer = new Array(outputCount * hidden).fill(0)
  const theta = Float64Array.from([
    ...[...phase, knee, torso, ...inner.flat()],
    ...[...slopes, ...thresholds, ...outer],
  ])
  const polynomial = outputCount * (1 + innerCount)
  const layout: ThetaBlock[] = [
    { name: 'gait.ends', offset: 0, shape: [outputCount], kind: 'weight' },
    { name: 'gait.inner', offset: outputCount, shape: [innerCount, outputCount], kind: 'weight' },
  ]
  if (hidden > 0)
    layout.push(
      { name: 'gait.hidden', offset: polynomial, shape: [2, hidden], kind: 'weight' },
      { name: 'gait.outer', offset: polynomial + 2 * hidden, shape: [outputCount, hidden], kind: 'weight' },
    )
  const header = { name: 'gait', stateNames: ['progress'], inputNames: [], theta, layout }
  const b = new Builder()
  const placed = placeGait(b, theta.length, changes)
  return makeField(b, gaitAt(b, placed, b.leaf('state', 1)).value, header)
}

/** A field whose weights are a gait's. */
export function gaitField(
  gait: Field,
  {
    name,
    stateNames,
    inputNames = [],
  }: { name: string; stateNames: readonly string[]; inputNames?: readonly string[] },
  build: (b: Builder) => Ref,
): Field {
  const b = new Builder()
  return makeField(b, build(b), { ...gait, name, stateNames, inputNames })
}

/** A gait within a graph whose θ it is. */
export interface PlacedGait {
  /** φ₀ and φ₁ − φ₀ */
  readonly start: Ref
  readonly range: Ref
  /** a₀ … a₆ */
  readonly coefficients: readonly Ref[]
  /** φ̇⁺/φ̇⁻ at an impact */
  readonly speedRatio: Ref
  /** w₁, b₁ and W₂ of the network, where there is one */
  readonly network: { readonly slopes: Ref; readonly thresholds: Ref; readonly outer: Ref } | undefined
}

/** Places a gait of so many weights. */
export function placeGait(b: Builder, weightCount: number, changes: BipedParameters): PlacedGait {
  checkLegs(changes)
  const theta = b.leaf('theta', weightCount)
  const [start, end, knee, torso] = [0, 1, 2, 3].map((i) => b.gather(theta, [i]))
  const inner = Array.from({ length: innerCount }, (_, k) =>
    b.gather(
      theta,
      Array.from({ length: outputCount }, (_, i) => outputCount * (1 + k) + i),
    ),
  )
  const range = b.sub(end, start)
  // hips are equally high over both feet: cos(κ/2) cos φ is that height over 2l
  const halfSwing = arccos(
    b,
    b.div(b.mul(b.unary('cos', b.mul(b.constant(0.5), knee)), b.unary('cos', end)), b.unary('cos', start)),
  )
  const swing = b.mul(b.constant(2), halfSwing)
  const last = b.concat([knee, torso, start, swing])
  const first = b.concat([swing, torso, end, knee])
  // what the impact makes of the last motion, for φ̇⁻ = 1; it is linear in the rates
  const slope = b.div(b.mul(b.constant(degree), b.sub(last, inner[innerCount - 1])), range)
  const one = b.constant(1)
  const before = b.concat([toLinks(b, last, end), toLinks(b, slope, one)])
  const after = embed(b, freeze(bipedImpact(changes)), { state: before })
  const rates = fromLinks(
    b,
    b.gather(
      after,
      Array.from({ length: linkCount }, (_, i) => linkCount + i),
    ),
  )
  const slopeAfter = b.div(rates.c, rates.phase)
  const second = b.add(first, b.div(b.mul(slopeAfter, range), b.constant(degree)))
  return {
    start,
    range,
    coefficients: [first, second, ...inner, last],
    speedRatio: rates.phase,
    network: placeNetwork(b, theta),
  }
}

/** arccos x = atan2(√(1 − x²), x) */
function arccos(b: Builder, x: Ref): Ref {
  return b.binary('atan2', b.unary('sqrt', b.sub(b.constant(1), b.powi(x, 2))), x)
}

function checkLegs(changes: BipedParameters): void {
  const { lThigh, lShin } = { ...rabbit, ...changes }
  if (lThigh === lShin) return
  throw misuse({
    where: 'walkingGait',
    expected: 'thighs and shins of one length, for which the phase is the direction of the leg',
    got: `${lThigh} and ${lShin}`,
    try: 'lThigh: 0.4, lShin: 0.4',
  })
}

/** Σ aₖ C(n, k) sᵏ(1 − s)ⁿ⁻ᵏ */
export function bernstein(b: Builder, coefficients: readonly Ref[], s: Ref): Ref {
  const n = coefficients.length - 1
  const rest = b.sub(b.constant(1), s)
  let binomial = 1
  return coefficients.reduce((sum, a, k) => {
    const weight = b.mul(b.constant(binomial), b.mul(power(b, s, k), power(b, rest, n - k)))
    binomial = (binomial * (n - k)) / (k + 1)
    return b.add(sum, b.mul(a, weight))
  }, b.zeros(outputCount))
}

const power = (b: Builder, x: Ref, k: number): Ref => (k === 0 ? b.constant(1) : b.powi(x, k))

function placeNetwork(b: Builder, theta: Ref): PlacedGait['network'] {
  const from = outputCount * (1 + innerCount)
  const hidden = (b.size(theta) - from) / (2 + outputCount)
  if (hidden === 0) return undefined
  const part = (start: number, length: number) =>
    b.gather(
      theta,
      Array.from({ length }, (_, i) => from + start + i),
    )
  return {
    slopes: part(0, hidden),
    thresholds: part(hidden, hidden),
    outer: part(2 * hidden, outputCount * hidden),
  }
}

/** c_d at s, and its first and second derivatives in φ. */
export function gaitAt(b: Builder, placed: PlacedGait, s: Ref) {
  const { coefficients, range, network } = placed
  const differences = (list: readonly Ref[]) =>
    list.slice(1).map((a, k) => b.div(b.mul(b.constant(list.length - 1), b.sub(a, list[k])), range))
  const slopes = differences(coefficients)
  const value = bernstein(b, coefficients, s)
  const slope = bernstein(b, slopes, s)
  const curvature = bernstein(b, differences(slopes), s)
  if (network === undefined) return { value, slope, curvature }
  const added = networkAt(b, network, s)
  return {
    value: b.add(value, added.value),
    slope: b.add(slope, b.div(added.slope, range)),
    curvature: b.add(curvature, b.div(added.curvature, b.powi(range, 2))),
  }
}

/** N(s) = β(s) W₂ tanh(w₁s + b₁) with β = 16s²(1 − s)², and its derivatives in s. */
function networkAt(b: Builder, { slopes, thresholds, outer }: NonNullable<PlacedGait['network']>, s: Ref) {
  const hidden = b.size(slopes)
  const times = (k: number, x: Ref) => b.mul(b.constant(k), x)
  const layer = (x: Ref) => b.matvec(outer, x, outputCount, hidden)
  const t = b.unary('tanh', b.add(b.mul(slopes, s), thresholds))
  const first = b.mul(slopes, b.sub(b.constant(1), b.powi(t, 2)))
  const [n, dn, ddn] = [t, first, times(-2, b.mul(b.mul(slopes, t), first))].map(layer)
  // with p = s(1 − s), p′ = 1 − 2s, p″ = −2: β = 16p², β′ = 32pp′, β″ = 32p′² − 64p
  const p = b.mul(s, b.sub(b.constant(1), s))
  const dp = b.sub(b.constant(1), times(2, s))
  const bump = times(16, b.powi(p, 2))
  const dBump = times(32, b.mul(p, dp))
  const ddBump = b.sub(times(32, b.powi(dp, 2)), times(64, p))
  return {
    value: b.mul(n, bump),
    slope: b.add(b.mul(n, dBump), b.mul(dn, bump)),
    curvature: b.add(b.add(b.mul(n, ddBump), times(2, b.mul(dn, dBump))), b.mul(ddn, bump)),
  }
}
