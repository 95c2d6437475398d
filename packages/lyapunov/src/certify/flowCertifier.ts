import {
  type CompiledField,
  compile,
  enclose,
  type Field,
  misuse,
  roundDown,
  roundSumDown,
  roundSumUp,
  roundUp,
  show,
} from '@separatrix/field/core'
import { coveringBall, type FacePiece, halves } from './decisionFaces.js'
import { evaluationError } from './evaluationError.js'
import { checkedNetwork, layerBound } from './lipschitzConstant.js'

export interface FlowCertifierOptions {
  /** β > 0: the scores read [βη; x]; 1 */
  readonly scale?: number
  /** evaluations per point after which the covers are refined no more; 200 */
  readonly maxPieces?: number
}

export interface FlowRadius {
  /** the class that is certified, or that of the largest score at the centre of the simplex */
  readonly label: number
  /** the flow decides for the label at every point nearer to x than this: proved; 0 where nothing is */
  readonly radius: number
  /** evaluations of the scores */
  readonly pieces: number
}

export interface FlowCertifier {
  /** N is Lipschitz in [βη; x] with this constant: proved */
  readonly lipschitz: number
  /** steps shorter than this keep the proof, for the rates gain·N, gain > 0, and the barrier α of `keepOnSimplex` */
  longestStep(options: { readonly gain: number; readonly alpha: number }): number
  /** certifies the decision at one point */
  radius(x: ArrayLike<number>): FlowRadius
}

/**
 * Certified radii of a classifier that is a flow on the simplex Δ: η′ = keepOnSimplex(gain·N([βη; x])), η(0) = 1/n, which
 * decides for the largest entry of η. Where Nᵧ > Nᵢ on the whole face {η ∈ Δ: ηᵧ = ηᵢ ≥ all others}, for every i ≠ y, the
 * set {ηᵧ ≥ all others} is left by no solution: at equal η both rates have the same barrier, and the projection keeps
 * their order. So ηᵧ is the largest entry at all times t > 0, and after every strong-stability-preserving Runge–Kutta step
 * that is shorter than `longestStep`. Each face is covered by balls (βη within ρ of a point p) and N has the constant L in
 * both arguments together, hence |x′ − x| < √((m/(√2 L))² − ρ²) is enough, m = (Nᵧ − Nᵢ)(p, x); the ball with the least
 * result is split in two, best first. L, m and ρ are rounded outward; the claim is one about exact arithmetic, of the flow
 * and of its steps. Huang et al., "FI-ODE", 2023, section 5, there by a grid of 4·10⁷ points in single precision.
 * @example
 * const scores = orthogonalNetwork({ widths: [5, 8, 3], seed: 2 }) // three classes, points of the plane
 * const certifier = flowCertifier(scores, { scale: 0.1 })
 * const { label, radius } = certifier.radius([1.5, -2])
 */
export function flowCertifier(
  scores: Field,
  { scale = 1, maxPieces = 200 }: FlowCertifierOptions = {},
): FlowCertifier {
  const where = 'flowCertifier'
  const f = checkedNetwork(where, scores, 2)
  const n = f.outputSize
  const m = f.stateSize - n
  if (n < 2 || m < 1 || !(scale > 0 && Number.isFinite(scale)) || !(maxPieces >= 1))
    throw misuse({
      where,
      expected: 'scores of [βη; x] with one output per entry of η, β > 0 and maxPieces ≥ 1',
      got: `R^${f.stateSize} → R^${n}, β = ${show(scale)}, ${show(maxPieces)} pieces`,
      try: 'orthogonalNetwork({ widths: [classes + inputs, …, classes], seed: 0 })',
    })
  const lipschitz = layerBound(f, 2)
  const slope = roundUp(roundSumUp(Math.SQRT2) * lipschitz)
  const run = compile(f)
  const read = lowestMargin(f, run)
  const values = new Float64Array(n)
  const largest = (z: Float64Array) => {
    run(0, z, values)
    return values.indexOf(Math.max(...values))
  }
  return {
    lipschitz,
    longestStep({ gain, alpha }) {
      if (!(gain > 0 && gain < Infinity && alpha > 0 && alpha < Infinity))
        throw misuse({
          where,
          expected: 'a gain and a barrier, both > 0',
          got: show({ gain, alpha }),
          try: 'certifier.longestStep({ gain: 1, alpha: 4 })',
        })
      return roundDown(1 / Math.max(alpha, roundUp(roundUp(gain * scale) * slope)))
    },
    radius(x) {
      if (x.length !== m || !Array.from(x).every(Number.isFinite))
        throw misuse({
          where,
          expected: `a point of ${m} finite numbers`,
          got: show(x),
          try: 'certifier.radius([…])',
          code: 'wrong-dimension',
        })
      const z = new Float64Array(n + m)
      z.set(Array.from(x), n)
      return certify({ z, n, scale, slope, maxPieces, read, largest })
    },
  }
}

interface Problem {
  /** [βη; x], of which x is set */
  readonly z: Float64Array
  readonly n: number
  readonly scale: number
  /** √2·L */
  readonly slope: number
  readonly maxPieces: number
  readonly read: Margin
  readonly largest: (z: Float64Array) => number
}

/** A piece with the square of the radius that it allows, which can be negative. */
interface Judged {
  readonly piece: FacePiece
  readonly room: number
  /** a split would gain next to nothing, or is not possible */
  readonly isFinal: boolean
}

/** Balls whose ρ² is this small against (m/(√2 L))² are split no more: they cost half of it of the radius. */
const fineEnough = 0.01

/** More classes than this have too many corners to split a face. */
const mostSplit = 12

function certify({ z, n, scale, slope, maxPieces, read, largest }: Problem): FlowRadius {
  z.fill(scale / n, 0, n)
  const label = largest(z)
  let pieces = 0
  // a part allows what the whole does
  const judge = (piece: FacePiece, least = -Infinity): Judged => {
    pieces++
    const rho = coveringBall(piece, { n, label, scale }, z)
    const margin = read(z, label, piece.rival)
    const reach = roundDown(margin / slope)
    if (!(reach > 0)) return { piece, room: least, isFinal: true }
    const [square, loss] = [roundDown(reach * reach), roundUp(rho * rho)]
    const gain = roundSumDown(square - loss)
    return {
      piece,
      // squares that overflow say nothing
      room: Number.isNaN(gain) ? least : Math.max(least, gain),
      isFinal: loss <= fineEnough * square || n > mostSplit,
    }
  }
  const whole = (rival: number): FacePiece => ({
    rival,
    lo: new Float64Array(n - 2),
    hi: new Float64Array(n - 2).fill(1),
  })
  const open = Array.from({ length: n }, (_, i) => i)
    .filter((i) => i !== label)
    .map((i) => judge(whole(i)))
  for (;;) {
    let worst = 0
    for (let k = 1; k < open.length; k++) if (open[k].room < open[worst].room) worst = k
    const { piece, room, isFinal } = open[worst]
    if (isFinal || pieces + 2 > maxPieces || n === 2) {
      const radius = room > 0 ? roundSumDown(Math.sqrt(room)) : 0
      return { label, radius, pieces }
    }
    const [low, high] = halves(piece)
    open[worst] = judge(low, room)
    open.push(judge(high, room))
  }
}

/** A lower bound of f_label − f_rival at a point, rounding included. */
type Margin = (z: Float64Array, label: number, rival: number) => number

/**
 * By evaluation in doubles with a bound of its error where there is one (compiled code does the operations of the graph,
 * sums in an order of its own), else by intervals.
 */
function lowestMargin(f: Field, run: CompiledField): Margin {
  const out = new Float64Array(f.outputSize)
  const errors = new Map<number, number>()
  const errorAt = (z: Float64Array) => {
    const radius = 2 ** Math.ceil(Math.log2(Math.max(Math.hypot(...z), 1)) + 0.01)
    const known = errors.get(radius) ?? evaluationError(f, radius)
    errors.set(radius, known)
    return known
  }
  const boxed = enclosedMargin(f)
  return (z, label, rival) => {
    const error = errorAt(z)
    if (!(error < Infinity)) return boxed(z, label, rival)
    run(0, z, out)
    return roundSumDown(roundSumDown(out[label] - out[rival]) - roundUp(2 * error))
  }
}

/** The intervals are compiled when they are first needed. */
function enclosedMargin(f: Field): Margin {
  let read: ReturnType<typeof enclose> | undefined
  const [low, high] = [new Float64Array(f.outputSize), new Float64Array(f.outputSize)]
  return (z, label, rival) => {
    read ??= enclose(f)
    read(z, z, low, high)
    return roundSumDown(low[label] - high[rival])
  }
}
