import {
  type BoundLoss,
  type Execution,
  type Loss,
  type OutputLoss,
  prepareBatchSensitivity,
  prepareSensitivity,
  type Via,
} from '@separatrix/adjoint'
import {
  checkOptions,
  type Field,
  makeArray,
  misuse,
  type OptionNames,
  type Random,
  show,
  withTheta,
} from '@separatrix/field/core'
import type { SolveOptions } from '@separatrix/ode'
import { expectSource } from '../check/expectSource.js'
import { points } from '../data/points.js'
import type { Source } from '../data/source.js'
import { type Base, standardNormal } from './base.js'
import { type PenalizedVolume, penalizedVolume } from './penalizedVolume.js'
import { type Points, readPoints } from './points.js'
import type { TraceRule } from './traceRule.js'

export interface LikelihoodLossOptions
  extends Pick<SolveOptions, 'method' | 'rtol' | 'atol' | 'step' | 'maxSteps'> {
  /** points, or a source of which every step draws fresh ones */
  readonly data: Points | Source
  readonly base?: Base
  /** as in {@link cnf}: [0, 1] by default */
  readonly span?: readonly [number, number]
  /** points per step, drawn with replacement; all of them, without chance, where not given */
  readonly batch?: number
  readonly via?: Via
  /** 'exact' by default; directions are drawn anew for every point and step */
  readonly trace?: TraceRule
  /** a rate r(t, x, θ) ≥ 0 of the field, whose integral along trajectories is added: see {@link rnode} */
  readonly penalty?: (field: Field) => Field
}

/**
 * Trains a continuous normalizing flow by maximum likelihood: the mean of −log p(x) over data, by the change
 * of variables, and its gradient through the solve; with a penalty, the mean of its integral too. Chen et al.,
 * NeurIPS 2018, section 4; Grathwohl et al., ICLR 2019. Cost: a solve and its gradient per point; with `backend:
 * 'wasm'` of {@link fit} and equal steps, all points of a batch at once in vectors, some thirty times as fast.
 * @example
 * const random = seededRandom(0)
 * const data = Array.from({ length: 200 }, () => [2 + random.normal(), random.normal()])
 * const net = network({ widths: [2, 16, 2], activation: 'tanh', seed: 0 })
 * const loss = likelihoodLoss({ data, method: rk4, step: 0.25, batch: 32 })
 * const { field } = await fit({ field: net, loss, optimizer: adam({ rate: 1e-2 }), steps: 5, seed: 0, backend: 'wasm' })
 */
export function likelihoodLoss(options: LikelihoodLossOptions): Loss {
  checkOptions('likelihoodLoss', options, names)
  const { data, batch, base: given, trace = 'exact', penalty, method } = options
  if (!isObject(data) || !isObject(method) || !(penalty === undefined || typeof penalty === 'function'))
    throw misuse({
      where: 'likelihoodLoss',
      expected: 'data, a method, and for a penalty a function that makes it of the field',
      got: `data ${show(data)}, method ${show(method)}, penalty ${show(penalty)}`,
      try: 'likelihoodLoss({ data: moons, batch: 64, method: rk4, step: 0.1 })',
    })
  const isSource = 'draw' in data
  if (batch === undefined ? isSource : !(Number.isSafeInteger(batch) && batch > 0))
    throw misuse({
      where: 'likelihoodLoss',
      expected: 'a positive batch',
      got: show(batch),
      try: 'batch: 64',
    })
  return {
    name: 'likelihoodLoss',
    bind(field, _data, execution) {
      const n = field.stateSize
      const all = isSource ? undefined : readPoints('likelihoodLoss', data, n)
      const terms = batch ?? (all as Float64Array).length / n
      const plan = penalizedVolume(field, trace, penalty?.(field))
      const source = isSource ? data : points(data)
      const width = plan.field.stateSize
      const starts = new Float64Array(terms * width)
      const fill = (random: Random) => {
        for (let i = 0; i < terms; i++) {
          const row = starts.subarray(i * width, (i + 1) * width)
          if (batch === undefined) row.set((all as Float64Array).subarray(i * n, (i + 1) * n))
          else source.draw(random, row.subarray(0, n))
          drawProbes(trace, random, row.subarray(width - plan.directions))
        }
      }
      const base = given ?? standardNormal(n)
      expectSource('likelihoodLoss(base)', base, n)
      if (isSource) expectSource('likelihoodLoss(data)', data, n)
      const parts: Parts = { plan, starts, fill, terms, loss: negativeLogDensity(base, plan, terms) }
      const bound =
        execution?.backend === 'wasm' ? allAtOnce(options, parts, execution) : oneByOne(options, parts)
      return {
        theta: field.theta,
        layout: field.layout,
        restore: (theta) => ({ field: withTheta(field, theta) }),
        ...bound,
      }
    },
  }
}

const isObject = (value: unknown) =>
  value !== null && (typeof value === 'object' || typeof value === 'function')

const names: OptionNames<LikelihoodLossOptions> = {
  data: true,
  base: true,
  span: true,
  batch: true,
  via: true,
  trace: true,
  penalty: true,
  method: true,
  rtol: true,
  atol: true,
  step: true,
  maxSteps: true,
}

interface Parts {
  readonly plan: PenalizedVolume
  /** rows of the solve's start, filled by `fill` */
  readonly starts: Float64Array
  readonly fill: (random: Random) => void
  readonly terms: number
  /** of all rows at the end, divided by their number */
  readonly loss: OutputLoss
}

type Evaluation = Pick<BoundLoss, 'evaluate' | 'reason' | 'execution'>

const backwards = ({ span = [0, 1] }: LikelihoodLossOptions) => [span[1], span[0]] as const

function oneByOne(options: LikelihoodLossOptions, { plan, starts, fill, terms, loss }: Parts): Evaluation {
  const { method, via = 'discrete', rtol, atol, step, maxSteps } = options
  const gradientOf = prepareSensitivity(plan.field, method, via)
  const width = plan.field.stateSize
  const given = { rtol, atol, step, maxSteps }
  const solving = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  let failure: string | undefined
  return {
    evaluate(theta, random, gradient) {
      gradient.fill(0)
      failure = undefined
      fill(random)
      let total = 0
      for (let i = 0; i < terms; i++) {
        const from = starts.subarray(i * width, (i + 1) * width)
        const call = { ...solving, method, theta, saveAt: 'end', loss } as const
        const { value, dtheta, status, message } = gradientOf(from, backwards(options), call)
        if (status !== 'success') failure = `A solve ended with ${status}: ${message}`
        total += value
        for (let j = 0; j < gradient.length; j++) gradient[j] += dtheta[j]
      }
      return total
    },
    reason: () => failure,
  }
}

function allAtOnce(
  options: LikelihoodLossOptions,
  { plan, starts, fill, terms, loss }: Parts,
  execution: Execution,
): Evaluation {
  const { method, step, rtol, atol, via = 'discrete' } = options
  if (step === undefined || rtol !== undefined || atol !== undefined || via !== 'discrete')
    throw misuse({
      where: "likelihoodLoss on 'wasm'",
      expected: "equal steps and via: 'discrete'",
      got: step === undefined ? 'tolerances' : `via: '${via}'`,
      try: "step: 0.1, or backend: 'js'",
      code: 'no-backend',
    })
  const gradientOf = prepareBatchSensitivity(plan.field, backwards(options), {
    method,
    step,
    precision: execution.precision,
    batch: terms,
  })
  const rows = makeArray(starts, [terms, plan.field.stateSize])
  let failure: string | undefined
  return {
    execution,
    evaluate(theta, random, gradient) {
      fill(random)
      const { value, dtheta, status, message } = gradientOf(rows, { loss, theta })
      failure = status === 'success' ? undefined : message
      gradient.set(dtheta)
      return value
    },
    reason: () => failure,
  }
}

function drawProbes(trace: TraceRule, random: Random, out: Float64Array): void {
  if (trace === 'exact') return
  const normal = trace.distribution === 'normal'
  for (let i = 0; i < out.length; i++) out[i] = normal ? random.normal() : random.uniform() < 0.5 ? -1 : 1
}

/**
 * The sum over rows [z; a₁ … a_k; r; …] at the start of the flow of −log p₀(z) − mean a − r, over `terms`: going back
 * in time turns the signs of a, the growth of volume, and of r, the integral of the penalty.
 */
function negativeLogDensity(
  base: Base,
  { field: { stateSize: width }, n, growths, penaltyAt }: PenalizedVolume,
  terms: number,
): OutputLoss {
  const [z, score] = [new Float64Array(n), new Float64Array(n)]
  return {
    value({ data: y }) {
      let total = 0
      for (let at = 0; at < y.length; at += width) {
        for (let i = 0; i < n; i++) z[i] = y[at + i]
        total -= base.logProb(z)
        for (let k = 0; k < growths; k++) total -= y[at + n + k] / growths
        if (penaltyAt !== undefined) total -= y[at + penaltyAt]
      }
      return total / terms
    },
    gradient({ data: y }, { data: dy }) {
      for (let at = 0; at < y.length; at += width) {
        for (let i = 0; i < n; i++) z[i] = y[at + i]
        base.score(z, score)
        for (let i = 0; i < n; i++) dy[at + i] = -score[i] / terms
        for (let k = 0; k < growths; k++) dy[at + n + k] = -1 / growths / terms
        if (penaltyAt !== undefined) dy[at + penaltyAt] = -1 / terms
      }
    },
  }
}
