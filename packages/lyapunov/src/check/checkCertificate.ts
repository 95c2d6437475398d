import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import * as I from './interval.js'
import { type Formula, formulas, intervals, type Jet, type Program, run } from './jet.js'
import { areNumbers, isCount, readProgram } from './readProgram.js'

export interface CheckResult {
  readonly valid: boolean
  readonly reason: string
}

type Box = readonly I.Interval[]

/** A claim and its system, read. W is the function whose set {W ≤ level} is claimed: V, or −B with level 0. */
interface Problem {
  readonly isRegion: boolean
  readonly level: number
  readonly domain: Box
  readonly f: Program
  readonly W: Program
  readonly tree: readonly number[]
  readonly origin: Box | undefined
  readonly witness: Box | undefined
}

/** Boxes that the checker may bisect beyond the leaves that it is given. */
const extraBoxes = 400_000

class Rejection extends Error {}

function demand(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new Rejection(reason)
}

/**
 * Checks a certificate anew and trusts nothing in it: the hash, every leaf of the bisection, the origin, the boundary of
 * the domain and f(0) = 0 are proved again by this program's own intervals and derivatives, which share no code with
 * the prover. Whatever is malformed, altered or false gives `valid: false` with a reason; nothing is thrown.
 * @example
 * checkCertificate({ format: 'separatrix-certificate' }).valid // false
 */
export function checkCertificate(json: unknown): CheckResult {
  try {
    const problem = readCertificate(typeof json === 'string' ? JSON.parse(json) : json)
    if (problem.isRegion) checkOrigin(problem)
    checkFaces(problem)
    checkLeaves(problem)
    return { valid: true, reason: 'every leaf, the boundary and the origin were proved again' }
  } catch (error) {
    return { valid: false, reason: error instanceof Error ? error.message : 'malformed' }
  }
}

function readCertificate(json: unknown): Problem {
  const c = json as Record<string, unknown>
  demand(c?.format === 'separatrix-certificate' && c.version === 1, 'not a certificate of version 1')
  const { hash, ...payload } = c
  demand(hash === bytesToHex(sha256(utf8ToBytes(canonical(payload)))), 'the hash does not fit the contents')
  const [claim, proof] = [c.claim, c.proof] as Record<string, unknown>[] as [
    Record<string, unknown>,
    Record<string, unknown>,
  ]
  const { property, level } = claim
  demand(property === 'region-of-attraction' || property === 'invariant-set', 'an unknown property')
  const isRegion = property === 'region-of-attraction'
  const domain = readBox(claim.domain, 'the domain')
  const n = domain.length
  demand(
    typeof level === 'number' && (isRegion ? level > 0 && level < Infinity : level === 0),
    'a level out of range',
  )
  demand(Array.isArray(proof.tree) && proof.tree.every((k) => isCount(k, -3) && k < n), 'a malformed tree')
  const W = readProgram(c.candidate, 'candidate', n, 1)
  demand(isRegion || areNumbers(proof.witness), 'no witness')
  return {
    isRegion,
    level,
    domain,
    f: readProgram(c.system, 'system', n, n),
    W: isRegion ? W : negated(W),
    tree: proof.tree as number[],
    origin: isRegion ? readBox(proof.origin, 'the origin box') : undefined,
    witness: isRegion ? undefined : (proof.witness as number[]).map(I.point),
  }
}

function negated({ nodes, output }: Program): Program {
  return { nodes: [...nodes, { op: 'neg', args: [output], size: 1 }], output: nodes.length }
}

function readBox(json: unknown, name: string): Box {
  const isBox = Array.isArray(json) && json.length > 0 && json.length <= 64
  demand(
    isBox &&
      json.every(
        (side) => areNumbers(side) && side.length === 2 && (side[0] as number) < (side[1] as number),
      ),
    `${name} is not a box`,
  )
  return json.map(([lo, hi]) => ({ lo, hi }))
}

/** JSON with sorted keys and no spaces: what was hashed. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  return `{${keys.map((k) => `${JSON.stringify(k)}:${canonical((value as Record<string, unknown>)[k])}`).join()}}`
}

/** Jets of the state over a box: the variables themselves, with derivatives up to the order. */
function variables<T>(values: readonly T[], order: 0 | 1 | 2, [zero, one]: readonly [T, T]): Jet<T>[] {
  const n = values.length
  const length = [1, 1 + n, 1 + n + (n * (n + 1)) / 2][order] as number
  return values.map((v, i) => Array.from({ length }, (_, k) => (k === 0 ? v : k === i + 1 ? one : zero)))
}

const jetsOver = (program: Program, box: Box, order: 0 | 1 | 2) =>
  run(intervals, program, variables(box, order, [I.point(0), I.point(1)]))

/** f(0) = 0, W(0) = 0, ∇W(0) = 0 by formulas, and a box about 0 on which the second-order form is definite. */
function checkOrigin({ f, W, domain, origin = [] }: Problem): void {
  const n = domain.length
  demand(
    origin.length === n && origin.every((s) => s.lo < 0 && s.hi > 0),
    'the origin box does not surround the origin',
  )
  const [zero, one] = [0, 1].map((k) => formulas().constant(k, true)) as [Formula, Formula]
  const atOrigin = (program: Program, order: 0 | 1) =>
    run(
      formulas(),
      program,
      variables(
        domain.map(() => zero),
        order,
        [zero, one],
      ),
    ).flat()
  const vanishes = (list: readonly Formula[]) =>
    list.every(({ t, v }) => t === '0' && Number.isFinite(v.lo) && Number.isFinite(v.hi))
  demand(vanishes(atOrigin(f, 0)), 'f is not shown to vanish at the origin')
  demand(vanishes(atOrigin(W, 1)), 'the candidate or its gradient is not shown to vanish at the origin')
}

/** Shrinks the claimed origin box until its definiteness shows; the rest of it is then checked as other boxes are. */
function provenOrigin(problem: Problem): Box | undefined {
  for (const s of [1, 0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1, 0.03, 0.01]) {
    const box = (problem.origin ?? []).map(({ lo, hi }) => ({ lo: s * lo, hi: s * hi }))
    if (isDefiniteOn(problem, box)) return box
  }
  return undefined
}

/** With f = J·x and ∇W = H·x on a star-shaped box: H and −(HᵀJ + JᵀH) must be positive definite throughout. */
function isDefiniteOn({ f, W }: Problem, box: Box): boolean {
  const n = box.length
  const w = jetsOver(W, box, 2)[0] as Jet<I.Interval>
  const H = box.map((_, i) => box.map((_b, j) => hessianEntry(w, n, i, j)))
  const J = jetsOver(f, box, 1).map((row) => Array.from({ length: n }, (_, j) => row[1 + j] ?? I.point(0)))
  const product = (i: number, j: number) =>
    H.reduce((s, row, k) => I.add(s, I.mul(row[i] as I.Interval, J[k]?.[j] as I.Interval)), I.point(0))
  const decrease = box.map((_, i) => box.map((_b, j) => I.neg(I.add(product(i, j), product(j, i)))))
  return hasPositivePivots(H) && hasPositivePivots(decrease)
}

const hessianEntry = (w: Jet<I.Interval>, n: number, i: number, j: number) =>
  w[1 + n + (i >= j ? (i * (i + 1)) / 2 + j : (j * (j + 1)) / 2 + i)] ?? I.point(0)

/** Symmetric elimination in intervals: positive pivots throughout prove every matrix within positive definite. */
function hasPositivePivots(matrix: readonly (readonly I.Interval[])[]): boolean {
  let rest = matrix
  while (rest.length > 0) {
    const [first = [], ...others] = rest
    const [pivot = I.never, ...tail] = first
    if (!(pivot.lo > 0)) return false
    rest = others.map((row, i) =>
      row
        .slice(1)
        .map((v, j) =>
          I.sub(
            v,
            I.div(
              i === j
                ? I.power(tail[i] as I.Interval, 2)
                : I.mul(tail[i] as I.Interval, tail[j] as I.Interval),
              pivot,
            ),
          ),
        ),
    )
  }
  return true
}

/** Natural enclosures of W and Ẇ over a box, intersected with mean-value forms; and the axis to bisect. */
function boundsOver(
  { f, W }: Problem,
  box: Box,
): { readonly value: I.Interval; readonly rate: I.Interval; readonly axis: number } {
  const n = box.length
  const w = jetsOver(W, box, 2)[0] as Jet<I.Interval>
  const fs = jetsOver(f, box, 1)
  const part = (jet: Jet<I.Interval> | undefined, i: number) => jet?.[i] ?? I.point(0)
  const sum = (term: (i: number) => I.Interval) => box.reduce((s, _, i) => I.add(s, term(i)), I.point(0))
  const rate = sum((i) => I.mul(part(w, 1 + i), part(fs[i], 0)))
  const slopes = box.map((_, j) =>
    sum((i) =>
      I.add(I.mul(hessianEntry(w, n, i, j), part(fs[i], 0)), I.mul(part(w, 1 + i), part(fs[i], 1 + j))),
    ),
  )
  const centre = box.map(({ lo, hi }) => I.point(lo / 2 + hi / 2))
  const wc = jetsOver(W, centre, 1)[0]
  const fc = jetsOver(f, centre, 0)
  const offset = (i: number) => I.sub(box[i] as I.Interval, centre[i] as I.Interval)
  const meanValue = (at: I.Interval, slope: (i: number) => I.Interval) =>
    I.add(
      at,
      sum((i) => I.mul(slope(i), offset(i))),
    )
  const rateCentre = sum((i) => I.mul(part(wc, 1 + i), part(fc[i], 0)))
  const width = (i: number) => (box[i] as I.Interval).hi - (box[i] as I.Interval).lo
  const variation = slopes.map((s, i) => Math.max(-s.lo, s.hi) * width(i))
  const isTold = variation.every((v) => v < Infinity) && variation.some((v) => v > 0)
  const sizes = isTold ? variation : variation.map((_, i) => width(i))
  return {
    value: meet(
      part(w, 0),
      meanValue(part(wc, 0), (i) => part(w, 1 + i)),
    ),
    rate: meet(
      rate,
      meanValue(rateCentre, (j) => slopes[j] as I.Interval),
    ),
    axis: sizes.indexOf(Math.max(...sizes)),
  }
}

/** Both hold; an undefined natural enclosure stays undefined. */
function meet(a: I.Interval, b: I.Interval): I.Interval {
  return Number.isNaN(b.lo) ? a : { lo: Math.max(a.lo, b.lo), hi: Math.min(a.hi, b.hi) }
}

/** Bisects until `holds` is true of every part; at most `budget.left` boxes, shared by all calls. */
function cover(
  start: Box,
  axisIfProven: (box: Box) => number | undefined,
  { budget, what }: { readonly budget: { left: number }; readonly what: string },
): void {
  const stack = [start]
  for (let box = stack.pop(); box !== undefined; box = stack.pop()) {
    const axis = axisIfProven(box)
    if (axis === undefined) continue
    const at = box.map(({ lo, hi }) => `[${lo}, ${hi}]`).join(' × ')
    demand(budget.left-- > 0, `${what} is not proved on ${at}`)
    const halves = bisect(box, axis)
    demand(halves !== undefined, `${what} is not proved at ${at}`)
    stack.push(...halves)
  }
}

function bisect(box: Box, axis: number): readonly [Box, Box] | undefined {
  const { lo, hi } = box[axis] as I.Interval
  const middle = lo / 2 + hi / 2
  if (!(middle > lo && middle < hi)) return undefined
  const half = (part: I.Interval) => box.map((side, i) => (i === axis ? part : side))
  return [half({ lo, hi: middle }), half({ lo: middle, hi })]
}

/** W > level on every face of the domain. */
function checkFaces(problem: Problem): void {
  const budget = { left: extraBoxes }
  problem.domain.forEach(({ lo, hi }, i) => {
    for (const side of [lo, hi]) {
      const face = problem.domain.map((s, k) => (k === i ? I.point(side) : s))
      const axis = (box: Box) => {
        const { value } = boundsOver(problem, box)
        const widths = box.map((s) => s.hi - s.lo)
        return value.lo > problem.level ? undefined : widths.indexOf(Math.max(...widths))
      }
      cover(face, axis, { budget, what: 'that the set stays off the boundary of the domain' })
    }
  })
}

/** Walks the bisection and proves each leaf, whatever kind it claims to be, bisecting further where bounds are loose. */
function checkLeaves(problem: Problem): void {
  const { isRegion, level, tree, witness, W, domain } = problem
  const origin = isRegion ? provenOrigin(problem) : undefined
  demand(
    !isRegion || origin !== undefined,
    'the second-order form is not proved definite on any part of the origin box',
  )
  if (witness !== undefined) {
    const isIn =
      witness.length === domain.length &&
      witness.every((w, i) => w.lo > (domain[i] as I.Interval).lo && w.hi < (domain[i] as I.Interval).hi)
    demand(isIn && (jetsOver(W, witness, 0)[0]?.[0] ?? I.never).hi <= 0, 'the witness is not in the set')
  }
  const budget = { left: extraBoxes }
  const holds = (box: Box): number | undefined => {
    if (origin?.every((s, i) => s.lo <= (box[i] as I.Interval).lo && s.hi >= (box[i] as I.Interval).hi))
      return undefined
    const { value, rate, axis } = boundsOver(problem, box)
    const isOff = value.lo > level || (!isRegion && value.hi < level)
    return isOff || rate.hi < 0 ? undefined : axis
  }
  const stack: Box[] = [domain]
  for (const entry of tree) {
    const box = stack.pop()
    demand(box !== undefined, 'the tree has too many entries')
    if (entry < 0) cover(box, holds, { budget, what: 'a leaf' })
    else {
      const halves = bisect(box, entry)
      demand(halves !== undefined, 'the tree splits a box that has no inside')
      stack.push(halves[1], halves[0])
    }
  }
  demand(stack.length === 0, 'the tree has too few entries')
}
