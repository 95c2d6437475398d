import { rootsOf, type StepSamples } from './isolateRoots.js'
import { refineRoot } from './refineRoot.js'

/** A zero that a function touches without crossing it, at the fraction θ of a step. */
export interface Touching {
  readonly theta: number
  /** where the extremum lies beyond zero, how far from it the crossings on either side are at most */
  readonly width: number
  /** the function comes back within the step: where it lies beyond zero, both crossings are in this step */
  readonly returns: boolean
}

/** How far from zero an extremum may be that does not reach it, and one that goes beyond it. */
export interface Closeness {
  readonly missed: number
  readonly crossed: number
}

/**
 * An extremum higher than this part of the function's largest value in the step is none: the polynomial
 * resolves a function that is worth searching to better than that.
 */
const highest = 1e-2

/** Values within a step are good to a few ε of the largest. */
const roundings = 8 * Number.EPSILON

/**
 * The slope by differences over this part of a step: it shifts an extremum by width² g‴/6g″, so that g is off
 * by the square of 1e-9 steps, and loses ε/width ≈ 1e-12 to rounding.
 */
const width = 1e-4

/** Interpolants of neighbouring steps disagree about an extremum at their border; within this part of a step it is one. */
export const border = 1e-3

/**
 * Extrema of an event function at which it touches zero: double roots, which no change of sign tells. They
 * are zeros of the derivative of the step's polynomial, isolated like roots and refined on the function
 * itself, where the function is as close to zero as `closeness` allows, or `touch`. One just beyond the end of
 * the step is taken to be at the end.
 */
export function touchings(
  g: (theta: number) => number,
  { values, coefficients }: StepSamples,
  closeness: (theta: number) => Closeness,
  touch = 0,
): Touching[] {
  if (coefficients === undefined) return []
  const largest = values.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  const most = Math.max(highest * largest, touch)
  // a polynomial lies between its Bernstein coefficients
  if (coefficients.every((c) => c > most) || coefficients.every((c) => c < -most)) return []
  const found: Touching[] = []
  for (const theta of extrema(g, coefficients)) {
    const value = g(theta)
    const bend = g(theta + width) - 2 * value + g(theta - width)
    if (!(Math.abs(value) <= most) || bend === 0) continue
    const { missed, crossed } = closeness(theta)
    const beyond = value * bend < 0
    const room = Math.max(roundings * largest, beyond ? crossed : missed)
    // g = value + bend (θ/width)²/2, and the crossings found are those of the function, not of the parabola
    if (!(Math.abs(value) <= room)) continue
    const returns = !beyond || (value * (values[0] as number) < 0 && value * (values.at(-1) as number) < 0)
    const pairWidth = 2 * width * Math.sqrt(Math.abs((2 * value) / bend))
    found.push({ theta, returns, width: Math.max(border, pairWidth) })
  }
  return found
}

function extrema(g: (theta: number) => number, coefficients: readonly number[]): number[] {
  const slopes = coefficients.slice(1).map((c, k) => c - (coefficients[k] as number))
  const slope = (theta: number) => g(theta + width) - g(theta - width)
  const found: number[] = []
  for (const { from, to } of rootsOf(slopes))
    if (slope(from) * slope(to) <= 0) found.push(refineRoot(slope, from, to))
  const [before, last] = [slopes.at(-2) as number, slopes.at(-1) as number]
  // Newton's step from the end of the step: p′ = m·last and p″ = m(m − 1)(last − before), m the degree
  const beyond = -last / ((slopes.length - 1) * (last - before))
  if (Math.abs(beyond) <= border && found.every((theta) => theta < 1 - border)) found.push(1)
  return found
}
