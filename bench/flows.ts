import { adam } from '@separatrix/adjoint'
import { compileGradient, type Field, network, seededRandom } from '@separatrix/field'
import {
  cnf,
  drawPoints,
  eightGaussians,
  flowMatching,
  likelihoodLoss,
  missOf,
  moons,
  prepareAssignment,
  withTime,
} from '@separatrix/flows'
import { dopri5, rk4 } from '@separatrix/ode'
import { jaxRegression, type RegressionProblem, tensorflowRegression } from './flowPeers.js'
import { processorTime, type Row, report } from './harness.js'

/** Milliseconds measured elsewhere with torch on one thread: FFJORD, torchcfm, and its exact plan by POT. */
const torch = { ffjord: 59.3, matching: 1.04, transport: 14.36 }

/** Least of several measurements, in ms of processor time, once the job has run for 300 ms and is compiled. */
function least(job: () => void, rounds = 7): number {
  for (let spent = 0; spent < 300; ) {
    const start = process.cpuUsage()
    job()
    const { user, system } = process.cpuUsage(start)
    spent += (user + system) / 1000
  }
  return Math.min(...Array.from({ length: rounds }, () => processorTime(job) / 1e6))
}

export async function bench(): Promise<boolean> {
  const rows: Row[] = []
  ffjord(rows)
  matching(rows)
  await peers(rows)
  assignments(rows)
  await samples(rows)
  return report('flows', rows)
}

const single = { backend: 'wasm', precision: 'single' } as const

/** One step of training with a loss: value, gradient and Adam. */
function trainingStep(loss: ReturnType<typeof flowMatching>, field: Field): () => void {
  const bound = loss.bind(field, undefined, single)
  const optimizer = adam({ rate: 1e-3 })
  const theta = Float64Array.from(field.theta)
  const state = optimizer.init(theta, field.layout)
  const gradient = new Float64Array(theta.length)
  const random = seededRandom(1)
  const evaluate = (at: Float64Array, out: Float64Array) => bound.evaluate(at, random, out)
  return () => {
    const value = bound.evaluate(theta, random, gradient)
    optimizer.step(state, theta, gradient, { value, evaluate })
  }
}

/** Batches take equal steps; as many as make the error of the solve that of dopri5 at 1e-5. */
function ffjord(rows: Row[]): void {
  const field = withTime(network({ widths: [3, 64, 64, 64, 2], activation: 'tanh', seed: 0 }))
  const data = eightGaussians('ffjord')
  const span = [0, 0.5] as const
  const x = drawPoints(data, { count: 50, seed: 1 })
  const exact = cnf({ field, span, method: dopri5, rtol: 1e-11, atol: 1e-11 }).logProb(x)
  const errorOf = (solving: object) =>
    cnf({ field, span, method: dopri5, ...solving })
      .logProb(x)
      .reduce((most, l, i) => Math.max(most, Math.abs(l - exact[i])), 0)
  const allowed = errorOf({ rtol: 1e-5, atol: 1e-5 })
  let steps = 1
  while (errorOf({ step: 0.5 / steps }) > allowed) steps++
  const loss = likelihoodLoss({ data, batch: 100, span, method: dopri5, step: 0.5 / steps })
  const time = least(trainingStep(loss, field))
  rows.push(
    {
      figure: 'FFJORD toy, 64-64-64, batch 100, exact trace',
      value: time,
      unit: 'ms',
      note: `${steps} equal steps of dopri5 with the error of 1e-5`,
    },
    {
      figure: 'torch / ours',
      value: torch.ffjord / time,
      goal: { least: 3 },
      note: `${torch.ffjord} ms, measured elsewhere; ours is an untrained flow`,
    },
  )
}

function matching(rows: Row[]): void {
  const field = withTime(network({ widths: [3, 64, 64, 64, 2], activation: 'tanh', seed: 0 }))
  const ends = { source: eightGaussians('torchcfm'), target: moons('torchcfm'), batch: 256 }
  const independent = least(trainingStep(flowMatching({ ...ends, coupling: 'independent' }), field))
  const exact = least(trainingStep(flowMatching({ ...ends, coupling: 'exact' }), field))
  rows.push(
    {
      figure: 'flow matching, 3×64, batch 256',
      value: independent,
      unit: 'ms',
      note: 'samples, gradient and Adam',
    },
    {
      figure: 'torch / ours',
      value: torch.matching / independent,
      goal: { least: 1.5 },
      note: `${torch.matching} ms, measured elsewhere`,
    },
    { figure: 'the same with the exact plan', value: exact, unit: 'ms' },
    {
      figure: 'torch with POT / ours',
      value: torch.transport / exact,
      goal: { least: 5 },
      note: `${torch.transport} ms, measured elsewhere`,
    },
  )
}

/** The gradient alone, on the same batch everywhere. */
async function peers(rows: Row[]): Promise<void> {
  const [widths, batch] = [[3, 64, 64, 64, 2], 256]
  const net = network({ widths, activation: 'tanh', seed: 0 })
  const field = withTime(net)
  const compiled = compileGradient(missOf(field, 0), { batch, precision: 'single' })
  const random = seededRandom(2)
  const [z, u] = [new Float32Array(3 * batch), new Float32Array(2 * batch)]
  for (let i = 0; i < batch; i++) {
    const sample = Float64Array.from({ length: 4 }, () => random.normal())
    const t = random.uniform()
    compiled.put(i, t, sample)
    z.set([sample[0], sample[1], t], 3 * i)
    u.set([sample[2], sample[3]], 2 * i)
  }
  const parameters = net.layout.map(({ offset, shape }) =>
    Float32Array.from(net.theta.subarray(offset, offset + shape.reduce((a, b) => a * b, 1))),
  )
  const problem: RegressionProblem = { widths, batch, z, u, parameters }
  const gradient = new Float64Array(net.theta.length)
  const ours = () => compiled.evaluate(net.theta, gradient)
  const time = least(() => void ours())
  rows.push({ figure: 'gradient of the matching loss', value: time, unit: 'ms', note: 'f32x4' })
  for (const [name, make] of [
    ['tfjs-wasm', tensorflowRegression],
    ['jax-js', jaxRegression],
  ] as const) {
    const peer = await make(problem)
    // single precision over sums of 64
    if (Math.abs(peer() - ours()) > 1e-4 * ours())
      throw new Error(`${name} computes ${peer()}, not ${ours()}`)
    const taken = least(() => void peer(), 3)
    rows.push({
      figure: `${name} / ours`,
      value: taken / time,
      goal: { least: 10 },
      note: `${taken.toPrecision(3)} ms`,
    })
  }
}

function assignments(rows: Row[]): void {
  for (const n of [256, 1024]) {
    const [a, b] = [eightGaussians('torchcfm'), moons('torchcfm')].map((d, k) =>
      drawPoints(d, { count: n, seed: k }),
    )
    const prepared = prepareAssignment(n)
    prepared.rows.forEach((row, i) => {
      for (let j = 0; j < n; j++) row[j] = (a.get(i, 0) - b.get(j, 0)) ** 2 + (a.get(i, 1) - b.get(j, 1)) ** 2
    })
    rows.push({
      figure: `exact assignment of ${n}, eight normals to moons`,
      value: least(() => void prepared.solve(), 3),
      unit: 'ms',
    })
  }
}

async function samples(rows: Row[]): Promise<void> {
  const field = withTime(network({ widths: [3, 64, 64, 2], activation: 'swish', seed: 0 }))
  const flow = cnf({ field, method: rk4, step: 0.1 })
  for (const precision of ['double', 'single'] as const) {
    const batched = flow.batched({ backend: 'wasm', precision })
    await batched.sample(1000, 0)
    const start = process.cpuUsage()
    await batched.sample(100_000, 0)
    const { user, system } = process.cpuUsage(start)
    rows.push({
      figure: `100,000 samples, 3-64-64-2, 40 evaluations, ${precision}`,
      value: (user + system) / 1e6,
      unit: 's',
    })
  }
}
