import {
  expectField,
  type Field,
  makeArray,
  type Random,
  SeparatrixError,
  seededRandom,
} from '@separatrix/field/core'
import { type SolveOptions, solve } from '@separatrix/ode'
import type { NdArray } from 'ndarray'
import { type Base, standardNormal } from './base.js'
import { type Points, readPoints } from './points.js'
import { type TraceRule, volumeField } from './volumeField.js'

export interface CnfOptions extends Pick<SolveOptions, 'method' | 'rtol' | 'atol' | 'step' | 'maxSteps'> {
  /** the velocity f(t, x) */
  readonly field: Field
  /** the distribution at the start of the span; the standard normal by default */
  readonly base?: Base
  /** [0, 1] by default: samples of the base at 0 flow to samples of the model at 1 */
  readonly span?: readonly [number, number]
  readonly trace?: TraceRule
}

/** A log density that may be an estimate. */
export interface LogProbEstimate {
  readonly logProb: Float64Array
  /** of Hutchinson's mean over probes, 0 for the exact trace; it knows nothing of the solver's error */
  readonly standardError: Float64Array
}

/** A distribution on Rⁿ as the image of a base under a flow. All methods throw where a solve ends early. */
export interface Flow {
  readonly field: Field
  readonly base: Base
  /** samples [count, n], the same for the same seed */
  sample(count: number, seed: number): NdArray<Float64Array>
  logProb(x: Points): Float64Array
  logProbEstimate(x: Points): LogProbEstimate
  sampleWithLogProb(count: number, seed: number): { readonly x: NdArray<Float64Array> } & LogProbEstimate
  /** per point the distance between x and what becomes of it back and forth through the flow */
  inverseError(x: Points): Float64Array
}

/**
 * A continuous normalizing flow: x = φ(z), z ~ base, φ the flow of x′ = f(t, x) over the span; log p(x) = log
 * p₀(z) − ∫∇·f dt along the trajectory. Chen, Rubanova, Bettencourt & Duvenaud, NeurIPS 2018, eq. 8;
 * Hutchinson's estimate as in Grathwohl et al., ICLR 2019. The method must resolve the flow: `inverseError`
 * tells. Cost of a point: one solve in n + 1 states, exact; n + probes else.
 * @example
 * const flow = cnf({ field: withTime(network({ widths: [3, 32, 2], activation: 'tanh', seed: 0 })), method: dopri5, rtol: 1e-6, atol: 1e-6 })
 * flow.logProb([[0, 0], [1, 1]])
 */
export function cnf({ field, base: given, span = [0, 1], trace = 'exact', ...solving }: CnfOptions): Flow {
  expectField('cnf', field)
  const n = field.stateSize
  const base = given ?? standardNormal(n)
  const volume = volumeField(field, trace)
  const k = volume.stateSize - n
  const [start, end] = span
  const theta = Float64Array.from(volume.theta)
  const probes = probeDraws(theta.subarray(field.theta.length), trace)

  const follow = (from: Float64Array, interval: readonly [number, number], f: Field) => {
    const { y, status, message } = solve(f, from, interval, {
      ...solving,
      saveAt: 'end',
      theta: f === volume ? theta : field.theta,
    })
    if (status === 'success') return y.data
    throw new SeparatrixError(
      `cnf-${status}`,
      `cnf(${field.name}): expected a solve over [${interval}], got ${status}. ${message} Try smaller weights or a smaller tolerance.`,
    )
  }

  /** log p₀ at the start minus the growth of volume, from a solve in either direction; sign +1 forwards. */
  const density = (z: ArrayLike<number>, growth: Float64Array, sign: number) => {
    const mean = growth.reduce((sum, a) => sum + a, 0) / k
    const square = growth.reduce((sum, a) => sum + (a - mean) ** 2, 0)
    return {
      value: base.logProb(z) - sign * mean,
      error: k > 1 ? Math.sqrt(square / (k - 1) / k) : trace === 'exact' ? 0 : Number.POSITIVE_INFINITY,
    }
  }

  const logProbEstimate = (x: Points): LogProbEstimate => {
    const rows = readPoints('flow.logProb', x, n)
    const logProb = new Float64Array(rows.length / n)
    const standardError = new Float64Array(logProb.length)
    const random = probes.restart()
    for (let i = 0; i < logProb.length; i++) {
      probes.draw(random)
      const from = new Float64Array(n + k)
      from.set(rows.subarray(i * n, (i + 1) * n))
      const back = follow(from, [end, start], volume)
      const { value, error } = density(back, back.subarray(n), -1)
      logProb[i] = value
      standardError[i] = error
    }
    return { logProb, standardError }
  }

  return {
    field,
    base,
    sample(count, seed) {
      const out = new Float64Array(count * n)
      const random = seededRandom(seed)
      const z = new Float64Array(n)
      for (let i = 0; i < count; i++) {
        base.draw(random, z)
        out.set(follow(z, span, field), i * n)
      }
      return makeArray(out, [count, n])
    },
    logProb: (x) => logProbEstimate(x).logProb,
    logProbEstimate,
    sampleWithLogProb(count, seed) {
      const out = new Float64Array(count * n)
      const [logProb, standardError] = [new Float64Array(count), new Float64Array(count)]
      const random = seededRandom(seed)
      const forProbes = probes.restart()
      const z = new Float64Array(n)
      for (let i = 0; i < count; i++) {
        probes.draw(forProbes)
        base.draw(random, z)
        const from = new Float64Array(n + k)
        from.set(z)
        const there = follow(from, span, volume)
        out.set(there.subarray(0, n), i * n)
        const { value, error } = density(z, there.subarray(n), 1)
        logProb[i] = value
        standardError[i] = error
      }
      return { x: makeArray(out, [count, n]), logProb, standardError }
    },
    inverseError(x) {
      const rows = readPoints('flow.inverseError', x, n)
      return Float64Array.from({ length: rows.length / n }, (_, i) => {
        const point = rows.slice(i * n, (i + 1) * n)
        const again = follow(follow(point, [end, start], field).slice(), span, field)
        return Math.hypot(...again.map((v, j) => v - point[j]))
      })
    },
  }
}

/** Fresh probes per point, the same sequence on every call; nothing to draw for the exact trace. */
function probeDraws(probes: Float64Array, trace: TraceRule) {
  const restart = (): Random => seededRandom(trace === 'exact' ? 0 : trace.seed)
  return {
    restart,
    draw(random: Random) {
      if (trace === 'exact') return
      const normal = trace.distribution === 'normal'
      for (let i = 0; i < probes.length; i++)
        probes[i] = normal ? random.normal() : random.uniform() < 0.5 ? -1 : 1
    },
  }
}
