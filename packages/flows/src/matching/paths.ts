/** A path of conditional means x(t) = α(t)x₀ + β(t)x₁ between samples, with its velocity. */
export interface ConditionalPath {
  readonly name: string
  alpha(t: number): number
  beta(t: number): number
  alphaRate(t: number): number
  betaRate(t: number): number
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
 * 2023.
 */
export const trigonometric: ConditionalPath = {
  name: 'trigonometric',
  alpha: (t) => Math.cos((Math.PI / 2) * t),
  beta: (t) => Math.sin((Math.PI / 2) * t),
  alphaRate: (t) => (-Math.PI / 2) * Math.sin((Math.PI / 2) * t),
  betaRate: (t) => (Math.PI / 2) * Math.cos((Math.PI / 2) * t),
}
