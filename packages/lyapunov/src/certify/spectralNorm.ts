import { roundDown, roundSumDown, roundSumUp, roundUp } from '@separatrix/field/core'
import { combineIntervals, type IntervalMatrix, intervalMatrix, multiplyIntervals } from './intervalMatrix.js'

/** A rows × cols matrix of intervals, row-major. */
export interface IntervalArray {
  readonly rows: number
  readonly cols: number
  readonly lo: ArrayLike<number>
  readonly hi: ArrayLike<number>
}

/** Squarings of the Gram matrix: the bound exceeds the norm by at most rank^(2⁻¹³), 1.0006 for a rank of 128. */
const squarings = 12

/**
 * An upper bound of ‖W‖₂ for every W within the intervals: ‖W‖₂ ≤ ‖(WᵀW)^(2ᵏ)‖_F^(1/2ᵏ⁺¹), each product rounded outward
 * (Gram iteration, Delattre et al., ICML 2023, Theorem 2.1). A wide matrix is bounded by its midpoint plus its radius, or
 * by its absolute values, whichever is less. Cost: 12 products of min(rows, cols)³.
 */
export function spectralNorm(w: IntervalArray): number {
  const count = w.rows * w.cols
  if (count === 0) return 0
  const bound = boundOf(w, count)
  return Number.isNaN(bound) ? Infinity : bound
}

function boundOf(w: IntervalArray, count: number): number {
  const at = Array.from({ length: count }, (_, i) => [w.lo[i], w.hi[i]] as const)
  const point = (values: readonly number[]) => ({ ...w, lo: values, hi: values })
  if (at.every(([lo, hi]) => lo === hi)) return gramNorm(w)
  const centre = at.map(([lo, hi]) => lo / 2 + hi / 2)
  const radius = at.map(([lo, hi], i) =>
    roundUp(Math.max(roundSumUp(hi - centre[i]), roundSumUp(centre[i] - lo))),
  )
  const largest = at.map(([lo, hi]) => Math.max(-lo, hi))
  const split = roundSumUp(gramNorm(point(centre)) + gramNorm(point(radius)))
  return Math.min(split, gramNorm(point(largest)))
}

function gramNorm(w: IntervalArray): number {
  // squares of very small or large entries would leave the range of doubles
  const size = powerOfTwoAbove(Array.from(w.lo).reduce((most, v, i) => Math.max(most, -v, w.hi[i]), 0))
  if (size === 0 || !Number.isFinite(size)) return size
  const [lo, hi] = [Array.from(w.lo, (v) => roundDown(v / size)), Array.from(w.hi, (v) => roundUp(v / size))]
  return roundUp(size * scaledGramNorm({ ...w, lo, hi }))
}

function scaledGramNorm(w: IntervalArray): number {
  let gram = gramMatrix(w)
  const scales: number[] = []
  for (let k = 0; k < squarings; k++) {
    const scale = powerOfTwoAbove(largestEntry(gram))
    if (scale === 0) return 0
    if (!Number.isFinite(scale)) return scale
    scales.push(scale)
    const scaled = divided(gram, scale)
    gram = multiplyIntervals(scaled, scaled)
  }
  let bound = frobenius(gram)
  // undo, inside out: G was (G′/s)², so its norm bounds ‖G′‖ by s·√bound
  for (const scale of scales.reverse()) bound = roundUp(scale * roundSumUp(Math.sqrt(bound)))
  return roundSumUp(Math.sqrt(bound))
}

/** WᵀW or WWᵀ, whichever is smaller. */
function gramMatrix({ rows, cols, lo, hi }: IntervalArray): IntervalMatrix {
  const isTall = rows >= cols
  const n = isTall ? cols : rows
  const at = (i: number, k: number) => (isTall ? k * cols + i : i * cols + k)
  const out = intervalMatrix(n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let [low, high] = [0, 0]
      for (let k = 0; k < (isTall ? rows : cols); k++) {
        const [p, q] = [at(i, k), at(j, k)]
        const ends = [lo[p] * lo[q], lo[p] * hi[q], hi[p] * lo[q], hi[p] * hi[q]]
        low = roundSumDown(low + roundDown(Math.min(...ends)))
        high = roundSumUp(high + roundUp(Math.max(...ends)))
      }
      out.lo[i * n + j] = out.lo[j * n + i] = low
      out.hi[i * n + j] = out.hi[j * n + i] = high
    }
  return out
}

const largestEntry = ({ lo, hi }: IntervalMatrix) => lo.reduce((most, v, i) => Math.max(most, -v, hi[i]), 0)

/** The least power of two that is not below x; dividing by it is exact but for underflow, which {@link divided} covers. */
function powerOfTwoAbove(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return x
  return Math.min(Math.max(2 ** Math.ceil(Math.log2(x)), 2 ** -1000), 2 ** 1000)
}

const divided = (m: IntervalMatrix, scale: number): IntervalMatrix =>
  combineIntervals(intervalMatrix(m.n), m, 1 / scale)

function frobenius({ lo, hi }: IntervalMatrix): number {
  const total = lo.reduce((s, v, i) => {
    const most = Math.max(-v, hi[i])
    return roundSumUp(s + roundUp(most * most))
  }, 0)
  return roundSumUp(Math.sqrt(total))
}
