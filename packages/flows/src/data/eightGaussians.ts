import { misuse, show } from '@separatrix/field/core'
import { type GaussianMixture, gaussianMixture } from './gaussianMixture.js'
import type { Dataset, Source } from './source.js'

// biome-ignore lint/suspicious/noApproximativeNumericConstant: the authors divide by these four digits, not by √2
const shrinkage = 1.414

/** Radius and deviation of each publication's eight normals, and the entropy by the trapezoidal rule on the plane. */
const settings = {
  ffjord: { radius: 4 / shrinkage, deviation: 0.5 / shrinkage, entropy: 2.8318804061 },
  torchcfm: { radius: 5, deviation: 0.1 ** 0.25, entropy: 3.7640903051 },
  moser: { radius: 4 / 6, deviation: 0.5 / 6, entropy: -0.0587933974 },
} as const

export type EightGaussians = keyof typeof settings

const named = Object.fromEntries(
  Object.entries(settings).map(([name, { radius, deviation, entropy }]) => {
    const means = Array.from({ length: 8 }, (_, k) => {
      const angle = (k * Math.PI) / 4
      return [radius * Math.cos(angle), radius * Math.sin(angle)]
    })
    const mixture = gaussianMixture({ means, deviation, name: `eightGaussians('${name}')` })
    return [name, { ...mixture, entropy: { value: entropy, error: 1e-9 } }]
  }),
) as Record<EightGaussians, Dataset & GaussianMixture>

/**
 * Eight normals on a circle, as three publications draw them; they differ in scale and in overlap.
 *
 * - `'ffjord'`: (c + ½ε)/1.414, |c| = 4, with these four digits of √2. Grathwohl et al., ICLR 2019.
 * - `'torchcfm'`: radius 5. Their .1 is the *variance of the variance*'s argument: they pass √.1 where a
 *   covariance is expected, so the deviation is .1^¼ = .562. Tong et al., TMLR 2024.
 * - `'moser'`: (c + ½ε)/6, |c| = 4, inside of a torus [−1, 1]². Rozen et al., NeurIPS 2021.
 *
 * The name itself may be given as a source, and then is FFJORD's.
 * @example eightGaussians('torchcfm').entropy.value // 3.764 nats
 */
export const eightGaussians: ((variant: EightGaussians) => Dataset & GaussianMixture) & Source =
  Object.assign(
    (variant: EightGaussians) => {
      if (Object.hasOwn(named, variant)) return named[variant]
      throw misuse({
        where: 'eightGaussians',
        expected: `one of ${Object.keys(named).join(', ')}`,
        got: show(variant),
        try: "eightGaussians('ffjord')",
      })
    },
    { draw: named.ffjord.draw },
  )
