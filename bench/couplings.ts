import { mkdirSync, writeFileSync } from 'node:fs'
import { adam, fit } from '@separatrix/adjoint'
import { type Field, network, seededRandom } from '@separatrix/field'
import {
  type ConditionalPath,
  type Coupling,
  cnf,
  drawPoints,
  eightGaussians,
  flowMatching,
  moons,
  normalizedPathEnergy,
  pathEnergy,
  samplingFloor,
  schroedingerBridge,
  straight,
  trigonometric,
  wasserstein2,
  withTime,
} from '@separatrix/flows'
import { euler, rk4 } from '@separatrix/ode'
import { flowAnimation, flowTrajectories } from 'separatrix'
import { type Row, report } from './harness.js'

const [source, target] = [eightGaussians('torchcfm'), moons('torchcfm')]

/** Values of torchcfm with the same sources, 1,024 points and five repeats, run once on another machine. */
interface Reference {
  readonly w2: number
  /** deviation of its five draws */
  readonly deviation: number
  readonly energy: number
  readonly euler: readonly [number, number, number]
}

interface Case {
  readonly name: string
  readonly coupling: Coupling
  readonly path: ConditionalPath
  readonly sigma: number
  readonly reference: Reference
}

const cases: readonly Case[] = [
  {
    name: 'I-CFM',
    coupling: 'independent',
    path: straight,
    sigma: 0.1,
    reference: { w2: 0.47, deviation: 0.04, energy: 1.534, euler: [2.24, 1.35, 0.83] },
  },
  {
    name: 'OT-CFM',
    coupling: 'exact',
    path: straight,
    sigma: 0.1,
    reference: { w2: 0.308, deviation: 0.048, energy: 0.015, euler: [0.38, 0.32, 0.31] },
  },
  {
    name: 'VP-CFM',
    coupling: 'independent',
    path: trigonometric,
    sigma: 0.1,
    reference: { w2: 0.488, deviation: 0.047, energy: 1.372, euler: [2.64, 0.73, 0.48] },
  },
  {
    name: 'SB-CFM, exact plan',
    coupling: 'exact',
    path: schroedingerBridge(0.5),
    sigma: 0,
    reference: { w2: 0.318, deviation: 0.032, energy: 0.015, euler: [0.44, 0.33, 0.32] },
  },
]

/**
 * The moons as torchcfm draws a batch: half on each, angles evenly spaced, only the shifts random. Samples of it are
 * nearer to one another than independent ones, and its table is against such batches.
 */
function evenMoons(count: number, seed: number): number[][] {
  const random = seededRandom(seed)
  const half = count / 2
  return Array.from({ length: count }, (_, i) => {
    const angle = (Math.PI * (i % half)) / (half - 1)
    const [x, y] =
      i < half ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)]
    const shift = 0.2 * random.uniform()
    return [3 * (x + shift) - 1, 3 * (y + shift) - 1]
  })
}

const average = (values: readonly number[]) => values.reduce((sum, v) => sum + v / values.length, 0)

function deviationOf(values: readonly number[]): number {
  const mean = average(values)
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1))
}

const steps = 10_000
const [count, repeats] = [1024, 5]

/**
 * Eight normals to two moons by four couplings and paths: W₂ after accurate solves and after 1, 4 and 10 Euler steps,
 * and the normalised path energy, beside the floor of W₂ and the table of torchcfm; and pictures of the trajectories.
 */
export async function bench(): Promise<boolean> {
  const floor = samplingFloor(wasserstein2, target, { count, repeats, seed: 100 })
  const evenFloor = Array.from({ length: repeats }, (_, k) =>
    wasserstein2(evenMoons(count, 600 + k), evenMoons(count, 700 + k)),
  )
  const between = Array.from({ length: repeats }, (_, k) =>
    wasserstein2(drawPoints(source, { count, seed: 200 + k }), evenMoons(count, 300 + k)),
  )
  const distance = average(between)
  const rows: Row[] = [
    {
      figure: `W₂ of two batches of evenly spaced moons, ${count} points`,
      value: average(evenFloor),
      note: 'floor; torchcfm .0995',
    },
    { figure: 'W₂ of two independent samples of the moons', value: floor.mean, note: 'floor of those' },
    { figure: 'W₂ from eight normals to moons', value: distance },
  ]
  mkdirSync('bench/results', { recursive: true })
  const raw: Record<string, unknown> = { floor, evenFloor, between }
  for (const { name, coupling, path, sigma, reference } of cases) {
    const started = process.cpuUsage()
    const { field, losses } = await fit({
      field: withTime(network({ widths: [3, 64, 64, 64, 2], activation: 'swish', seed: 0 })),
      loss: flowMatching({ source, target, coupling, path, sigma }),
      optimizer: adam({ rate: (k) => 1e-3 * (1 + Math.cos((Math.PI * k) / steps)) }),
      steps,
      seed: 0,
      backend: 'wasm',
      precision: 'single',
      onProgress: ({ step, loss }) => {
        if (step % 1000 === 0) console.error(`${name}: step ${step} of ${steps}, loss ${loss.toFixed(3)}`)
      },
    })
    const { user, system } = process.cpuUsage(started)
    const seconds = (user + system) / 1e6
    const accurate = await w2Of(field, 100)
    const [one, four, ten] = [await eulerOf(field, 1), await eulerOf(field, 4), await eulerOf(field, 10)]
    const { mean: energy } = await pathEnergy(field, {
      source,
      count: 4096,
      seed: 7,
      method: rk4,
      step: 0.01,
    })
    const last = losses.slice(-1000)
    const flow = cnf({ field, base: source, method: rk4, step: 0.05 })
    const file = `bench/results/couplings-${name.replaceAll(/[^A-Z]+/g, '-')}`
    const drawn = { count: 400, seed: 8, frames: 20 }
    writeFileSync(`${file}.svg`, await flowTrajectories(flow, drawn))
    writeFileSync(`${file}-moving.svg`, await flowAnimation(flow, drawn))
    raw[name] = {
      theta: Array.from(field.theta),
      accurate,
      one,
      four,
      ten,
      energy,
      losses: Array.from(last),
      seconds,
    }
    const of = (w: { readonly mean: number }, wanted: number, goal?: Row['goal']) => ({
      value: w.mean,
      note: `torchcfm ${wanted}`,
      goal,
    })
    rows.push(
      {
        figure: `${name}: loss a coordinate`,
        value: last.reduce((sum, l) => sum + l / 2000, 0),
        note: `${steps} steps in ${seconds.toFixed(0)} s`,
      },
      {
        figure: `${name}: W₂`,
        ...of(accurate, reference.w2, { most: reference.w2 + reference.deviation }),
        note: `± ${deviationOf(accurate.values).toFixed(3)}; torchcfm ${reference.w2} ± ${reference.deviation}`,
      },
      {
        figure: `${name}: normalised path energy`,
        ...of({ mean: normalizedPathEnergy(energy, distance) }, reference.energy),
      },
      { figure: `${name}: W₂ of 1 Euler step`, ...of(one, reference.euler[0]) },
      {
        figure: `${name}: W₂ of 4 Euler steps`,
        ...of(four, reference.euler[1], name === 'OT-CFM' ? { most: 1.1 * accurate.mean } : undefined),
      },
      { figure: `${name}: W₂ of 10 Euler steps`, ...of(ten, reference.euler[2]) },
    )
  }
  return report('couplings', rows, raw)
}

async function w2Of(field: Field, steps: number, method = rk4) {
  const flow = cnf({ field, base: source, method, step: 1 / steps })
  const values: number[] = []
  for (let k = 0; k < repeats; k++) {
    const x = await flow.batched({ backend: 'wasm' }).sample(count, 400 + k)
    values.push(wasserstein2(x, evenMoons(count, 500 + k)))
  }
  return { mean: average(values), values }
}

const eulerOf = (field: Field, steps: number) => w2Of(field, steps, euler)
