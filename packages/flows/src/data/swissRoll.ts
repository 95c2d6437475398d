import { blurredLogDensity, curveNodes } from './curve.js'
import type { Dataset } from './source.js'

const angle = (u: number) => 1.5 * Math.PI * (1 + 2 * u)

// the roll is 18 long at this scale, its outermost turn runs at 18 a unit of t: panels of less than .2
const roll = curveNodes((u) => {
  const t = angle(u)
  return [(t * Math.cos(t)) / 5, (t * Math.sin(t)) / 5]
}, 200)

/**
 * The Swiss roll seen along its axis: t = 3π/2·(1 + 2U), (t cos t, t sin t) with noise of deviation 1, all
 * over 5. scikit-learn's, as in Grathwohl et al., ICLR 2019.
 */
export const swissRoll: Dataset = {
  name: 'swissRoll',
  size: 2,
  entropy: { value: 2.669646173, error: 2e-9 },
  draw(random, x) {
    const t = angle(random.uniform())
    x[0] = (t * Math.cos(t) + random.normal()) / 5
    x[1] = (t * Math.sin(t) + random.normal()) / 5
  },
  logProb: (x) => blurredLogDensity(roll, 0.2, [x[0], x[1]]),
}
