import { misuse, show } from '@separatrix/field/core'

/**
 * A path of conditional normals between samples: x(t) = α(t)x₀ + β(t)x₁ + s(t)ε, with the rates that make its
 * velocity α′x₀ + β′x₁ + s′ε.
 */
export interface ConditionalPath {
  readonly name: string
  alpha(t: number): number
  beta(t: number): number
  alphaRate(t: number): number
  betaRate(t: number): number
  /** s and s′; none where left out */
  noise?(t: number): number
  noiseRate?(t: number): number
}

/**
 * Straight lines: x(t) = (1 − t)x₀ + t x₁. Tong et al., TMLR 2024, eq. 14 and 15; Liu, Gong & Liu, ICLR 2023.
 */
export const straight: ConditionalPath = {
  name: 'straight',
  alpha: (t) => 1 - t,
  beta: (t) => t,
  alphaRate: () => -1,
  betaRate: () => 1,
}

/**
 * Quarter circles, which keep the variance: x(t) = cos(πt/2)x₀ + sin(πt/2)x₁. Albergo & Vanden-Eijnden, ICLR
 * 2023; called VP-CFM by Tong et al., and the cosine schedule by others.
 */
export const trigonometric: ConditionalPath = {
  name: 'trigonometric',
  alpha: (t) => Math.cos((Math.PI / 2) * t),
  beta: (t) => Math.sin((Math.PI / 2) * t),
  alphaRate: (t) => (-Math.PI / 2) * Math.sin((Math.PI / 2) * t),
  betaRate: (t) => (Math.PI / 2) * Math.cos((Math.PI / 2) * t),
}

/**
 * From a normal source, a straight line that ends in a normal of deviation σ about x₁: x(t) = (1 − (1 − σ)t)x₀ +
 * t x₁. Lipman et al., ICLR 2023, eq. 20 and 22.
 * @example gaussian(0.1).alpha(1) // 0.1
 */
export function gaussian(sigma: number): ConditionalPath {
  positive('gaussian', sigma)
  return {
    name: `gaussian(${sigma})`,
    alpha: (t) => 1 - (1 - sigma) * t,
    beta: (t) => t,
    alphaRate: () => sigma - 1,
    betaRate: () => 1,
  }
}

/**
 * Straight lines at another speed: x(t) = (1 − tⁿ)x₀ + tⁿx₁.
 * @example polynomial(2).beta(0.5) // 0.25
 */
export function polynomial(n: number): ConditionalPath {
  positive('polynomial', n)
  return {
    name: `polynomial(${n})`,
    alpha: (t) => 1 - t ** n,
    beta: (t) => t ** n,
    alphaRate: (t) => -n * t ** (n - 1),
    betaRate: (t) => n * t ** (n - 1),
  }
}

/**
 * The schedule of variance-preserving diffusions, backwards in their time: β(t) = e^{−T/2}, α(t) = √(1 − e^{−T}),
 * T = ½(1 − t)²(b₁ − b₀) + (1 − t)b₀. At t = 0 it starts from the source up to β(0) = .0066. Song et al., ICLR
 * 2021, eq. 33, whose constants .1 and 20 these are. α′ is infinite at t = 1; `straight` has no such end.
 * @example variancePreserving().beta(1) // 1
 */
export function variancePreserving({ least = 0.1, most = 20 } = {}): ConditionalPath {
  positive('variancePreserving', least)
  positive('variancePreserving', most)
  const T = (t: number) => 0.5 * (1 - t) ** 2 * (most - least) + (1 - t) * least
  const rate = (t: number) => -(1 - t) * (most - least) - least
  const alpha = (t: number) => Math.sqrt(-Math.expm1(-T(t)))
  return {
    name: `variancePreserving(${least}, ${most})`,
    alpha,
    beta: (t) => Math.exp(-T(t) / 2),
    alphaRate: (t) => (0.5 * rate(t) * Math.exp(-T(t))) / alpha(t),
    betaRate: (t) => -0.5 * rate(t) * Math.exp(-T(t) / 2),
  }
}

/**
 * Brownian bridges: straight lines with noise s(t) = σ√(t(1 − t)). With the entropic plan of regularization 2σ²
 * it is the Schrödinger bridge. s′ grows as 1/√t at the ends, where 1e-8 keeps it finite, as in the authors' code.
 * Tong et al., AISTATS 2024, eq. 6; TMLR 2024, section 4.3.
 * @example schroedingerBridge(0.5).noise(0.5) // 0.25
 */
export function schroedingerBridge(sigma: number): ConditionalPath & {
  readonly sigma: number
  noise(t: number): number
  noiseRate(t: number): number
} {
  positive('schroedingerBridge', sigma)
  const noise = (t: number) => sigma * Math.sqrt(t * (1 - t))
  return {
    ...straight,
    name: `schroedingerBridge(${sigma})`,
    sigma,
    noise,
    noiseRate: (t) => ((1 - 2 * t) * noise(t)) / (2 * t * (1 - t) + 1e-8),
  }
}

function positive(where: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return
  throw misuse({ where, expected: 'a positive number', got: show(value), try: `${where}(0.5)` })
}
