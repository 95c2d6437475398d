import { mkdirSync, writeFileSync } from 'node:fs'
import { adam, fit } from '@separatrix/adjoint'
import { Builder, compose, embed, type Field, makeField, network } from '@separatrix/field'
import {
  cnf,
  type Dataset,
  datasets,
  drawPoints,
  type Flow,
  flowMatching,
  fourierFeatures,
  lateTimes,
  likelihoodLoss,
  withTime,
} from '@separatrix/flows'
import { dopri5, rk4 } from '@separatrix/ode'
import { densityPicture } from '../packages/separatrix/src/report/densityPicture.js'
import { type Row, report } from './harness.js'

const wanted = ['8gaussians', '2spirals', 'checkerboard', 'rings', 'moons', 'pinwheel']

/** Steps of both trainings, and points that are drawn for the comparison. */
const [matchingSteps, likelihoodSteps, tested] = [12_000, 200, 5000]

const falling = (rate: number, steps: number) => (k: number) =>
  rate * 0.5 * (1 + Math.cos((Math.PI * Math.min(k, steps)) / steps))

/**
 * Six densities of the plane, learned by flow matching, and from there by maximum likelihood: the mean of −log p over
 * fresh samples beside the entropy, and pictures. `pnpm bench densities rings,moons` takes these two.
 */
export async function bench(): Promise<boolean> {
  const names = process.argv[3]?.split(',') ?? wanted
  const rows: Row[] = []
  const raw: Record<string, unknown> = {}
  mkdirSync('bench/results', { recursive: true })
  for (const name of names) {
    const target = datasets[name] as Dataset
    const start = process.cpuUsage()
    const seconds = () => process.cpuUsage(start).user / 1e6
    const matched = await matchFlow(target)
    const byMatching = await excess(target, matched)
    const [first, theta] = [seconds(), Array.from(matched.theta)]
    const maximized = await maximizeLikelihood(target, matched)
    const byLikelihood = await excess(target, maximized)
    raw[name] = { byMatching, byLikelihood, first, all: seconds(), theta }
    rows.push(
      ...judge(`${name}: flow matching`, byMatching, `${matchingSteps} steps, ${first.toFixed(0)} s`),
      ...judge(
        `${name}: likelihood`,
        byLikelihood,
        `${likelihoodSteps} steps more, ${(seconds() - first).toFixed(0)} s`,
      ),
    )
    writeFileSync(`bench/results/${name}.svg`, await picture(target, maximized))
    report('densities', rows, raw)
  }
  return report('densities', rows, raw)
}

function judge(figure: string, { nll, entropy, standardError }: Excess, note: string): Row[] {
  const below = (nll - entropy) / standardError
  return [
    { figure: `${figure}, −log p − entropy`, value: nll - entropy, unit: 'nats', goal: { most: 0.05 }, note },
    { figure: `${figure}, the same in standard errors`, value: below, goal: { least: -3 } },
  ]
}

const velocity = (seed: number) =>
  withTime(
    compose(
      network({ widths: [3 + 64, 64, 64, 64, 2], activation: 'swish', seed }),
      fourierFeatures({ size: 3, count: 32, scale: 3, seed: seed + 1 }),
    ),
  )

async function matchFlow(target: Dataset): Promise<Field> {
  const { field } = await fit({
    field: velocity(0),
    loss: flowMatching({ target, coupling: 'independent', batch: 256, drawTime: lateTimes(2) }),
    optimizer: adam({ rate: falling(6e-3, matchingSteps) }),
    steps: matchingSteps,
    seed: 1,
    backend: 'wasm',
    precision: 'single',
  })
  return field
}

/** In the time s of t = 1 − (1 − s)², whose equal steps are short where fine structure arises. */
async function maximizeLikelihood(target: Dataset, field: Field): Promise<Field> {
  const { theta } = await fit({
    field: slowedDown(field),
    loss: likelihoodLoss({ data: target, batch: 256, method: rk4, step: 1 / 12 }),
    optimizer: adam({ rate: falling(1e-3, likelihoodSteps) }),
    steps: likelihoodSteps,
    seed: 2,
    backend: 'wasm',
    precision: 'single',
  })
  return { ...field, theta }
}

function slowedDown(field: Field): Field {
  const b = new Builder()
  const left = b.sub(b.constant(1), b.leaf('time', 1))
  const time = b.sub(b.constant(1), b.powi(left, 2))
  return makeField(b, b.mul(b.mul(b.constant(2), left), embed(b, field, { time })), field)
}

interface Excess {
  readonly nll: number
  readonly entropy: number
  readonly standardError: number
}

const flowOf = (field: Field): Flow => cnf({ field, method: dopri5, rtol: 1e-6, atol: 1e-6 })

/**
 * The mean of log p − log q over samples of p, which has the same mean as −log q less the entropy, and a much smaller
 * error.
 */
async function excess(target: Dataset, field: Field): Promise<Excess> {
  const x = drawPoints(target, { count: tested, seed: 99 })
  const logProb = await flowOf(field).batched({ backend: 'wasm' }).logProb(x)
  const differences = logProb.map((l, i) => target.logProb([x.get(i, 0), x.get(i, 1)]) - l)
  const mean = differences.reduce((sum, d) => sum + d / tested, 0)
  const variance = differences.reduce((sum, d) => sum + (d - mean) ** 2 / tested, 0)
  const entropy = target.entropy.value
  return { nll: entropy + mean, entropy, standardError: Math.sqrt(variance / tested) }
}

/** The true density and samples beside the learned ones. */
async function picture(target: Dataset, field: Field): Promise<string> {
  const batched = flowOf(field).batched({ backend: 'wasm' })
  const half = 4.5
  return densityPicture({
    id: 'density',
    label: target.name,
    half,
    truth: {
      logProb: (points) => Promise.resolve(Float64Array.from(points, (x) => target.logProb(x))),
      samples: drawPoints(target, { count: 1500, seed: 5 }),
    },
    model: { logProb: (points) => batched.logProb(points), samples: await batched.sample(1500, 6) },
  })
}
