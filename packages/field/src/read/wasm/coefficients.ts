import type { LaneKind } from './lanes.js'

/** Polynomials and constants of the elementary functions, for one precision. */
export interface Coefficients {
  /** eʳ = 1 + r + r²·p(r), |r| ≤ ½ ln 2 */
  readonly exponential: readonly number[]
  /** 2 artanh(s) = 2s + s·z·p(z), z = s² ≤ (3 − 2√2)² */
  readonly logarithm: readonly number[]
  /** artanh(s) = s + s·z·p(z), z = s² ≤ 1/9 */
  readonly logarithm1p: readonly number[]
  /** sin r = r + r·z·p(z), z = r², |r| ≤ π/2 */
  readonly halfTurnSine: readonly number[]
  /** the same for |r| ≤ π/4 */
  readonly sine: readonly number[]
  /** cos r = 1 − z/2 + z²·p(z) */
  readonly cosine: readonly number[]
  /** arctan t = t + t·z·p(z), |t| ≤ tan π/8 */
  readonly arctangent: readonly number[]
  /** sinh x = x + x·z·p(z), |x| ≤ 1 */
  readonly hyperbolicSine: readonly number[]
  /** π/2 in parts, so short that all but the last times a quadrant number are exact */
  readonly halfPi: readonly number[]
  /** largest |x| that sin, cos and tan reduce by themselves */
  readonly largestAngle: number
  /** ln 2 in two parts, the first exact times any exponent */
  readonly ln2: readonly [number, number]
  /** 1.5·2^mantissa: adding it rounds to an integer, which then stands in the low bits */
  readonly roundingShift: number
  /** beyond these arguments eˣ is 0 or infinite, whatever is added */
  readonly exponentialRange: readonly [number, number]
  /** within ± this, 2ⁿ of eˣ is a normal number */
  readonly normalExponent: number
  /** tanh is 1 from here on */
  readonly tanhOne: number
  /** where a quotient of polynomials is shorter than the exponential */
  readonly rationalTangent?: RationalTangent
  readonly smallestNormal: number
  /** sums of squares and quotients neither overflow nor underflow between these */
  readonly comfortable: readonly [number, number]
  /** π/4, π/2, π: what their nearest number leaves over */
  readonly quarterPiRest: number
}

/** tanh x = x·p(z)/q(z), z = x², |x| ≤ end: least relative error, all coefficients positive. */
export interface RationalTangent {
  readonly end: number
  readonly over: readonly number[]
  readonly under: readonly number[]
}

/**
 * Interpolants at the Chebyshev nodes of the stated intervals, computed with 60 digits; each polynomial's own
 * error is below a third of an ulp of its function, the rest of the stated errors is rounding (tests/field/wasmElementary).
 * The parts of π/2 and ln 2 follow Cody & Waite (Software Manual for the Elementary Functions, 1980, ch. 6, 8).
 */
export const coefficients: { readonly [K in LaneKind]: Coefficients } = {
  f64x2: {
    exponential: [
      0.5, 0.1666666666666667, 0.04166666666666667, 0.008333333333326136, 0.0013888888888883748,
      0.00019841269874820627, 2.4801587325547743e-5, 2.7557255400206422e-6, 2.75572736431103e-7,
      2.5105217004720745e-8, 2.0914686968086876e-9,
    ],
    logarithm: [
      0.666666666666667, 0.39999999999899444, 0.2857142862600327, 0.22222211130259878, 0.18182889455674947,
      0.15331710618210773, 0.14616585424888623,
    ],
    logarithm1p: [
      0.3333333333333333, 0.20000000000007292, 0.1428571428355438, 0.11111111358713932, 0.09090894718066429,
      0.07692785032479312, 0.06657072104827468, 0.06000536404795356, 0.04400369243072337, 0.08082022805971766,
    ],
    halfTurnSine: [
      -0.16666666666666666, 0.008333333333333316, -0.00019841269841254966, 2.7557319219160833e-6,
      -2.505210761669045e-8, 1.6058977292642743e-10, -7.643969663988074e-13, 2.7314368769379893e-15,
    ],
    sine: [
      -0.16666666666666666, 0.008333333333330948, -0.00019841269836756774, 2.7557316101617874e-6,
      -2.505113165023518e-8, 1.5918115263265974e-10,
    ],
    cosine: [
      0.041666666666666664, -0.0013888888888887398, 2.480158729876456e-5, -2.7557317271145144e-7,
      2.087614614655861e-9, -1.1382623647474604e-11,
    ],
    arctangent: [
      -0.3333333333333333, 0.19999999999995516, -0.14285714284665682, 0.11111111015187018,
      -0.0909090457530649, 0.07692183125376892, -0.06664510525508936, 0.05858140904866328,
      -0.050854078345894844, 0.03923044778479309, -0.019175404711104935,
    ],
    hyperbolicSine: [
      0.16666666666666666, 0.008333333333333299, 0.00019841269841324198, 2.7557319191381816e-6,
      2.5052117695907823e-8, 1.6057679623801638e-10, 7.746178593018827e-13,
    ],
    // 33 + 33 + 33 + 53 bits: exact products for quadrants below 2²⁰
    halfPi: [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32],
    largestAngle: 1e6,
    // 42 bits
    ln2: [0.6931471805598903, 5.497923018708371e-14],
    roundingShift: 1.5 * 2 ** 52,
    exponentialRange: [-746, 711],
    normalExponent: 708,
    tanhOne: 20,
    smallestNormal: 2 ** -1022,
    comfortable: [1e-290, 1e290],
    quarterPiRest: 3.061616997868383e-17,
  },
  f32x4: {
    exponential: [
      0.5, 0.16666667163372, 0.04166646674275, 0.00833331048489, 0.00139336497523, 0.00019890991098,
    ],
    logarithm: [0.66666686534882, 0.39988777041435, 0.29580053687096],
    logarithm1p: [0.33333334326744, 0.19999852776527, 0.1429617851972, 0.1085328757763, 0.11612164974213],
    halfTurnSine: [
      -0.16666667163372, 0.00833333283663, -0.0001984108676, 2.75364595836e-6, -2.40800942944e-8,
    ],
    sine: [-0.16666667163372, 0.00833333190531, -0.00019840087043, 2.7249895993e-6],
    cosine: [0.04166666418314, -0.0013888302492, 2.454791683704e-5],
    arctangent: [-0.33333331346512, 0.19999539852142, -0.14263950288296, 0.10743668675423, -0.06451718509197],
    hyperbolicSine: [0.16666667163372, 0.00833333935589, 0.00019838102162, 2.80628023575e-6],
    // four times 11 bits and 24: exact products for quadrants below 2¹³
    halfPi: [
      1.5703125, 0.0004837512969970703, 7.549533620476723e-8, 2.5632829192545614e-12, 6.123233601181e-17,
    ],
    largestAngle: 12_000,
    // 15 bits
    ln2: [0.693145751953125, 1.428606765330187e-6],
    roundingShift: 1.5 * 2 ** 23,
    exponentialRange: [-105, 90],
    normalExponent: 87,
    tanhOne: 10,
    rationalTangent: {
      end: 7.9,
      over: [1, 0.13379718, 0.0034940343, 2.0583479e-5, 1.33190685e-8],
      under: [1, 0.46713033, 0.025871072, 0.00032830925, 7.762018e-7],
    },
    smallestNormal: 2 ** -126,
    comfortable: [1e-30, 1e30],
    quarterPiRest: Math.PI / 4 - Math.fround(Math.PI / 4),
  },
}
