import { Builder, embed, type Field, makeField, mergeTheta, network, type Ref } from '@separatrix/field'

export const pixels = 64
export const classes = 10

/** η' = f(η, x) on [η; x]: a network that sees the state and the image. */
export function dynamics(width: number, seed: number): Field {
  return network({
    widths: [classes + pixels, width, width, classes],
    activation: 'tanh',
    seed,
    name: 'dynamics',
  })
}

/** A residual network on images: x ↦ W·hₘ, hₖ₊₁ = hₖ + Vₖ tanh(Uₖhₖ + aₖ), with as many blocks as the flow has layers. */
export function residualNetwork(width: number, blocks: number, seed: number): Field {
  const parts = [
    network({ widths: [pixels, width], activation: 'tanh', seed, name: 'in' }),
    ...Array.from({ length: blocks }, (_, k) =>
      network({ widths: [width, width, width], activation: 'tanh', seed: seed + 1 + k, name: `block${k}` }),
    ),
    network({ widths: [width, classes], activation: 'tanh', seed: seed + 100, name: 'out' }),
  ]
  return chain('residual network', parts, (b, place) => {
    const first = place(parts[0], b.leaf('state', pixels))
    const last = parts.slice(1, -1).reduce((h, block) => b.add(h, place(block, h)), first)
    return place(parts[parts.length - 1], last)
  })
}

/**
 * The classifier of a flow: x ↦ η(1), η(0) = 0, η' = f(η, x), by classical Runge–Kutta steps written out as one graph, so
 * that attacks see the gradient of exactly what is evaluated.
 */
export function flowClassifier(f: Field, steps: number): Field {
  return chain(`flow of ${f.name}`, [f], (b, place) => {
    const x = b.leaf('state', pixels)
    const h = 1 / steps
    const rate = (eta: Ref) => place(f, b.concat([eta, x]))
    const moved = (eta: Ref, by: number, k: Ref) => b.add(eta, b.mul(b.constant(by), k))
    let eta = b.zeros(classes)
    for (let i = 0; i < steps; i++) {
      const k1 = rate(eta)
      const k2 = rate(moved(eta, h / 2, k1))
      const k3 = rate(moved(eta, h / 2, k2))
      const k4 = rate(moved(eta, h, k3))
      const middle = b.mul(b.constant(2), b.add(k2, k3))
      eta = moved(eta, h / 6, b.add(b.add(k1, middle), k4))
    }
    return eta
  })
}

/** A field on images from fields on other states, whose θ follow one another. */
function chain(
  name: string,
  parts: readonly Field[],
  build: (b: Builder, place: (part: Field, state: Ref) => Ref) => Ref,
): Field {
  const b = new Builder()
  const { theta, layout, offsets } = mergeTheta(parts)
  const all = b.leaf('theta', theta.length)
  const output = build(b, (part, state) => {
    const at = offsets[parts.indexOf(part)]
    const own = b.gather(
      all,
      Array.from(part.theta.keys(), (i) => at + i),
    )
    return embed(b, part, { state, theta: own })
  })
  return makeField(b, output, {
    name,
    stateNames: Array.from({ length: pixels }, (_, i) => `pixel${i}`),
    inputNames: [],
    theta,
    layout,
  })
}
