import { logSumExp } from './logSumExp.js'
import type { Dataset } from './source.js'
import { logBesselI0 } from './specialFunctions.js'

const radii = [3, 2.25, 1.5, 0.75]
const noise = 0.08

/**
 * Four concentric circles of radii 3, 2.25, 1.5, .75, equally likely, with noise .08. log p in closed form: a
 * circle blurred is exp(−(r² + R²)/2s²)·I₀(rR/s²)/2πs². The publication spaces angles evenly within a batch;
 * here they are drawn. Grathwohl et al., ICLR 2019.
 */
export const rings: Dataset = {
  name: 'rings',
  size: 2,
  entropy: { value: 2.62318277, error: 2e-9 },
  draw(random, x) {
    const radius = radii[random.integer(4)] as number
    const angle = 2 * Math.PI * random.uniform()
    x[0] = radius * Math.cos(angle) + noise * random.normal()
    x[1] = radius * Math.sin(angle) + noise * random.normal()
  },
  logProb(x) {
    const r = Math.hypot(x[0], x[1])
    const variance = noise * noise
    const terms = radii.map(
      (radius) => -(r * r + radius * radius) / (2 * variance) + logBesselI0((r * radius) / variance),
    )
    return logSumExp(terms) - Math.log(4 * 2 * Math.PI * variance)
  },
}
