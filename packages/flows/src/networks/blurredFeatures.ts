import { Builder, type Field, makeField, misuse, type Ref, seededRandom, show } from '@separatrix/field/core'

export interface BlurredFeaturesOptions {
  /** n, the length of x; the input is [x; t] */
  readonly size: number
  /** k, number of frequencies */
  readonly count: number
  /** the first and the last deviation of the normal frequencies in radians a unit, between which they grow geometrically */
  readonly scale: readonly [number, number]
  /** κ: features at time t are blurred by normal noise of deviation κ(1 − t); √2 by default */
  readonly blur?: number
  /** number of functions e^{−2ʲ(1−t)}, j = 0, 1, …; 6 by default, the last of which changes within the last 1/32 */
  readonly times?: number
  readonly seed: number
}

/**
 * [x; t] ↦ [x; t; e^{−2ʲ(1−t)}; g sin Bx; g cos Bx] with fixed normal frequencies B (k × n) that fade in as t → 1, g =
 * e^{−κ²|b|²(1−t)²/2}: the mean of sin b·(x + κ(1 − t)ε) over normal ε. A path from a normal source has at time t a
 * marginal blurred by 1 − t, of which finer features would be noise: on rings and checkerboard fading out is worth more
 * than four times the weights. B is a block of parameters, which training leaves alone. Barron et al., ICCV 2021
 * (mip-NeRF), eq. 14, with the blur of the path as the footprint.
 * @example
 * const features = blurredFeatures({ size: 2, count: 16, scale: [2, 8], seed: 0 })
 * withTime(compose(network({ widths: [features.outputSize, 64, 2], activation: 'swish', seed: 1 }), features))
 */
export function blurredFeatures(options: BlurredFeaturesOptions): Field {
  checkOptions(options)
  const { size: n, count, scale, blur = Math.SQRT2, times = 6, seed } = options
  const random = seededRandom(seed)
  const growth = scale[1] / scale[0]
  const deviation = (k: number) => scale[0] * growth ** (count > 1 ? k / (count - 1) : 0)
  const theta = Float64Array.from(
    { length: count * n },
    (_, i) => deviation(Math.floor(i / n)) * random.normal(),
  )
  const b = new Builder()
  const input = b.leaf('state', n + 1)
  const x = b.gather(
    input,
    Array.from({ length: n }, (_, i) => i),
  )
  const frequencies = b.leaf('theta', theta.length)
  const left = b.sub(b.constant(1), b.gather(input, [n]))
  const clocks = Array.from({ length: times }, (_, j) => b.unary('exp', b.mul(b.constant(-(2 ** j)), left)))
  const exponent = b.mul(squaredLengths(b, frequencies, count, n), b.powi(b.mul(b.constant(blur), left), 2))
  const faded = b.unary('exp', b.mul(b.constant(-0.5), exponent))
  const angles = b.matvec(frequencies, x, count, n)
  const waves = [b.unary('sin', angles), b.unary('cos', angles)].map((wave) => b.mul(faded, wave))
  return makeField(b, b.concat([input, ...clocks, ...waves]), {
    name: 'blurredFeatures',
    stateNames: [...Array.from({ length: n }, (_, i) => `x${i + 1}`), 't'],
    inputNames: [],
    theta,
    layout: [{ name: 'frequencies', offset: 0, shape: [count, n], kind: 'parameter' }],
  })
}

/** |b|² of each row of B. */
function squaredLengths(b: Builder, rows: Ref, count: number, n: number): Ref {
  const squares = Array.from({ length: n }, (_, i) =>
    b.powi(
      b.gather(
        rows,
        Array.from({ length: count }, (_, k) => k * n + i),
      ),
      2,
    ),
  )
  return squares.reduce((sum, square) => b.add(sum, square))
}

function checkOptions({ size, count, scale, blur = 1, times = 0 }: BlurredFeaturesOptions): void {
  const isCount = (v: number, least: number) => Number.isInteger(v) && v >= least
  const positive = scale.length === 2 && scale.every((s) => s > 0 && Number.isFinite(s))
  if (isCount(size, 1) && isCount(count, 1) && isCount(times, 0) && positive && blur >= 0) return
  throw misuse({
    where: 'blurredFeatures',
    expected: 'positive size and count, two positive scales, blur ≥ 0 and a number of times',
    got: show({ size, count, scale, blur, times }),
    try: '{ size: 2, count: 16, scale: [2, 8], seed: 0 }',
  })
}
