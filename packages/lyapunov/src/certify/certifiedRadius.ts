import {
  Builder,
  embed,
  enclose,
  type Field,
  gradient,
  makeField,
  misuse,
  roundDown,
  roundSumDown,
  roundSumUp,
  roundUp,
  show,
} from '@separatrix/field/core'
import { checkedNetwork, layerBound, matrixNorm, type Norm } from './lipschitzConstant.js'

export interface CertifiedRadiusOptions {
  readonly norm?: Norm
  /** 'local' also bounds the gradients of the margins on balls about x, n·m entries each; 'layers' the layers' norms only */
  readonly method?: 'local' | 'layers'
}

export interface CertifiedRadius {
  /** the entry of the output that is largest at x; `undefined` where rounding does not tell */
  readonly label: number | undefined
  /** the label is the same at every point nearer to x than this: proved */
  readonly radius: number
  /** by how much its entry exceeds all others, at least */
  readonly margin: number
}

/**
 * A radius within which a classifier, whose decision is the largest entry of its output, provably decides as at x: with
 * margins mⱼ = f_y − f_j and the layers' bound L, |x′ − x| < min mⱼ/(√2·L) (2·L in the norm 'max') leaves all of them
 * positive (Tsuzuku, Sato & Sugiyama, NeurIPS 2018, Proposition 1). 'local' looks for a larger ball, on which the
 * enclosed gradients of the margins are small enough. All rounded outward, biases and weights as their doubles.
 * @example
 * const f = network({ widths: [2, 16, 3], activation: 'tanh', seed: 1 })
 * const { label, radius } = certifiedRadius(f, [0.4, -0.2])
 */
export function certifiedRadius(
  field: Field,
  x: ArrayLike<number>,
  { norm = 2, method = 'local' }: CertifiedRadiusOptions = {},
): CertifiedRadius {
  const where = 'certifiedRadius'
  const f = checkedNetwork(where, field, norm)
  const at = Array.from(x)
  if (at.length !== f.stateSize || !at.every(Number.isFinite) || f.outputSize < 2)
    throw misuse({
      where,
      expected: `a classifier of at least two labels and a point of ${f.stateSize} finite numbers`,
      got: `${f.outputSize} outputs, ${show(at)}`,
      try: 'network({ widths: [2, 16, 3], … }) and [0, 0]',
    })
  const [low, high] = [new Float64Array(f.outputSize), new Float64Array(f.outputSize)]
  enclose(f)(at, at, low, high)
  const label = low.indexOf(Math.max(...low))
  const others = Array.from(low.keys()).filter((j) => j !== label)
  const margins = others.map((j) => roundSumDown(low[label] - high[j]))
  const margin = Math.min(...margins)
  if (!(margin > 0)) return { label: undefined, radius: 0, margin: 0 }
  const factor = norm === 2 ? roundSumUp(Math.SQRT2) : 2
  const byLayers = quotientDown(margin, roundUp(factor * layerBound(f, norm)))
  const local = method === 'local' ? largestBall(f, { at, label, others, margins, norm, from: byLayers }) : 0
  return { label, radius: Math.max(byLayers, local), margin }
}

/** margin/slope, rounded down; ∞ where the slope is 0. */
const quotientDown = (margin: number, slope: number) =>
  slope === 0 ? Infinity : Math.max(0, roundDown(margin / slope))

interface Margins {
  readonly at: readonly number[]
  readonly label: number
  readonly others: readonly number[]
  readonly margins: readonly number[]
  readonly norm: Norm
  /** a radius that is known already, or 0 */
  readonly from: number
}

/** Doublings and halvings of the radius that is looked for. */
const steps = 30

/** The largest radius found for which every margin survives: mⱼ > r·sup |∇mⱼ| over the box about the ball. */
function largestBall(f: Field, { at, label, others, margins, norm, from }: Margins): number {
  const n = f.stateSize
  const reads = others.map((j) => enclose(gradient(marginOf(f, label, j))))
  const value = enclose(f)
  const [lo, hi] = [new Float64Array(n), new Float64Array(n)]
  const [low, high] = [new Float64Array(f.outputSize), new Float64Array(f.outputSize)]
  const survives = (radius: number) => {
    const sides = [at.map((v) => roundSumDown(v - radius)), at.map((v) => roundSumUp(v + radius))]
    // slopes do not show where f itself is undefined or jumps (atan2)
    value(sides[0], sides[1], low, high)
    if (!low.every((v, i) => v <= high[i])) return false
    return reads.every((read, k) => {
      read(sides[0], sides[1], lo, hi)
      // the dual norm: |∇m|₂, or Σ|∂m/∂xᵢ|, as those of a matrix of one row
      const slope = matrixNorm({ rows: 1, cols: n, lo, hi }, norm)
      return margins[k] > roundUp(slope * radius)
    })
  }
  if (from === Infinity) return from
  let good = from
  let trial = from > 0 ? 2 * from : 1
  for (let k = 0; k < steps && good === 0; k++, trial /= 4) if (survives(trial)) good = trial
  trial = 2 * good
  let bad = Infinity
  for (let k = 0; k < steps && bad - good > 0.01 * good; k++) {
    if (survives(trial)) good = trial
    else bad = trial
    trial = bad === Infinity ? 2 * good : (good + bad) / 2
  }
  return good
}

/** f_y − f_j, as a field. */
function marginOf(f: Field, label: number, j: number): Field {
  const b = new Builder()
  const value = embed(b, f)
  return makeField(b, b.sub(b.gather(value, [label]), b.gather(value, [j])), f)
}
