import type { Dataset } from './source.js'

const [arms, radial, tangential, rate] = [5, 0.3, 0.1, 0.25]
const spacing = (2 * Math.PI) / arms

/** The angle that a feature at radius ρ and angle φ ends at, up to the arm's. */
const twisted = (rho: number, phi: number) => phi - rate * Math.exp(rho * Math.cos(phi))

/** Intervals on which roots are looked for; where p is above 1e-12 of its maximum there is one root an arm. */
const scan = 720

/**
 * A pinwheel of five arms: f = (1 + .3ε, .1ε), turned by −(2πk/5 + ¼e^{f₁}), times 2. Grathwohl et al., ICLR
 * 2019. A turn keeps lengths, so with x = 2ρ(cos ψ, sin ψ) the features with that image are ρ(cos φ, sin φ)
 * where φ − ¼exp(ρ cos φ) = ψ up to an arm, and log p is the sum over these roots.
 */
export const pinwheel: Dataset = {
  name: 'pinwheel',
  size: 2,
  entropy: { value: 2.317788, error: 1e-6 },
  draw(random, x) {
    const [f, g] = [1 + radial * random.normal(), tangential * random.normal()]
    const angle = spacing * random.integer(arms) + rate * Math.exp(f)
    const [c, s] = [Math.cos(angle), Math.sin(angle)]
    x[0] = 2 * (f * c + g * s)
    x[1] = 2 * (-f * s + g * c)
  },
  logProb(x) {
    const rho = Math.hypot(x[0], x[1]) / 2
    const psi = Math.atan2(x[1], x[0])
    const turnsAt = (phi: number) => (twisted(rho, phi) - psi) / spacing
    let density = 0
    for (let k = 0; k < scan; k++) {
      const [lo, hi] = [-Math.PI + (2 * Math.PI * k) / scan, -Math.PI + (2 * Math.PI * (k + 1)) / scan]
      const [a, b] = [turnsAt(lo), turnsAt(hi)]
      for (let whole = Math.ceil(Math.min(a, b)); whole < Math.max(a, b); whole++)
        density += featureDensity(
          rho,
          root((phi) => turnsAt(phi) - whole, lo, hi),
        )
    }
    // x = 2·(turned f) has a Jacobian of 4 times that of the twist
    return Math.log(density / arms / 4)
  },
}

/** p(f) over the slope of the twist at one root. */
function featureDensity(rho: number, phi: number): number {
  const [f, g] = [rho * Math.cos(phi), rho * Math.sin(phi)]
  const normal =
    Math.exp(-(((f - 1) / radial) ** 2 + (g / tangential) ** 2) / 2) / (2 * Math.PI * radial * tangential)
  return normal / Math.abs(1 + rate * g * Math.exp(f))
}

/** A root between two signs by bisection: 50 halvings of half a degree are below rounding. */
function root(f: (phi: number) => number, lo: number, hi: number): number {
  let [a, b] = [lo, hi]
  const rising = f(lo) < 0
  for (let k = 0; k < 50; k++) {
    const middle = (a + b) / 2
    if (f(middle) < 0 === rising) a = middle
    else b = middle
  }
  return (a + b) / 2
}
