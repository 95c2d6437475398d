import { type Box, bounds, prove, replaced, walk, widest } from './boxes.js'
import { candidate, motion, rate } from './formulas.js'
import { type Interval, intervals, point, width, zero } from './interval.js'
import type { Problem } from './readCertificate.js'
import type { Formula } from './ring.js'

/** W > level on every face of the domain of the states. */
export function checkFaces(problem: Problem): void {
  const { domain, states, level, budget } = problem
  const W = candidate(problem)
  const open = (box: Box) => (bounds(W, box).lo > level ? undefined : widest(box.slice(0, states)))
  domain.slice(0, states).forEach(({ lo, hi }, i) => {
    for (const side of [lo, hi]) prove(replaced(domain, i, point(side)), budget, open)
  })
}

/** Whether a map leads from a box into the domain. */
export function isKept(problem: Problem, box: Box): boolean {
  const { domain, isMap } = problem
  const image = isMap ? motion(problem)(intervals, box) : []
  return image.every((v, i) => v.lo >= domain[i].lo && v.hi <= domain[i].hi)
}

interface Leaves {
  /** what must hold of a box where the rate is negative */
  readonly needs?: (box: Box) => boolean
  /** what is to be negative */
  readonly falls?: Formula
  /** what is enough on a leaf of the kind −3 */
  readonly atOrigin?: (box: Box) => boolean
  /** what has been settled before, on leaves of any kind */
  readonly isSettled?: (box: Box) => boolean
  /** where W is below this, the rate need only be defined */
  readonly inner?: number
}

/**
 * Walks the bisection and proves W > level or its rate < 0 on each leaf, whatever kind it claims to be, bisecting further
 * where bounds are loose.
 */
export function checkLeaves(problem: Problem, options: Leaves): void {
  const { domain, tree, states: n, level, decay, budget } = problem
  const {
    falls = rate(problem),
    needs = (box) => isKept(problem, box),
    atOrigin,
    isSettled = () => false,
    inner = -Infinity,
  } = options
  const W = candidate(problem)
  const isOutside = ({ lo }: Interval) => lo > level
  // where W < 0, Ẇ < −κW lets W rise: another attractor may lie there
  const isFall = (box: Box) => decay === 0 || bounds(W, box).lo >= 0
  walk(domain, tree, (leaf, kind) =>
    prove(leaf, budget, (box) => {
      if (isSettled(box)) return undefined
      // the leaf's kind only says what to try first
      let value = kind === -1 ? bounds(W, box) : undefined
      if (value && isOutside(value)) return undefined
      if (kind === -3 && atOrigin?.(box)) return undefined
      const change = bounds(falls, box, leaf)
      if (change.hi < 0 && needs(box) && isFall(box)) return undefined
      value ??= bounds(W, box)
      if (isOutside(value) || (value.hi < inner && change.lo <= change.hi)) return undefined
      // at the origin forms are definite for part of the inputs at a time
      const inputs = box.map((side, i) => (i >= n && width(side) * 2 ** 8 > width(domain[i]) ? side : zero))
      if (kind === -3 && inputs.some((side) => width(side) > 0)) return widest(inputs)
      return change.hi < 0 ? widest(box) : change.axis
    }),
  )
}
