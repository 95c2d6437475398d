import {
  Builder,
  binaryInterval,
  combine,
  constantInterval,
  type Enclosure,
  embed,
  enclose,
  type Field,
  gradient,
  type Interval,
  jacobian,
  makeField,
  type Ref,
  scalarize,
} from '@separatrix/field/core'
import { midpoint } from './bisectionTree.js'
import { type Box, intervalsOf } from './box.js'
import { makeCertificate } from './certificate.js'
import type { RegionOptions } from './options.js'
import { exponentsOf, polynomialIn } from './polynomial.js'
import { scope, withUncertain } from './prepare.js'
import { readPair, stack } from './readings.js'
import type { StopCheck } from './stopCheck.js'
import type { Uncertainty } from './uncertainty.js'
import { type Refuted, unknown, type Verdict } from './verdict.js'

/** A constraint normal·x ≤ bound, or = bound. */
export interface Constraint {
  readonly normal: readonly number[]
  readonly bound: number
  readonly isEqual?: boolean
  /** the bound is this double, rather than the decimal that it prints as */
  readonly isExact?: boolean
}

export interface Polytope {
  readonly constraints: readonly Constraint[]
  /** a box that holds the set */
  readonly domain: Box
  /** a point of the set, exactly */
  readonly witness: readonly number[]
}

const nothing = { boxes: 0, leaves: 0 }

type FaceLimits = { readonly maxBoxes: number; readonly stop: StopCheck } & Pick<RegionOptions, 'onProgress'>

/**
 * Proves that no solution leaves {x in domain: aᵢ·x ≤ bᵢ}: on each face, within the set, aᵢ·f < 0 by boxes, or −aᵢ·f has,
 * with the face substituted, no terms but nonnegative ones (Nagumo 1942; f is Lipschitz). An equality needs aᵢ·f = 0 there
 * by formula.
 */
export function invariantPolytope(
  f: Field,
  { constraints, domain, witness }: Polytope,
  { maxBoxes, onProgress, stop, ...uncertainty }: Uncertainty & FaceLimits,
): Verdict {
  const where = 'invariantSet'
  const readings = readPair(where, f, zero(f), uncertainty)
  if ('why' in readings) return unknown(readings.why, nothing)
  const { field, n, system } = readings
  const whole = withUncertain(domain, readings)
  const sides = intervalsOf(domain).flatMap(([lo, hi], i): Constraint[] => [
    { normal: unit(n, i, 1), bound: hi, isExact: true },
    { normal: unit(n, i, -1), bound: -lo, isExact: true },
  ])
  if (!isLipschitz(field, whole, maxBoxes))
    return unknown('the field is not shown to be Lipschitz on the domain: its slopes have no bounds', nothing)
  const all = [...constraints, ...sides]
  if (!all.every((constraint) => holdsAt(constraint, witness, field)))
    return unknown(`the witness [${witness.join(', ')}] is not a point of the set`, nothing)
  let boxes = 0
  for (const [face, constraint] of all.entries()) {
    const report = (more: number) =>
      onProgress?.({ proved: 0, refuted: Infinity, boxes: boxes + more, settled: face / all.length })
    const problem = { field, all, constraint, box: whole, maxBoxes: maxBoxes - boxes, report, stop }
    if (isWeaklyEntering(problem)) continue
    const name = `[${constraint.normal.join(', ')}]·x ${constraint.isEqual ? '=' : '≤'} ${constraint.bound}`
    if (constraint.isEqual)
      return unknown(`the rate of ${name} is not shown to vanish by its formula`, { boxes, leaves: 0 })
    const cover = coverFace(problem)
    boxes += cover.boxes
    if (cover.leak !== undefined) {
      const reason = `at a point of the face ${name} the field points outward`
      const stats = { boxes, leaves: 0 }
      return { kind: 'refuted', reason, message: `refuted: ${reason}`, ...cover.leak, stats }
    }
    if (cover.stuck !== undefined)
      return unknown(
        `${cover.reason ?? 'a box cannot be split further'}; on the face of ${name} the field is not shown to point inward`,
        { boxes, leaves: 0 },
        intervalsOf(cover.stuck),
      )
  }
  const equalities = constraints.flatMap(({ isEqual }, i) => (isEqual ? [i] : []))
  const certificate = makeCertificate(system, affine(f, constraints), {
    claim: {
      property: 'invariant-polytope',
      level: 0,
      ...scope(readings, domain),
      ...(equalities.length > 0 && { equalities }),
    },
    proof: { tree: [], witness },
  })
  const stats = { boxes, leaves: 0 }
  return { kind: 'proved', level: 0, message: 'no solution leaves the set', certificate, stats }
}

const unit = (n: number, i: number, v: number) => Array.from({ length: n }, (_, k) => (k === i ? v : 0))

const header = ({ stateNames }: Field, name: string) => ({
  name,
  stateNames,
  inputNames: [],
  theta: new Float64Array(0),
  layout: [],
})

function zero(f: Field): Field {
  const b = new Builder()
  return makeField(b, b.constant(0), header(f, '0'))
}

/** The functions aᵢ·x − bᵢ. */
function affine(f: Field, constraints: readonly Constraint[]): Field {
  const b = new Builder()
  const x = b.leaf('state', f.stateSize)
  const rows = constraints.map(({ normal, bound }) => b.sub(product(b, normal, x), b.constant(bound)))
  return makeField(b, b.concat(rows), header(f, 'A'))
}

/** Σ aⱼ·yⱼ over the entries that are not 0. */
const product = (b: Builder, normal: readonly number[], y: Ref) =>
  normal.reduce((s, a, j) => (a === 0 ? s : b.add(s, b.mul(b.constant(a), b.gather(y, [j])))), b.constant(0))

/** Whether a constraint holds at a point of decimals, exactly. */
function holdsAt(
  { normal, bound, isEqual, isExact }: Constraint,
  point: readonly number[],
  f: Field,
): boolean {
  const b = new Builder()
  const excess = b.sub(product(b, normal, b.constant(point)), b.constant(bound, isExact))
  const p = polynomialIn(scalarize(makeField(b, excess, header(f, 'A'))), [])
  return p !== undefined && [...p.values()].every(({ top }) => !isEqual && top <= 0n)
}

interface FaceProblem {
  readonly field: Field
  readonly all: readonly Constraint[]
  readonly constraint: Constraint
  readonly box: Box
  readonly maxBoxes: number
  /** called with the boxes of this face, now and then */
  readonly report: (boxes: number) => void
  readonly stop: StopCheck
}

/** Which coordinate a face gives by the others. */
const solved = (normal: readonly number[]) => normal.reduce((last, a, j) => (a === 0 ? last : j), 0)

/** Whether −a·f on the face, as a polynomial in the other coordinates, has nonnegative terms only; 0 for an equality. */
function isWeaklyEntering({
  field,
  constraint: { normal, bound, isEqual, isExact },
  box,
}: FaceProblem): boolean {
  const b = new Builder()
  const x = b.leaf('state', field.stateSize)
  const k = solved(normal)
  const others = normal.map((a, j) => (j === k ? 0 : a))
  const value = b.div(b.sub(b.constant(bound, isExact), product(b, others, x)), b.constant(normal[k]))
  const state = b.concat(normal.map((_, j) => (j === k ? value : b.gather(x, [j]))))
  const outward = b.neg(product(b, normal, embed(b, field, { state })))
  const p = polynomialIn(scalarize(makeField(b, outward, field)), [])
  if (p === undefined) return false
  if (isEqual) return p.size === 0
  return [...p].every(([m, c]) => c.top > 0n && exponentsOf(m).every((e, i) => e % 2 === 0 || box.lo[i] >= 0))
}

/** Bisects a face until a·f < 0 on every part that meets the set. */
function coverFace({ field, all, constraint, box, maxBoxes, report, stop }: FaceProblem): {
  readonly boxes: number
  readonly stuck?: Box
  readonly reason?: string
  readonly leak?: Leak
} {
  const k = solved(constraint.normal)
  const rate = combine([field], (b, place) => product(b, constraint.normal, place(field)))
  const sides = [gradient(rate), ...(field.inputSize > 0 ? [jacobian(rate, { wrt: 'input' })] : [])]
  const [value, slopes] = [enclose(rate), enclose(stack(sides))]
  const open = [box]
  let boxes = 0
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (++boxes > maxBoxes) return { boxes, stuck: next, reason: 'more boxes than maxBoxes are needed' }
    if ((boxes & 1023) === 0) report(boxes)
    const reason = stop()
    if (reason !== undefined) return { boxes, stuck: next, reason }
    const part = onFace(next, constraint, k)
    if (part === undefined || all.some((c) => isOff(c, part))) continue
    const axis = risingAxis(value, slopes, part)
    if (axis === undefined) continue
    const leak = leakAt(value, part, { all, constraint })
    if (leak !== undefined) return { boxes, leak }
    const middle = midpoint(part.lo[axis], part.hi[axis])
    if (!(middle > part.lo[axis] && middle < part.hi[axis])) return { boxes, stuck: part }
    open.push(
      { lo: part.lo, hi: part.hi.map((v, i) => (i === axis ? middle : v)) },
      { lo: part.lo.map((v, i) => (i === axis ? middle : v)), hi: part.hi },
    )
  }
  return { boxes }
}

type Leak = Pick<Refuted, 'point' | 'uncertain' | 'rate'>

/** The centre of a part of a side of the domain, if it is a point of the set at which a·f > 0, both for certain. */
function leakAt(
  value: Enclosure,
  { lo, hi }: Box,
  { all, constraint }: Pick<FaceProblem, 'all' | 'constraint'>,
): Leak | undefined {
  // only a side of the domain is ±x_k = bound, so that doubles lie on it exactly
  if (constraint.isExact !== true) return undefined
  const { normal, bound } = constraint
  const [n, k] = [normal.length, solved(normal)]
  const centre = lo.map((v, i) => (i === k ? bound * normal[k] : midpoint(v, hi[i])))
  const isWithin = all.every(
    (c) => c === constraint || (c.isEqual !== true && excessOf(c, { lo: centre, hi: centre }).hi <= 0),
  )
  const [low, high] = [new Float64Array(1), new Float64Array(1)]
  value(centre, centre, low, high)
  if (!(isWithin && low[0] > 0 && high[0] < Infinity)) return undefined
  return { point: centre.slice(0, n), uncertain: centre.slice(n), rate: [low[0], high[0]] }
}

const side = ({ lo, hi }: Box, i: number): Interval => ({ lo: lo[i], hi: hi[i] })
const constant = (v: number, isExact = false) => constantInterval(v, isExact)

/** a·x over a box, without the term of one coordinate. */
const weighted = (normal: readonly number[], box: Box, without?: number) =>
  normal.reduce(
    (s, a, j) =>
      a === 0 || j === without ? s : binaryInterval.add(s, binaryInterval.mul(constant(a), side(box, j))),
    { lo: 0, hi: 0 },
  )

/** The part of a box in which the face can lie: coordinate k follows from the others. */
function onFace(box: Box, { normal, bound, isExact }: Constraint, k: number): Box | undefined {
  const rest = binaryInterval.sub(constant(bound, isExact), weighted(normal, box, k))
  const range = binaryInterval.div(rest, constant(normal[k]))
  const [lo, hi] = [Math.max(box.lo[k], range.lo), Math.min(box.hi[k], range.hi)]
  if (!(lo <= hi)) return undefined
  return { lo: box.lo.map((v, i) => (i === k ? lo : v)), hi: box.hi.map((v, i) => (i === k ? hi : v)) }
}

const excessOf = ({ normal, bound, isExact }: Constraint, box: Box) =>
  binaryInterval.sub(weighted(normal, box), constant(bound, isExact))

/** Whether a constraint fails on all of a box. */
function isOff(constraint: Constraint, box: Box): boolean {
  const excess = excessOf(constraint, box)
  return excess.lo > 0 || (constraint.isEqual === true && excess.hi < 0)
}

/** `undefined` where the function is negative on all of a box, else the axis along which it varies most. */
function risingAxis(value: Enclosure, slopes: Enclosure, { lo, hi }: Box): number | undefined {
  const [low, high] = [new Float64Array(1), new Float64Array(1)]
  value(lo, hi, low, high)
  if (high[0] < 0) return undefined
  const isDefined = low[0] <= high[0]
  const [least, most] = [new Float64Array(lo.length), new Float64Array(lo.length)]
  slopes(lo, hi, least, most)
  const centre = lo.map((v, i) => midpoint(v, hi[i]))
  value(centre, centre, low, high)
  const offset = (i: number) =>
    binaryInterval.mul(
      { lo: least[i], hi: most[i] },
      binaryInterval.sub(side({ lo, hi }, i), { lo: centre[i], hi: centre[i] }),
    )
  let total = { lo: low[0], hi: high[0] }
  for (let i = 0; i < lo.length; i++) total = binaryInterval.add(total, offset(i))
  if (isDefined && total.hi < 0) return undefined
  const variation = lo.map((v, i) => Math.max(-least[i], most[i]) * (hi[i] - v))
  const widths = lo.map((v, i) => hi[i] - v)
  const measure = variation.every((v) => v < Infinity) && variation.some((v) => v > 0) ? variation : widths
  return measure.indexOf(Math.max(...measure))
}

/** Finite slopes over a little more than the domain. */
function isLipschitz(field: Field, domain: Box, maxBoxes: number): boolean {
  const size = field.outputSize * field.stateSize
  const [value, read] = [enclose(field), enclose(jacobian(field))]
  const [least, most] = [new Float64Array(field.outputSize), new Float64Array(field.outputSize)]
  const [low, high] = [new Float64Array(size), new Float64Array(size)]
  // the solution that leaves is to be excluded just outside of the set as well
  const room = domain.lo.map((v, i) => 2 ** -20 * (domain.hi[i] - v))
  const open = [{ lo: domain.lo.map((v, i) => v - room[i]), hi: domain.hi.map((v, i) => v + room[i]) }]
  let boxes = 0
  for (let box = open.pop(); box !== undefined; box = open.pop()) {
    if (++boxes > Math.min(maxBoxes, 2000)) return false
    const { lo, hi } = box
    value(lo, hi, least, most)
    read(lo, hi, low, high)
    // slopes do not show where f itself is undefined or jumps (atan2)
    if ([least, most, low, high].every((ends) => ends.every(Number.isFinite))) continue
    const widths = lo.map((v, i) => hi[i] - v)
    const axis = widths.indexOf(Math.max(...widths))
    const middle = midpoint(lo[axis], hi[axis])
    if (!(middle > lo[axis] && middle < hi[axis])) return false
    open.push(
      { lo, hi: hi.map((v, i) => (i === axis ? middle : v)) },
      { lo: lo.map((v, i) => (i === axis ? middle : v)), hi },
    )
  }
  return true
}
