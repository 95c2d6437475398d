import { quarterRest, quarterTurns, restError } from './quarterTurns.js'
import { down, inflateDown, inflateUp, sumDown, up } from './rounding.js'

/*
 * Bounds of sin, cos, tan and atan over intervals, u = 2⁻⁵³. A bound over [l, h] looks at both ends and at
 * the extrema between them, which are found by counting quarter turns from a floor that errs outward.
 */

/** 1/n!, correctly rounded: odd n for the sine, even n for the cosine. */
const [s3, s5, s7, s9, s11, s13, s15, s17] = [
  1 / 6, 1 / 120, 1 / 5040, 1 / 362880, 1 / 39916800, 1 / 6227020800, 1 / 1307674368000, 1 / 355687428096000,
] // biome-ignore format: one table
const [d4, d6, d8, d10, d12, d14, d16, d18] = [
  1 / 24, 1 / 720, 1 / 40320, 1 / 3628800, 1 / 479001600, 1 / 87178291200, 1 / 20922789888000,
  1 / 6402373705728000,
] // biome-ignore format: one table

/**
 * sin(r), |r| ≤ 0.7855: Taylor to r¹⁷ leaves r¹⁹/19! < 2⁻⁶³; r·(1 − z·q) with z·q ≤ 0.1: relative error
 * u(product) + u(sum) + 0.1·4u < 3u.
 */
function sine(r: number): number {
  const z = r * r
  return r * (1 - z * (s3 - z * (s5 - z * (s7 - z * (s9 - z * (s11 - z * (s13 - z * (s15 - z * s17))))))))
}

/** cos(r), |r| ≤ 0.7855: Taylor to r¹⁸; z/2 ≤ 0.31 errs by 0.31·2u, the last sum by u: below 2u absolutely. */
function cosine(r: number): number {
  const z = r * r
  return (
    1 - z * (0.5 - z * (d4 - z * (d6 - z * (d8 - z * (d10 - z * (d12 - z * (d14 - z * (d16 - z * d18))))))))
  )
}

const waveRelative = 8 * 2 ** -53

/** sin(x + shift·π/2), near the truth by 8u of itself, plus the error of the rest unless k = 0. */
function wave(x: number, k: number, shift: number): number {
  const r = quarterRest(x, k)
  switch ((k + shift) & 3) {
    case 0:
      return sine(r)
    case 1:
      return cosine(r)
    case 2:
      return -sine(r)
    default:
      return -cosine(r)
  }
}

function waveDown(x: number, shift: number): number {
  const k = quarterTurns(x)
  const v = wave(x, k, shift)
  if (x === 0) return v
  return inflateDown(v, waveRelative) - restDoubt(x, k)
}

/** By how much the rest may be wrong: not at all for k = 0 (huge arguments know k only modulo 4). */
function restDoubt(x: number, k: number): number {
  return k === 0 && Math.abs(x) <= 1 ? 0 : 2 * restError
}

/** Floor of x/(π/2), up to multiples of 4, from below; one less where the rest cannot tell. */
function floorTurns(x: number): number {
  const k = quarterTurns(x)
  return quarterRest(x, k) > restDoubt(x, k) ? k : k - 1
}

/** The same from above: where the rest cannot tell, the multiple of π/2 counts as passed. */
function ceilTurns(x: number): number {
  const k = quarterTurns(x)
  return quarterRest(x, k) < -restDoubt(x, k) ? k - 1 : k
}

/**
 * Lower bound of sin(x + shift·π/2) over [l, h]. Below a width of 4.6 < 3π/2 less slack the two floors are
 * at most 3 apart, so that they may be compared modulo 4.
 */
export function waveLow(l: number, h: number, shift: number): number {
  if (!(l <= h)) return Number.NaN
  if (!(h - l < 4.6)) return -1
  const first = floorTurns(l) + shift
  const passed = (ceilTurns(h) + shift - first) & 3
  // a minimum lies at every turn ≡ 3 (mod 4); the first one after `first` is this many turns away
  const ahead = ((2 - first) & 3) + 1
  if (ahead <= passed) return -1
  return Math.max(-1, Math.min(waveDown(l, shift), waveDown(h, shift)))
}

export function waveHigh(l: number, h: number, shift: number): number {
  return -waveLow(l, h, shift + 2)
}

/** Whether tan has a pole in [l, h] or so near that it cannot be told: 2⁻⁴⁰ on either side. */
function meetsPole(l: number, h: number): boolean {
  if (!(h - l < 3.1)) return true
  const [a, b] = [quarterTurns(l), quarterTurns(h)]
  const [ra, rb] = [quarterRest(l, a), quarterRest(h, b)]
  if ((a & 1 && Math.abs(ra) < 2 ** -40) || (b & 1 && Math.abs(rb) < 2 ** -40)) return true
  const first = floorTurns(l)
  const passed = (ceilTurns(h) - first) & 3
  return (first & 1 ? 2 : 1) <= passed
}

/**
 * tan(x) away from poles. With dr = 2⁻⁵² and a pole at least 2⁻⁴⁰ off, the rest's error moves it by at most
 * (1 + t²)(1 + 2⁻¹⁰)·dr; quotient and series err by 6u.
 */
function tangent(x: number): { readonly value: number; readonly error: number } {
  const k = quarterTurns(x)
  const r = quarterRest(x, k)
  const value = k & 1 ? -cosine(r) / sine(r) : sine(r) / cosine(r)
  return { value, error: up(restDoubt(x, k) * (1 + value * value)) }
}

const tangentRelative = 16 * 2 ** -53

export function tanLow(l: number, h: number): number {
  if (!(l <= h) || meetsPole(l, h)) return Number.NaN
  const { value, error } = tangent(l)
  return l === 0 ? 0 : inflateDown(value, tangentRelative) - error
}

export function tanHigh(l: number, h: number): number {
  return -tanLow(-h, -l)
}

/** The doubles on either side of π/2. */
const halfPi = 1.5707963267948966
const halfPiAbove = 1.5707963267948968

/**
 * atan(x) for x ≥ 0 up to a relative error 20u. Above 1: π/2 − atan(1/x). Twice atan(x) = 2 atan(x/(1 +
 * √(1 + x²))) errs by 4u each and leads to x ≤ tan(π/16) < 0.199; the series to x²⁵ leaves 0.0396¹³/27 < 2⁻⁶⁵.
 */
function arctangent(x: number): number {
  if (x < 2 ** -30) return x // the cubic term is below 2⁻⁶¹ of x, and halving could underflow
  if (x > 1) return halfPi - arctangent(1 / x)
  const y = x / (1 + Math.sqrt(1 + x * x))
  const w = y / (1 + Math.sqrt(1 + y * y))
  const z = w * w
  let q = 1 / 25
  for (let n = 23; n >= 3; n -= 2) q = 1 / n - z * q
  return 4 * w * (1 - z * q)
}

const arctangentRelative = 32 * 2 ** -53

export function atanDown(x: number): number {
  return x < 0 ? -atanUp(-x) : x === 0 ? 0 : Math.max(0, inflateDown(arctangent(x), arctangentRelative))
}

export function atanUp(x: number): number {
  return x < 0 ? -atanDown(-x) : x === 0 ? 0 : inflateUp(arctangent(x), arctangentRelative)
}

/**
 * Bounds of the angle of (x, y) over a box: at the corners, since the angle is monotone in each coordinate
 * where the other keeps its sign. A box that meets the cut y = 0, x ≤ 0 fails: the angle jumps there.
 */
export function atan2Low(yl: number, yh: number, xl: number, xh: number): number {
  if (!(yl <= yh && xl <= xh)) return Number.NaN
  if (xl > 0) return atanDown(down(yl / (yl < 0 ? xl : xh)))
  // above the axis the angle is π/2 − atan(x/y), below it −π/2 − atan(x/y): least at the largest x/y
  if (yl > 0) return sumDown(halfPi - atanUp(up(xh / (xh > 0 ? yl : yh))))
  if (yh < 0) return sumDown(-halfPiAbove - atanUp(up(xl / (xl < 0 ? yh : yl))))
  return Number.NaN
}

/** By reflection: the angle of (x, y) is minus that of (x, −y). */
export function atan2High(yl: number, yh: number, xl: number, xh: number): number {
  return -atan2Low(-yh, -yl, xl, xh)
}
