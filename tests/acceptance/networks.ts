import { adam, datasetLoss, fit, squaredError } from '@separatrix/adjoint'
import {
  closeLoop,
  compile,
  compose,
  convexNetwork,
  expression,
  type Field,
  lieDerivative,
  network,
  system,
} from '@separatrix/field'
import {
  ball,
  certify,
  convexCandidate,
  equilibria,
  lyapunovLoss,
  reachAvoidStay,
  trainableNorm,
} from '@separatrix/lyapunov'
import type { Claim } from './claim.js'

type Side = readonly [number, number]
const xy = ['x', 'y'] as const
const kind = 'networks'

const plant = system({
  state: xy,
  input: ['u'],
  dynamics: { x: 'y', y: 'sin(x) - 0.2*y + clamp(u, -1.5, 1.5)' },
})
const vanDerPol = system({ state: xy, dynamics: { x: '-y', y: 'x - (1 - x^2)*y' } })
const quadratic = expression('1.5*x^2 + x*y + y^2', xy)
const wide = [[-3, 3], [-4, 4]] as const // biome-ignore format: a box

/** A controller of one hidden layer, trained until V falls in a disc. */
async function trained(activation: 'tanh' | 'sigmoid' | 'softplus' | 'relu', bias: boolean): Promise<Field> {
  const controller = network({ widths: [2, 8, 1], activation, seed: 3, bias })
  const { field } = await fit({
    field: closeLoop(plant, controller),
    loss: lyapunovLoss({ V: quadratic, rate: 0.5, sampler: ball(1.5) }),
    optimizer: adam({ rate: 2e-2 }),
    steps: 300,
    seed: 1,
  })
  return field
}

/**
 * The least V with V̇ ≥ 0 on rays from a point, by doubles and bisection: apart from all enclosures, and an upper bound of
 * c* by construction; on 2,000 rays the least is too high by less than 1e-5 of itself, since it goes with the square of
 * the angle between them.
 */
function criticalLevel(
  field: Field,
  V: Field,
  domain: readonly Side[],
  rest: ArrayLike<number> = [0, 0],
): number {
  const moved = system({
    state: xy,
    params: { a: rest[0], b: rest[1] },
    dynamics: { x: 'x + a', y: 'y + b' },
  })
  const [value, slope] = [compile(V), compile(lieDerivative(V, compose(field, moved)))]
  const [p, out] = [new Float64Array(2), new Float64Array(1)]
  let best = Infinity
  for (let k = 0; k < 2000; k++) {
    const way = [Math.cos(((k + 0.5) * Math.PI) / 1000), Math.sin(((k + 0.5) * Math.PI) / 1000)]
    const end = Math.min(...way.map((w, i) => domain[i][w > 0 ? 1 : 0] / w))
    const at = (run: typeof value, s: number) => {
      p.set(way.map((w) => s * end * w))
      run(0, p, out)
      return out[0]
    }
    let j = 1
    while (j < 200 && at(slope, j / 200) < 0) j++
    let [lo, hi] = [(j - 1) / 200, j / 200]
    for (let i = 0; i < 40 && j < 200; i++) {
      const middle = (lo + hi) / 2
      if (at(slope, middle) < 0) lo = middle
      else hi = middle
    }
    best = Math.min(best, at(value, hi))
  }
  return best
}

/** A loop and a candidate: proved at 0.999 c*, not at 1.001 c*. */
function pair(
  name: string,
  make: () => Promise<{ field: Field; V: Field; isBiased?: boolean }>,
): readonly Claim[] {
  return ([0.999, 1.001] as const).map((share) => ({
    kind,
    name: `${name} at ${share} c*`,
    isTrue: share < 1,
    expected: share < 1 ? 'proved' : 'refuted',
    verdict: async () => {
      const { field, V, isBiased = false } = await make()
      const rest = isBiased ? equilibria(field, { domain: wide, seed: 1 })[0].x : undefined
      const level = share * criticalLevel(field, V, wide, rest)
      return certify({ field, V, domain: wide, level, ...(rest && { equilibrium: rest }) })
    },
  }))
}

/** A network 2-10-10-1 fitted to 1 − exp(−W/3) on a grid: no zero at 0, and no gradient that vanishes there. */
async function learnt(): Promise<Field> {
  const rows = Array.from({ length: 31 * 31 }, (_, k) => {
    const [x, y] = [(k % 31) / 6 - 2.5, Math.floor(k / 31) / 4.286 - 3.5]
    return [x, y, 1 - Math.exp(-(1.5 * x * x - x * y + y * y) / 3)]
  })
  const { field } = await fit({
    field: network({ widths: [2, 10, 10, 1], activation: 'tanh', seed: 1 }),
    loss: datasetLoss({ rows, cost: squaredError, batch: 256 }),
    optimizer: adam({ rate: 1e-2 }),
    steps: 1500,
    seed: 1,
    backend: 'wasm',
  })
  return field
}

const around = [[-2.5, 2.5], [-3.5, 3.5]] as const // biome-ignore format: a box
const untrained = (seed: number) => network({ widths: [2, 8, 1], activation: 'tanh', seed })
const spiral = system({ state: xy, dynamics: { x: '-x + y', y: '-x - y' } })
const cubic = system({ state: xy, dynamics: { x: '-x + y + 0.3*x^3', y: '-x - y' } })
const convex = () =>
  convexCandidate(convexNetwork({ widths: [2, 8, 1], activation: 'softplus', seed: 2 }), { epsilon: 0.1 })

/** One that is asked once: the answer, and what it must say. */
const once = (
  name: string,
  expected: Claim['expected'],
  verdict: Claim['verdict'],
  says?: RegExp,
): Claim => ({
  kind,
  name,
  isTrue: expected === 'proved',
  expected,
  verdict,
  ...(says && { says }),
})

export const networkClaims: readonly Claim[] = [
  ...pair('a pendulum under a tanh network', async () => ({ field: await trained('tanh', false), V: quadratic })),
  ...pair('a pendulum under a network with biases', async () => ({ field: await trained('tanh', true), V: quadratic, isBiased: true })),
  ...pair('a pendulum under sigmoids', async () => ({ field: await trained('sigmoid', true), V: quadratic, isBiased: true })),
  ...pair('a pendulum under softplus', async () => ({ field: await trained('softplus', true), V: quadratic, isBiased: true })),
  ...pair('a pendulum under ReLU with biases', async () => ({ field: await trained('relu', true), V: quadratic, isBiased: true })),
  ...pair('a cubic spiral with a convex network V', async () => ({ field: cubic, V: convex() })),
  once('a bias that is not told: f(0) ≠ 0', 'refuted', async () => certify({ field: await trained('tanh', true), V: quadratic, domain: wide, level: 0.5 }), /f\(0\) = 0 is false/),
  once('ReLU without biases has its kink at 0', 'unknown', async () => certify({ field: await trained('relu', false), V: quadratic, domain: wide, level: 0.1 }), /origin/),
  once('a network V with V(0) ≠ 0', 'refuted', () => certify({ field: spiral, V: untrained(1), domain: around, level: 0.1 }), /V\(0\) = 0 is false/),
  once('V = |φ(x) − φ(0)| + |Rx|, which has a kink at 0', 'unknown', () => certify({ field: spiral, V: trainableNorm(2, { epsilon: 0.1, features: untrained(1) }), domain: around, level: 0.1 }), /origin|smooth|differentiable|gradient/),
  once('a controller that was not trained', 'refuted', () => certify({ field: closeLoop(plant, network({ widths: [2, 8, 1], activation: 'tanh', seed: 5, bias: false })), V: quadratic, domain: wide, level: 0.5 })),
  once('a V that was learnt, between two levels', 'proved', async () => reachAvoidStay({ field: vanDerPol, V: await learnt(), domain: around, level: 0.45, inner: 0.05 })),
  once('the same V up to a level where it rises', 'refuted', async () => reachAvoidStay({ field: vanDerPol, V: await learnt(), domain: around, level: 0.62, inner: 0.05 })),
] // biome-ignore format: one claim a line
