import { decompose } from '../graph/exact.js'

/*
 * x = k·π/2 + r with |r| ≤ π/4 (+2⁻³⁰): the argument reduction behind sin, cos and tan. The rest r is exact
 * for k = 0 and otherwise within {@link restError} of the truth, for every finite double.
 */

/** |computed r − true r|: two subtractions on magnitudes below 1, 2⁻⁵⁴ each, or one rounding of a BigInt. */
export const restError = 2 ** -52

/** Largest |x| reduced in doubles: k < 2²⁰, so that k·p1 and k·p2 (33 bits each) are exact. */
const moderate = 1e6

const twoOverPi = 0.6366197723675814
/** π/2 = p1 + p2 + p3 (+ 2⁻¹¹⁹): 33 bits, 33 bits, and the correctly rounded rest. */
const p1 = 1.5707963267341256
const p2 = 6.077100506303966e-11
const p3 = 2.0222662487959506e-21

/** k for |x| ≤ 10⁶; beyond, k modulo 4, which is all that the callers need. */
export function quarterTurns(x: number): number {
  if (Math.abs(x) <= moderate) return Math.floor(x * twoOverPi + 0.5)
  return Number.isFinite(x) ? Number(BigInt.asUintN(2, reduceHuge(x).turns)) : Number.NaN
}

/** r for the k that {@link quarterTurns} gave. */
export function quarterRest(x: number, k: number): number {
  if (Math.abs(x) > moderate) return Number.isFinite(x) ? reduceHuge(x).rest : Number.NaN
  return k === 0 ? x : x - k * p1 - k * p2 - k * p3
}

const fraction = 1216
let halfPi: bigint | undefined

/** π/2·2¹²¹⁶ by Machin's π/4 = 4 atan(1/5) − atan(1/239), with 64 guard bits for the truncated terms. */
function scaledHalfPi(): bigint {
  halfPi ??= (2n * (4n * arctangentOfReciprocal(5n) - arctangentOfReciprocal(239n))) >> 64n
  return halfPi
}

function arctangentOfReciprocal(q: bigint): bigint {
  let power = (1n << BigInt(fraction + 64)) / q
  let sum = power
  for (let n = 1n; power > 0n; n++) {
    power /= q * q
    sum += (n % 2n === 0n ? power : -power) / (2n * n + 1n)
  }
  return sum
}

/**
 * Exact reduction: |x| > 10⁶ is an integer over 2³³, and k < 2¹⁰²⁴, so that 1216 bits of π/2 leave r wrong
 * by less than 2⁻¹⁹⁰ before it is rounded to a double (once to 2⁻¹⁰⁰, once to 53 bits).
 */
function reduceHuge(x: number): { readonly turns: bigint; readonly rest: number } {
  const { significand, exponent } = decompose(Math.abs(x))
  const scaled = significand << BigInt(exponent + fraction)
  const quarter = scaledHalfPi()
  const turns = (2n * scaled + quarter) / (2n * quarter)
  const rest = Number((scaled - turns * quarter) >> BigInt(fraction - 100)) / 2 ** 100
  return x < 0 ? { turns: -turns, rest: -rest } : { turns, rest }
}
