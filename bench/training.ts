import { type OutputLoss, prepareBatchSensitivity } from '@separatrix/adjoint'
import { combine, compileGradient, compose, type Field, network, system } from '@separatrix/field'
import { rk4 } from '@separatrix/ode'
import ndarray from 'ndarray'
import { agree, inTurn, type Row, report } from './harness.js'
import { compileNative, runNative } from './native.js'
import { jax, type Peer, type TrainingProblem, tensorflow } from './trainingPeers.js'

/** Time recorded elsewhere for the spiral demo, in µs; see bench/README. */
const recorded = { torchdiffeq: 10_900, diffrax: 680 }

const cube = system({ name: 'cube', state: ['x', 'y'], dynamics: { x: 'x^3', y: 'y^3' } })

interface Case {
  readonly name: string
  readonly widths: readonly number[]
  readonly cubed: boolean
  readonly batch: number
  readonly steps: number
  readonly h: number
  readonly lanesInC: number
  readonly peers: boolean
}

const cases: readonly Case[] = [
  {
    name: 'spiral 2-50-2, 20 × 10',
    widths: [2, 50, 2],
    cubed: true,
    batch: 20,
    steps: 9,
    h: 0.025,
    lanesInC: 32,
    peers: true,
  },
  {
    name: '2-64-64-2, 1024 × 10',
    widths: [2, 64, 64, 2],
    cubed: false,
    batch: 1024,
    steps: 9,
    h: 0.1,
    lanesInC: 64,
    peers: false,
  },
]

/** Iterations of training in vectors: solves with their exact gradients, and losses over samples. */
export async function bench(): Promise<boolean> {
  const rows: Row[] = []
  for (const problem of cases) await trajectories(problem, rows)
  samples(rows)
  return report('training', rows)
}

async function trajectories(problem: Case, rows: Row[]): Promise<void> {
  const { name, widths, cubed, batch, steps, h, lanesInC } = problem
  const net = network({ widths, activation: 'tanh', seed: 1 })
  const field = cubed ? compose(net, cube) : net
  const Y0 = ndarray(
    Float64Array.from({ length: 2 * batch }, (_, i) => Math.sin(i)),
    [batch, 2],
  )
  const count = steps * batch * 2
  const loss: OutputLoss = {
    value({ data }) {
      let sum = 0
      for (let i = 0; i < data.length; i++) sum += data[i] * data[i]
      return sum / count
    },
    gradient({ data }, { data: out }) {
      for (let i = 0; i < out.length; i++) out[i] = (2 * data[i]) / count
    },
  }
  const saveAt = Array.from({ length: steps }, (_, k) => (k + 1) * h)
  const own = (precision: 'double' | 'single') => {
    const run = prepareBatchSensitivity(field, [0, steps * h], {
      method: rk4,
      step: h,
      saveAt,
      precision,
      batch,
    })
    return () => run(Y0, { loss }).value
  }
  const jobs: Record<string, Peer> = { single: own('single'), double: own('double') }
  if (problem.peers) {
    const shared: TrainingProblem = { ...problem, y0: Float32Array.from(Y0.data), parameters: blocks(net) }
    jobs['tfjs'] = await tensorflow(shared)
    jobs['jax'] = await jax(shared)
    for (const peer of ['tfjs', 'jax']) agree(`${name}: ${peer}`, jobs[peer](), jobs['double']())
  }
  const times = inTurn(jobs)
  const program = compileNative('training', ['-ffast-math', `-DLANES=${lanesInC}`])
  const args = [cubed ? 1 : 0, batch, steps, h, ...widths].map(String)
  const inC = program === undefined ? Number.NaN : runNative<{ ns: number }>(program, ...args).ns / 1000
  const unit = 'µs'
  rows.push(
    {
      figure: `${name}: f32x4`,
      value: times['single'],
      unit,
      note: `RK4, value and gradient in ${net.theta.length} weights`,
    },
    { figure: `${name}: f64x2`, value: times['double'], unit },
    {
      figure: `${name}: C float`,
      value: inC,
      unit,
      note: 'gcc -O3 -march=native -ffast-math, its own vector tanh',
    },
    { figure: `${name}: f32x4 / C`, value: times['single'] / inC, goal: { most: 2.5 } },
  )
  if (!problem.peers) return
  rows.push(
    { figure: `${name}: f32x4`, value: times['single'], unit, goal: { most: 150 } },
    {
      figure: `${name}: tfjs-wasm / f32x4`,
      value: times['tfjs'] / times['single'],
      goal: { least: 200 },
      note: `${Math.round(times['tfjs'])} µs`,
    },
    {
      figure: `${name}: jax-js / f32x4`,
      value: times['jax'] / times['single'],
      goal: { least: 100 },
      note: `${Math.round(times['jax'])} µs`,
    },
    {
      figure: `${name}: torchdiffeq / f32x4`,
      value: recorded.torchdiffeq / times['single'],
      note: `${recorded.torchdiffeq} µs, recorded elsewhere`,
    },
    {
      figure: `${name}: diffrax / f32x4`,
      value: recorded.diffrax / times['single'],
      note: `${recorded.diffrax} µs, recorded elsewhere`,
    },
  )
}

const blocks = (net: Field) =>
  net.layout.map(({ offset, shape }) =>
    Float32Array.from(net.theta.subarray(offset, offset + shape.reduce((a, b) => a * b, 1))),
  )

/** Mean of |f(x)|² over a batch and its gradient, in units of the value alone, and the arithmetic that runs. */
function samples(rows: Row[]): void {
  for (const widths of [
    [2, 64, 64, 2],
    [2, 256, 256, 2],
    [784, 64, 10],
  ]) {
    const net = network({ widths, activation: 'tanh', seed: 1 })
    const loss = combine([net], (b, place) => b.dot(place(net), place(net)), 'square')
    const batch = 1024
    const products = widths.slice(1).reduce((sum, w, i) => sum + w * widths[i] * (i === 0 ? 4 : 6), 0)
    for (const precision of ['single', 'double'] as const) {
      const compiled = compileGradient(loss, { batch, precision })
      const x = new Float64Array(widths[0])
      for (let i = 0; i < batch; i++)
        compiled.put(
          i,
          0,
          x.map((_, k) => Math.sin(i + k)),
        )
      const gradient = new Float64Array(net.theta.length)
      const { time } = inTurn({ time: () => void compiled.evaluate(net.theta, gradient) })
      rows.push({
        figure: `${widths.join('-')}, batch ${batch}, ${precision}: value and gradient`,
        value: time,
        unit: 'µs',
        note: `${((products * batch) / time / 1000).toFixed(0)} GFLOP/s in products`,
      })
    }
  }
}
