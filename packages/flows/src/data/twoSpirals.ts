import { curveNodes } from './curve.js'
import type { Dataset } from './source.js'
import { errorFunction } from './specialFunctions.js'

const [noise, width] = [0.1, 0.5 / 3]
const turns = 3 * Math.PI

const arm = (n: number): readonly [number, number] => [(-Math.cos(n) * n) / 3, (Math.sin(n) * n) / 3]

// n = 3π√U has density 2t of t = n/3π. An arm is 15 long: 250 panels are shorter than the noise of .1
const nodes = curveNodes(
  (t) => arm(turns * t),
  250,
  (t) => 2 * t,
)

/** The density of U·width + noise·ε at v: a box blurred. */
function blurredBox(v: number): number {
  const z = v / (noise * Math.SQRT2)
  const step = width / (noise * Math.SQRT2)
  return (errorFunction(z) - errorFunction(z - step)) / (2 * width)
}

function armDensity(x: number, y: number): number {
  let sum = 0
  for (let k = 0; k < nodes.x.length; k++) {
    const [dx, dy] = [x - nodes.x[k], y - nodes.y[k]]
    // ten deviations off: below 1e-22
    if (dx < -1 || dx > 1 + width || dy < -1 || dy > 1 + width) continue
    sum += nodes.weights[k] * blurredBox(dx) * blurredBox(dy)
  }
  return sum
}

/**
 * Two spirals: n = 3π√U, d = (−n cos n + U/2, n sin n + U/2), half of the points at d, half at −d, all over 3,
 * with noise .1. The uniform numbers push both arms off their curves, in opposite directions. Grathwohl et
 * al., ICLR 2019. log p is −∞ farther than ten deviations of the noise from the arms.
 */
export const twoSpirals: Dataset = {
  name: 'twoSpirals',
  size: 2,
  entropy: { value: 2.6454502836, error: 1e-9 },
  draw(random, x) {
    const [ax, ay] = arm(turns * Math.sqrt(random.uniform()))
    const [ux, uy] = [width * random.uniform(), width * random.uniform()]
    const side = random.integer(2) === 0 ? 1 : -1
    x[0] = side * (ax + ux) + noise * random.normal()
    x[1] = side * (ay + uy) + noise * random.normal()
  },
  logProb: ({ 0: x, 1: y }) => Math.log((armDensity(x, y) + armDensity(-x, -y)) / 2),
}
