import {
  Builder,
  divergence,
  embed,
  expectField,
  type Field,
  makeField,
  misuse,
  pushforward,
  type Random,
  type Ref,
} from '@separatrix/field/core'
import { expectCount } from '../check/expectCount.js'

/**
 * A compact manifold in the coordinates that fields on it are written in: its uniform distribution, shortest paths,
 * and the divergence of a tangent field.
 */
export interface Manifold {
  readonly name: string
  /** numbers of a point */
  readonly size: number
  /** of the whole manifold */
  readonly volume: number
  /** a uniform point */
  draw(random: Random, x: Float64Array): void
  /** makes of a field of {@link features} numbers, or of these and the time, a tangent field: what training starts from */
  tangent(g: Field): Field
  /** numbers that a network on the manifold reads */
  readonly features: number
  /** ∇·v of a tangent field, a scalar field */
  divergence(v: Field): Field
  /** the point at time t of the shortest path from x₀ to x₁, and the velocity there */
  geodesic(ends: GeodesicEnds, t: number, x: Float64Array, velocity: Float64Array): void
  /** brings points back that a solve has moved off, or around */
  project(x: Float64Array): void
}

export interface GeodesicEnds {
  readonly x0: ArrayLike<number>
  readonly x1: ArrayLike<number>
}

/** The features, and the time where the field reads one number more. */
function withClock(b: Builder, g: Field, features: Ref): Ref {
  return g.stateSize === b.size(features) + 1 ? b.concat([features, b.leaf('time', 1)]) : features
}

function checkFeatures(where: string, g: Field, features: number, outputs: number): void {
  expectField(where, g)
  const extra = g.stateSize - features
  if ((extra === 0 || extra === 1) && g.outputSize === outputs) return
  throw misuse({
    where,
    expected: `a field of ${features} numbers, or of these and the time, with ${outputs} values`,
    got: `R^${g.stateSize} → R^${g.outputSize}`,
    try: `network({ widths: [${features + 1}, 64, ${outputs}], … })`,
    code: 'wrong-dimension',
  })
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

/**
 * The flat torus [0, 2π)ⁿ in angles. A network on it reads [cos x; sin x], so that the field has no seam.
 * @example torus(2).volume // 4π²
 */
export function torus(n: number): Manifold {
  expectCount('torus', n, 'angles')
  const turn = 2 * Math.PI
  return {
    name: `torus(${n})`,
    size: n,
    features: 2 * n,
    volume: turn ** n,
    draw(random, x) {
      for (let i = 0; i < n; i++) x[i] = turn * random.uniform()
    },
    tangent: (g) => {
      checkFeatures(`torus(${n}).tangent`, g, 2 * n, n)
      const b = new Builder()
      const x = b.leaf('state', n)
      const output = embed(b, g, { state: withClock(b, g, b.concat([b.unary('cos', x), b.unary('sin', x)])) })
      return makeField(b, output, { ...g, stateNames: range(n).map((i) => `x${i + 1}`) })
    },
    divergence,
    geodesic({ x0, x1 }, t, x, velocity) {
      for (let i = 0; i < n; i++) {
        const d = x1[i] - x0[i]
        velocity[i] = d - turn * Math.round(d / turn)
        x[i] = x0[i] + t * velocity[i]
      }
    },
    project(x) {
      for (let i = 0; i < x.length; i++) x[i] -= turn * Math.floor(x[i] / turn)
    },
  }
}

/**
 * The unit sphere in R³. A field on it is that of x/|x| less its part along x; its divergence on the sphere is that in
 * R³, since so extended it is constant along rays and has no part across.
 * @example sphere.volume // 4π
 */
export const sphere: Manifold = {
  name: 'sphere',
  size: 3,
  features: 3,
  volume: 4 * Math.PI,
  draw(random, x) {
    let square = 0
    do {
      for (let i = 0; i < 3; i++) x[i] = random.normal()
      square = x[0] ** 2 + x[1] ** 2 + x[2] ** 2
    } while (square === 0)
    for (let i = 0; i < 3; i++) x[i] /= Math.sqrt(square)
  },
  tangent: (g) => {
    checkFeatures('sphere.tangent', g, 3, 3)
    const b = new Builder()
    const x = b.leaf('state', 3)
    const unit = b.div(x, b.unary('sqrt', b.dot(x, x)))
    const free = embed(b, g, { state: withClock(b, g, unit) })
    const output = b.sub(free, b.mul(b.dot(unit, free), unit))
    return makeField(b, output, { ...g, stateNames: ['x', 'y', 'z'] })
  },
  divergence: (v) => {
    const b = new Builder()
    const x = b.leaf('state', 3)
    const f = embed(b, v)
    const terms = range(3).map((i) => {
      const unit = b.constant(range(3).map((j) => (i === j ? 1 : 0)))
      return b.gather(pushforward(b, f, new Map<Ref, Ref>([[x, unit]])), [i])
    })
    const sum = terms.reduce((a, c) => b.add(a, c))
    return makeField(b, sum, { ...v, name: `divergence(${v.name})` })
  },
  geodesic({ x0, x1 }, t, x, velocity) {
    const cosine = Math.min(1, Math.max(-1, x0[0] * x1[0] + x0[1] * x1[1] + x0[2] * x1[2]))
    const angle = Math.acos(cosine)
    const sine = Math.sin(angle)
    // between equal points the path stands still; antipodes have no shortest path, and are never drawn
    const [a, b, da, db] =
      sine < 1e-12
        ? [1, 0, 0, 0]
        : [
            Math.sin((1 - t) * angle) / sine,
            Math.sin(t * angle) / sine,
            (-angle * Math.cos((1 - t) * angle)) / sine,
            (angle * Math.cos(t * angle)) / sine,
          ]
    for (let i = 0; i < 3; i++) {
      x[i] = a * x0[i] + b * x1[i]
      velocity[i] = da * x0[i] + db * x1[i]
    }
  },
  project(x) {
    for (let at = 0; at < x.length; at += 3) {
      const length = Math.hypot(x[at], x[at + 1], x[at + 2])
      for (let i = 0; i < 3; i++) x[at + i] /= length
    }
  },
}
