import { misuse, show } from '@separatrix/field/core'
import { blurredLogDensity, curveNodes } from './curve.js'
import type { Dataset, Source } from './source.js'

/** A point of the two half circles: the upper one about 0, the lower one about (1, ½). */
function halfCircles(lower: boolean, angle: number): readonly [number, number] {
  return lower ? [1 - Math.cos(angle), 0.5 - Math.sin(angle)] : [Math.cos(angle), Math.sin(angle)]
}

// arcs of length 2π at this scale, blurred by .2: panels of .157
const both = curveNodes((t) => {
  const [x, y] = halfCircles(t >= 0.5, 2 * Math.PI * (t % 0.5))
  return [2 * x - 1, 2 * y - 0.2]
}, 80)

const ffjord: Dataset = {
  name: "moons('ffjord')",
  size: 2,
  entropy: { value: 2.3938791959, error: 1e-9 },
  draw(random, x) {
    const [cx, cy] = halfCircles(random.integer(2) === 1, Math.PI * random.uniform())
    x[0] = 2 * (cx + 0.1 * random.normal()) - 1
    x[1] = 2 * (cy + 0.1 * random.normal()) - 0.2
  },
  logProb: (x) => blurredLogDensity(both, 0.2, [x[0], x[1]]),
}

const torchcfm: Dataset = {
  name: "moons('torchcfm')",
  size: 2,
  // midpoint rules on 2000² to 6000² nodes of angle and shift, extrapolated
  entropy: { value: 2.04784, error: 2e-5 },
  draw(random, x) {
    const [cx, cy] = halfCircles(random.integer(2) === 1, Math.PI * random.uniform())
    const shift = 0.2 * random.uniform()
    x[0] = 3 * (cx + shift) - 1
    x[1] = 3 * (cy + shift) - 1
  },
  logProb(x) {
    const [px, py] = [(x[0] + 1) / 3, (x[1] + 1) / 3]
    // the lower half circle is the upper one turned about (½, ¼), so shifts change sign
    const density = slidArc(px, py, 1) + slidArc(1 - px, 0.5 - py, -1)
    return Math.log(density / 9)
  },
}

/**
 * The density at p of ½ of a point of the upper half circle, uniform in its angle, moved by ±u(1, 1) with u
 * uniform on [0, .2]: the sum over the shifts s with |p − s(1, 1)| = 1 of ½/(π·.2·|sin t + cos t|).
 */
function slidArc(px: number, py: number, sign: number): number {
  const half = (px + py) / 2
  const under = half * half - (px * px + py * py - 1) / 2
  if (under < 0) return 0
  let density = 0
  for (const s of [half - Math.sqrt(under), half + Math.sqrt(under)]) {
    const [cx, cy] = [px - s, py - s]
    if (sign * s >= 0 && sign * s <= 0.2 && cy >= 0) density += 0.5 / (Math.PI * 0.2 * Math.abs(cx + cy))
  }
  return density
}

const named = { ffjord, torchcfm } as const

export type Moons = keyof typeof named

/**
 * Two half moons.
 *
 * - `'ffjord'`: those of scikit-learn with noise .1, times 2, moved by (−1, −.2). Grathwohl et al., ICLR 2019.
 * - `'torchcfm'`: noise is *one* uniform number on [0, .2] a point, added to both coordinates, so that the
 *   arcs are smeared along the diagonal; times 3, moved by −1. Tong et al., TMLR 2024, from torchdyn.
 *
 * Both publications space angles evenly within a batch; here they are drawn.
 * @example moons('ffjord').entropy.value // 2.394 nats
 */
export const moons: ((variant: Moons) => Dataset) & Source = Object.assign(
  (variant: Moons) => {
    if (Object.hasOwn(named, variant)) return named[variant]
    throw misuse({
      where: 'moons',
      expected: `one of ${Object.keys(named).join(', ')}`,
      got: show(variant),
      try: "moons('ffjord')",
    })
  },
  { draw: ffjord.draw },
)
