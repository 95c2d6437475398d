import { type Loss, sampledLoss } from '@separatrix/adjoint'
import {
  Builder,
  compile,
  embed,
  expectField,
  type Field,
  makeArray,
  makeField,
  misuse,
  seededRandom,
  show,
  withTheta,
} from '@separatrix/field/core'
import { ensemble, type SolveOptions } from '@separatrix/ode'
import type { NdArray } from 'ndarray'
import { expectCount } from '../check/expectCount.js'
import { expectNumber } from '../check/expectNumber.js'
import { expectSource } from '../check/expectSource.js'
import type { Source } from '../data/source.js'
import { type Points, readPoints } from '../density/points.js'
import { checkManifold } from './checkManifold.js'
import type { Manifold } from './manifold.js'

export interface MoserOptions {
  readonly manifold: Manifold
  /** a tangent field u(x), see {@link Manifold.tangent} */
  readonly field: Field
  /** ε: densities are cut off below it; 1e-5 */
  readonly least?: number
}

export interface MoserFlow {
  readonly field: Field
  /** log μ₊(x), in closed form: no solve */
  logProb(x: Points): Float64Array
  /** the velocity u/((1 − t)ν + tμ₊) that carries the uniform density ν to μ₊ */
  readonly velocity: Field
  /** samples [count, size] along that velocity */
  sample(
    count: number,
    seed: number,
    solving: Pick<SolveOptions, 'method' | 'rtol' | 'atol' | 'step'>,
  ): Promise<NdArray<Float64Array>>
}

/**
 * Moser's flow on a compact manifold: the density μ = ν − ∇·u of a tangent field u, ν uniform, and μ₊ = max(μ, ε).
 * Since ∇·u integrates to 0, μ has mass 1 whatever u; it is a density where it is not negative, which training sees
 * to. Its log is read off without a solve; samples follow v = u/((1 − t)ν + tμ₊), t from 0 to 1. Rozen, Grover,
 * Nickel & Lipman, NeurIPS 2021, eq. 8 and 13; Moser, Trans. AMS 120 (1965).
 * @example
 * const manifold = torus(2)
 * const field = manifold.tangent(network({ widths: [4, 16, 2], activation: 'swish', seed: 0 }))
 * moserFlow({ manifold, field }).logProb([[1, 2]])
 */
export function moserFlow({ manifold, field, least = 1e-5 }: MoserOptions): MoserFlow {
  expectNumber('moserFlow', 'least', least, { above: 0 })
  const density = moserDensity(manifold, field)
  const mu = compile(density)
  const velocity = moserVelocity({ manifold, field, least })
  return {
    field,
    velocity,
    logProb(x) {
      const rows = readPoints('moserFlow.logProb', x, manifold.size)
      const out = new Float64Array(1)
      return Float64Array.from({ length: rows.length / manifold.size }, (_, i) => {
        mu(0, rows.subarray(i * manifold.size, (i + 1) * manifold.size), out, density.theta)
        return Math.log(Math.max(out[0], least))
      })
    },
    async sample(count, seed, solving) {
      expectCount('moserFlow.sample', count, 'samples')
      const random = seededRandom(seed)
      const start = new Float64Array(count * manifold.size)
      for (let i = 0; i < count; i++)
        manifold.draw(random, start.subarray(i * manifold.size, (i + 1) * manifold.size))
      const Y0 = makeArray(start, [count, manifold.size])
      const { y } = await ensemble(velocity, Y0, [0, 1], { ...solving, backend: 'auto' })
      const out = new Float64Array(count * manifold.size)
      for (let i = 0; i < count; i++)
        for (let k = 0; k < manifold.size; k++) out[i * manifold.size + k] = y.get(0, i, k)
      manifold.project(out)
      return makeArray(out, [count, manifold.size])
    },
  }
}

/** μ = 1/volume − ∇·u. */
export function moserDensity(manifold: Manifold, field: Field): Field {
  checkTangent(manifold, field)
  const growth = manifold.divergence(field)
  const b = new Builder()
  const output = b.sub(b.constant(1 / manifold.volume, true), embed(b, growth))
  return makeField(b, output, { ...growth, name: `density of ${field.name}` })
}

function moserVelocity({ manifold, field, least = 1e-5 }: MoserOptions): Field {
  const density = moserDensity(manifold, field)
  const b = new Builder()
  const t = b.leaf('time', 1)
  const mu = b.binary('max', embed(b, density), b.constant(least))
  const nu = b.mul(b.sub(b.constant(1), t), b.constant(1 / manifold.volume, true))
  const output = b.div(embed(b, field), b.add(nu, b.mul(t, mu)))
  return makeField(b, output, { ...field, name: `Moser velocity of ${field.name}` })
}

export interface MoserLossOptions {
  readonly manifold: Manifold
  readonly target: Source
  /** λ of the integral of what is negative */
  readonly weight: number
  /** points of the target a step, and as many uniform ones; 256 */
  readonly batch?: number
  readonly least?: number
}

/**
 * The loss of a Moser flow: −E log μ₊ over the target + λ∫μ₋, μ₋ = ε − min(μ, ε), the integral by uniform points.
 * Rozen et al., NeurIPS 2021, eq. 12. It is at least the target's entropy up to the error of the integral, once
 * μ is not negative.
 * @example
 * const manifold = torus(2)
 * const target = { draw: (random, x) => { x[0] = 3 + 0.5 * random.normal(); x[1] = 3 + 0.5 * random.normal() } }
 * await fit({
 *   field: manifold.tangent(network({ widths: [4, 16, 2], activation: 'swish', seed: 0 })), steps: 5, seed: 0,
 *   loss: moserLoss({ manifold, target, weight: 2, batch: 32 }), optimizer: adam({ rate: 1e-2 }), backend: 'wasm',
 * })
 */
export function moserLoss({ manifold, target, weight, batch = 256, least = 1e-5 }: MoserLossOptions): Loss {
  if (!(weight > 0 && Number.isFinite(weight)))
    throw misuse({ where: 'moserLoss', expected: 'a positive weight', got: show(weight), try: 'weight: 2' })
  expectNumber('moserLoss', 'least', least, { above: 0 })
  expectCount('moserLoss', batch)
  checkManifold('moserLoss', manifold)
  expectSource('moserLoss(target)', target)
  const n = manifold.size
  return {
    name: 'moserLoss',
    bind(field, _data, execution) {
      const density = moserDensity(manifold, field)
      const b = new Builder()
      const all = b.leaf('state', n + 1)
      const x = b.gather(
        all,
        Array.from({ length: n }, (_, i) => i),
      )
      // samples of both kinds in one batch: the last state tells which
      const isTarget = b.gather(all, [n])
      const mu = embed(b, density, { state: x })
      const floor = b.constant(least)
      const surprise = b.neg(b.unary('log', b.binary('max', mu, floor)))
      const negative = b.mul(
        b.constant(weight * manifold.volume, true),
        b.sub(floor, b.binary('min', mu, floor)),
      )
      const one = b.constant(1)
      const output = b.add(b.mul(isTarget, surprise), b.mul(b.sub(one, isTarget), negative))
      const integrand = makeField(b, b.mul(b.constant(2), output), {
        ...density,
        stateNames: [...density.stateNames, 'isTarget'],
      })
      let next = 0
      return sampledLoss({
        integrand,
        batch: 2 * batch,
        execution,
        begin: () => {
          next = 0
        },
        draw(random, z) {
          const fromTarget = next++ < batch
          const place = z.subarray(0, n)
          if (fromTarget) target.draw(random, place)
          else manifold.draw(random, place)
          z[n] = fromTarget ? 1 : 0
          return 0
        },
        restore: (theta) => ({ field: withTheta(field, theta) }),
      })
    },
  }
}

function checkTangent(manifold: Manifold, field: Field): void {
  checkManifold('moserFlow', manifold)
  expectField('moserFlow', field)
  if (field.stateSize === manifold.size && field.outputSize === manifold.size) return
  throw misuse({
    where: 'moserFlow',
    expected: `a tangent field of the ${manifold.name}: R^${manifold.size} → R^${manifold.size}`,
    got: `R^${field.stateSize} → R^${field.outputSize}`,
    try: 'manifold.tangent(network({ … }))',
    code: 'wrong-dimension',
  })
}
