/**
 * Outward rounding without directed rounding modes. JavaScript's + − × ÷ and Math.sqrt round to nearest, so
 * a result is within half an ulp of the truth; moving it by one to two ulps outward encloses the truth.
 *
 * With c = fl(a ∘ b) and E = 2⁻⁵² = 2u: for normal c of ulp 2ᵉ the product E·|c| lies in [1, 2)·2ᵉ (rounding
 * onto the subnormal grid keeps it ≥ 2ᵉ), so c − E·|c| ≤ c − ulp(c) ≤ a ∘ b. Rump, Zimmermann, Boldo &
 * Melquiond, "Computing predecessor and successor in rounding to nearest", BIT 49 (2009), use u(1 + 2u) and
 * η for one ulp less; this constant needs no η for sums, so that exact zeros stay zeros.
 *
 * An overflow to the inner side (lower bound +∞) becomes ∞ − ∞ = NaN, which satisfies no inequality.
 */

/** 2⁻⁵². */
export const relativeStep = 2.220446049250313e-16

/** η = 2⁻¹⁰⁷⁴, the smallest positive double. */
export const smallestStep = 5e-324

/** Lower bound of a sum or difference (exact when subnormal), or of a square root. */
export function sumDown(s: number): number {
  return s - relativeStep * Math.abs(s)
}

/** Upper bound of a sum or difference, or of a square root. */
export function sumUp(s: number): number {
  return s + relativeStep * Math.abs(s)
}

/** Lower bound of a product or quotient, which can underflow: hence η. */
export function down(c: number): number {
  return c - (relativeStep * Math.abs(c) + smallestStep)
}

/** Upper bound of a product or quotient. */
export function up(c: number): number {
  return c + (relativeStep * Math.abs(c) + smallestStep)
}

/** Lower bound of a value known up to a relative error `relative`, of which one ulp is this rounding. */
export function inflateDown(v: number, relative: number): number {
  return v - (relative * Math.abs(v) + smallestStep)
}

/** Upper bound of a value known up to a relative error. */
export function inflateUp(v: number, relative: number): number {
  return v + (relative * Math.abs(v) + smallestStep)
}

const powers = Float64Array.from({ length: 2098 }, () => 1)
for (let k = 1; k <= 1023; k++) powers[1074 + k] = (powers[1073 + k] as number) * 2
for (let k = 1; k <= 1074; k++) powers[1074 - k] = (powers[1075 - k] as number) / 2

/** 2ᵏ exactly, −1074 ≤ k ≤ 1023. */
export function powerOfTwo(k: number): number {
  return powers[1074 + k] as number
}
