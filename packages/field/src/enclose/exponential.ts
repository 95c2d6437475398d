import { down, inflateDown, inflateUp, powerOfTwo, sumDown, sumUp, up } from './rounding.js'

/*
 * Bounds of exp, log and what follows from them, with u = 2⁻⁵³. Every bound below counts all roundings; the
 * constants leave at least a factor 1.5, which also covers the rounding of the inflation itself.
 */

/** 1/n!, correctly rounded. */
const [c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c17] = [
  1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040, 1 / 40320, 1 / 362880, 1 / 3628800, 1 / 39916800,
  1 / 479001600, 1 / 6227020800, 1 / 87178291200, 1 / 1307674368000, 1 / 355687428096000,
] // biome-ignore format: one table

const reciprocalLn2 = Math.LOG2E // any approximation will do: it only chooses k
/** ln 2 cut to 33 bits, so that its product with an 11-bit integer is exact. */
const ln2High = 0.6931471803691238
/** ln 2 − ln2High, correctly rounded. */
const ln2Low = 1.9082149292705877e-10

/**
 * exp(x) for −745.2 ≤ x ≤ 709.79, up to a relative error 8u (and η/2 where the result is subnormal).
 * x = k ln 2 + r: k·ln2High is exact, the two subtractions err by 2⁻⁵⁵ each on |r| ≤ 0.3466. Taylor to r¹³
 * leaves r¹⁴/14!·e^0.35 < 2⁻⁵⁷. Horner: eᵢ ≤ |r|·eᵢ₊₁ + u(|r·sᵢ₊₁| + |sᵢ|) gives e₁ ≤ 1.8u, e₀ ≤ 2.5u where
 * s₀ ≥ 1 and e₀ ≤ 2u where s₀ ≥ 0.7: together below 4u.
 */
function expNear(x: number): number {
  const k = Math.floor(x * reciprocalLn2 + 0.5)
  const r = x - k * ln2High - k * ln2Low
  const p =
    1 +
    r *
      (1 +
        r *
          (c2 +
            r *
              (c3 +
                r *
                  (c4 +
                    r *
                      (c5 +
                        r *
                          (c6 +
                            r * (c7 + r * (c8 + r * (c9 + r * (c10 + r * (c11 + r * (c12 + r * c13))))))))))))
  if (k > 1023) return p * powerOfTwo(1023) * 2
  return k < -1022 ? p * powerOfTwo(k + 60) * powerOfTwo(-60) : p * powerOfTwo(k)
}

const expError = 16 * 2 ** -53

export function expDown(x: number): number {
  if (x >= 709.79) return Number.MAX_VALUE
  if (x < -745.2) return 0
  if (x === 0) return 1
  const v = expNear(x)
  return v === Infinity ? 1.797e308 : Math.max(0, inflateDown(v, expError))
}

export function expUp(x: number): number {
  if (x >= 709.79) return Infinity
  if (x < -745.2) return Number.MIN_VALUE
  return x === 0 ? 1 : inflateUp(expNear(x), expError)
}

/**
 * 2·atanh(s) for |s| ≤ 0.1716 (= (√2 − 1)/(√2 + 1)), up to a relative error 3u beside that of s.
 * The series to s²¹ leaves (s²)¹¹/23 < 2⁻⁶⁰; the sum after the 1 is below 0.01, so Horner errs by 1.1u.
 */
function twiceAtanh(s: number): number {
  const z = s * s
  const q =
    z *
    (1 / 3 +
      z *
        (1 / 5 +
          z *
            (1 / 7 +
              z *
                (1 / 9 +
                  z * (1 / 11 + z * (1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21))))))))))
  return 2 * s * (1 + q)
}

const bits = new Float64Array(1)
const words = new Uint32Array(bits.buffer)
const highWord = new Uint8Array(Float64Array.of(1).buffer)[7] === 0x3f ? 1 : 0

/**
 * log(x) for 0 < x < ∞, up to a relative error 10u. x = m·2ᵏ with m in [√½, √2]: m − 1 is exact, s =
 * (m − 1)/(2 + (m − 1)) errs by 2u, hence log m by 5.1u of itself. For k ≠ 0 the total is at least ½ ln 2 ≥
 * |log m|, k·ln2High is exact, and three additions follow: 5.1u + 3u.
 */
function logNear(x: number): number {
  let k = 0
  let y = x
  if (y < 2.2250738585072014e-308) {
    y *= 18014398509481984 // 2⁵⁴, exact
    k = -54
  }
  bits[0] = y
  const high = words[highWord] as number
  k += (high >>> 20) - 1023
  words[highWord] = (high & 0xfffff) | 0x3ff00000
  let m = bits[0] as number
  if (m > Math.SQRT2) {
    m /= 2
    k += 1
  }
  const f = m - 1
  const near = twiceAtanh(f / (2 + f))
  return k === 0 ? near : k * ln2High + (k * ln2Low + near)
}

const logError = 16 * 2 ** -53

export function logDown(x: number): number {
  if (!(x > 0)) return Number.NaN
  if (x === Infinity) return 709.78
  return x === 1 ? 0 : inflateDown(logNear(x), logError)
}

export function logUp(x: number): number {
  if (!(x > 0)) return Number.NaN
  if (x === Infinity) return Infinity
  return x === 1 ? 0 : inflateUp(logNear(x), logError)
}

/**
 * sinh(x) for |x| ≤ 1: Taylor to x¹⁷ leaves 1/19! < 2⁻⁵⁶; x·(1 + z·q) with z·q ≤ 0.1753: z errs by u and
 * Horner by 1.2u, the product by u: below 4u.
 */
function sinhNear(x: number): number {
  const z = x * x
  return x * (1 + z * (c3 + z * (c5 + z * (c7 + z * (c9 + z * (c11 + z * (c13 + z * (c15 + z * c17))))))))
}

const sinhError = 8 * 2 ** -53

export function sinhDown(x: number): number {
  return x < 0 ? -sinhUp(-x) : sinhMagnitudeDown(x)
}

export function sinhUp(x: number): number {
  if (x < 0) return -sinhMagnitudeDown(-x)
  if (x <= 1) return x === 0 ? 0 : inflateUp(sinhNear(x), sinhError)
  return 0.5 * sumUp(expUp(x) - expDown(-x))
}

/** sinh from below at x ≥ 0. */
function sinhMagnitudeDown(x: number): number {
  if (x <= 1) return x === 0 ? 0 : Math.max(0, inflateDown(sinhNear(x), sinhError))
  return 0.5 * sumDown(expDown(x) - expUp(-x))
}

/** cosh at |x| from below; cosh falls and rises, so the caller names the point of least |x|. */
export function coshDown(x: number): number {
  return x === 0 ? 1 : Math.max(1, 0.5 * sumDown(expDown(x) + expDown(-x)))
}

export function coshUp(x: number): number {
  return x === 0 ? 1 : 0.5 * sumUp(expUp(x) + expUp(-x))
}

/**
 * tanh(x) for x ≥ 0, up to a relative error 14u. Up to 0.55: Taylor of sinh to x¹⁵ over that of cosh to x¹⁴
 * (remainders 0.55¹⁶/17! < 2⁻⁵⁷, 0.55¹⁶/16! < 2⁻⁵⁶), 4u + 3u + u. Beyond: (1 − e)/(1 + e), e = exp(−2x) ≤
 * 0.333 known to 8u: de changes the quotient by 2e/(1 − e²) ≤ 0.75 of its relative error, and three roundings.
 */
function tanhNear(x: number): number {
  if (x <= 0.55) {
    const z = x * x
    const s = x * (1 + z * (c3 + z * (c5 + z * (c7 + z * (c9 + z * (c11 + z * (c13 + z * c15)))))))
    const c = 1 + z * (c2 + z * (c4 + z * (c6 + z * (c8 + z * (c10 + z * (c12 + z * c14))))))
    return s / c
  }
  if (x > 20) return 1 // 1 − tanh 20 = 8.5e-18 < 2⁻⁵⁶
  const e = expNear(-2 * x)
  return (1 - e) / (1 + e)
}

const tanhError = 20 * 2 ** -53

export function tanhDown(x: number): number {
  if (x < 0) return -tanhUp(-x)
  return x === 0 ? 0 : Math.max(0, inflateDown(tanhNear(x), tanhError))
}

export function tanhUp(x: number): number {
  if (x < 0) return -tanhDown(-x)
  return x === 0 ? 0 : Math.min(1, inflateUp(tanhNear(x), tanhError))
}

/** 1/(1 + e^(−x)), its parts bounded one by one. */
export function sigmoidDown(x: number): number {
  return x === 0 ? 0.5 : Math.max(0, down(1 / sumUp(1 + expUp(-x))))
}

export function sigmoidUp(x: number): number {
  return x === 0 ? 0.5 : Math.min(1, up(1 / sumDown(1 + expDown(-x))))
}

/** log(1 + eˣ) = max(x, 0) + log(1 + e^(−|x|)). */
export function softplusDown(x: number): number {
  return Math.max(0, sumDown(Math.max(x, 0) + logOnePlusDown(expDown(-Math.abs(x)))))
}

export function softplusUp(x: number): number {
  return sumUp(Math.max(x, 0) + logOnePlusUp(expUp(-Math.abs(x))))
}

const logOnePlusError = 10 * 2 ** -53

/** log(1 + t), 0 ≤ t ≤ 1: below √2 − 1 by the series in t/(2 + t), known to 2u + 3u of itself. */
function logOnePlusDown(t: number): number {
  return t < 0.4142
    ? Math.max(0, inflateDown(twiceAtanh(t / (2 + t)), logOnePlusError))
    : logDown(sumDown(1 + t))
}

function logOnePlusUp(t: number): number {
  return t < 0.4142 ? inflateUp(twiceAtanh(t / (2 + t)), logOnePlusError) : logUp(sumUp(1 + t))
}

/** Lower end of x^y over x in [al, ah] (0 < al) and y in [bl, bh]: exp of the enclosed y·log x. */
export function powDown(al: number, ah: number, bl: number, bh: number): number {
  if (!(al <= ah && bl <= bh && al >= 0)) return Number.NaN
  if (al === 0) return bl > 0 ? 0 : Number.NaN
  const [ll, lh] = [logDown(al), logUp(ah)]
  return expDown(down(Math.min(ll * bl, ll * bh, lh * bl, lh * bh)))
}

export function powUp(al: number, ah: number, bl: number, bh: number): number {
  if (!(al <= ah && bl <= bh && al >= 0)) return Number.NaN
  if (al === 0) {
    if (!(bl > 0)) return Number.NaN
    // y > 0: the largest value is at the largest base
    return ah === 0 ? 0 : expUp(up(Math.max(logUp(ah) * bl, logUp(ah) * bh)))
  }
  const [ll, lh] = [logDown(al), logUp(ah)]
  return expUp(up(Math.max(ll * bl, ll * bh, lh * bl, lh * bh)))
}
