import { checkOptions, misuse, type OptionNames, show } from '@separatrix/field/core'

/**
 * A linear step controller as data. With e₀ the scaled error of the step just taken (1 = tolerance), e₁, e₂
 * those before, r₁, r₂ the ratios of successive step sizes and k the order of the error estimate plus one:
 * h ← h · safety · e₀^(−β₁/k) e₁^(−β₂/k) e₂^(−β₃/k) · r₁^(−α₂) r₂^(−α₃), held within the two factors.
 */
export interface StepControl {
  /** what was set, as text: what loops compiled for it are remembered by */
  readonly key: string
  readonly beta: readonly [number, number, number]
  readonly alpha: readonly [number, number]
  readonly safety: number
  readonly minFactor: number
  readonly maxFactor: number
  /** smooth limiter 1 + arctan(x − 1) in place of the hard bounds (Söderlind & Wang 2006, §5) */
  readonly limiter: boolean
}

type Filter = Pick<StepControl, 'beta' | 'alpha'>

/**
 * Coefficients kβ and α: I and Hairer's PI (Hairer, Nørsett & Wanner, Solving ODEs I, §II.4 (4.24) with
 * β = .04), the others from Söderlind, "Digital filters in adaptive time-stepping", ACM TOMS 29 (2003),
 * Table III and §6.
 */
const presets = {
  I: { beta: [1, 0, 0], alpha: [0, 0] },
  PI: { beta: [0.85, -0.2, 0], alpha: [0, 0] },
  PI42: { beta: [3 / 5, -1 / 5, 0], alpha: [0, 0] },
  PI33: { beta: [2 / 3, -1 / 3, 0], alpha: [0, 0] },
  PI34: { beta: [7 / 10, -2 / 5, 0], alpha: [0, 0] },
  H211PI: { beta: [1 / 6, 1 / 6, 0], alpha: [0, 0] },
  H211b: { beta: [1 / 4, 1 / 4, 0], alpha: [1 / 4, 0] },
  H312PID: { beta: [1 / 18, 1 / 9, 1 / 18], alpha: [0, 0] },
  H312b: { beta: [1 / 8, 2 / 8, 1 / 8], alpha: [3 / 8, 1 / 8] },
  H321: { beta: [1 / 3, 1 / 18, -5 / 18], alpha: [-5 / 6, -1 / 6] },
} as const satisfies Record<string, Filter>

export type ControlPreset = keyof typeof presets

export interface AdaptiveOptions {
  readonly preset?: ControlPreset
  readonly beta?: readonly [number, number, number]
  readonly alpha?: readonly [number, number]
  readonly safety?: number
  readonly minFactor?: number
  readonly maxFactor?: number
  readonly limiter?: boolean
}

const names: OptionNames<AdaptiveOptions> = {
  preset: true,
  beta: true,
  alpha: true,
  safety: true,
  minFactor: true,
  maxFactor: true,
  limiter: true,
}

/**
 * Settings of the step controller; what is not given is as in DOPRI5 (safety .9, factors .2 to 10, PI).
 * @example
 * const decay = (_t, y, dydt) => { dydt[0] = -y[0] }
 * solve(decay, [1], [0, 1], { method: dopri5, rtol: 1e-8, atol: 1e-10, control: adaptive({ preset: 'H211b' }) })
 */
export function adaptive(options: AdaptiveOptions = {}): StepControl {
  checkOptions('adaptive', options, names)
  const { preset = 'PI', beta, alpha } = options
  const { safety = 0.9, minFactor = 0.2, maxFactor = 10, limiter = false } = options
  const filter: Filter | undefined = presets[preset]
  if (filter === undefined)
    throw misuse({
      where: 'adaptive',
      expected: `one of ${Object.keys(presets).join(', ')}`,
      got: show(preset),
      try: "preset: 'PI'",
    })
  if (!(safety > 0 && safety <= 1 && minFactor > 0 && minFactor < 1 && maxFactor > 1))
    throw misuse({
      where: 'adaptive',
      expected: '0 < safety ≤ 1 and 0 < minFactor < 1 < maxFactor',
      got: show([safety, minFactor, maxFactor]),
      try: 'safety: 0.9, minFactor: 0.2, maxFactor: 10',
    })
  return Object.freeze({
    key: JSON.stringify(options),
    beta: beta ?? filter.beta,
    alpha: alpha ?? filter.alpha,
    safety,
    minFactor,
    maxFactor,
    limiter,
  })
}
