import { adam, fit, prepareSensitivity, type SolutionLoss, type Via, vias } from '@separatrix/adjoint'
import { closeLoop, type Field, network, seededRandom, system } from '@separatrix/field'
import { ball, cbfQp, lyapunovLoss, trainableQuadratic } from '@separatrix/lyapunov'
import { dopri5, type SolveOptions, solve } from '@separatrix/ode'
import { interleaved, type Row, report } from './harness.js'

const lotkaVolterra = system({
  name: 'Lotka–Volterra',
  state: ['u', 'v'],
  params: { a: 1.5, b: 1, c: 3, d: 1 },
  dynamics: { u: 'a*u - b*u*v', v: '-c*v + d*u*v' },
})
const pendulum = system({
  name: 'pendulum',
  state: ['theta', 'omega'],
  input: ['u'],
  params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
  dynamics: { theta: 'omega', omega: '(g/l) * sin(theta) - b/(m*l^2) * omega + u/(m*l^2)' },
})
const loop = closeLoop(pendulum, network({ widths: [2, 16, 1], activation: 'tanh', seed: 1, bias: false }))
const neural = network({ widths: [2, 50, 2], activation: 'tanh', seed: 2, name: 'network 2-50-2' })

const endpoint: SolutionLoss = {
  value: (y) => y.get(y.shape[0] - 1, 0),
  gradient: (y, dy) => {
    dy.set(y.shape[0] - 1, 0, 1)
  },
}

interface Problem {
  readonly field: Field
  readonly y0: readonly number[]
  readonly end: number
  /** of the discrete gradient, in solves */
  readonly goal: number
}

/** Gradients in units of one solve, the errors beside them; then training steps and the safety filter. */
export async function bench(): Promise<boolean> {
  const rows: Row[] = []
  const raw = {
    problems: [
      { field: lotkaVolterra, y0: [1, 1], end: 10, goal: 4 },
      { field: loop, y0: [0.5, 0], end: 2, goal: 4 },
      { field: neural, y0: [1, -1], end: 2, goal: 6 },
    ].map((problem) => gradients(problem, rows)),
  }
  await training(rows)
  filter(rows)
  return report('adjoint', rows, raw)
}

function gradients({ field, y0, end, goal }: Problem, rows: Row[]) {
  const options = { method: dopri5, rtol: 1e-8, atol: 1e-8, saveAt: [end] } satisfies SolveOptions
  const ways = vias.filter((via) => via !== 'forward' || field.theta.length < 20)
  const prepared = Object.fromEntries(ways.map((via) => [via, prepareSensitivity(field, dopri5, via)]))
  const at = (via: Via, tolerance = 1e-8) =>
    prepared[via](y0, [0, end], { ...options, rtol: tolerance, atol: tolerance, loss: endpoint })
  const repeat = (job: () => void) => () => {
    for (let i = 0; i < 20; i++) job()
  }
  const times = interleaved({
    solve: repeat(() => solve(field, y0, [0, end], options)),
    ...Object.fromEntries(ways.map((via) => [via, repeat(() => at(via))])),
  })
  // the reference is the same gradient at a tolerance two thousand times as tight
  const exact = at('discrete', 5e-12)
  const errors = ways.map((via) => {
    const { dy0, dtheta, status } = at(via)
    if (status !== 'success') return status
    const [found, wanted] = [
      [...dy0, ...dtheta],
      [...exact.dy0, ...exact.dtheta],
    ]
    return Math.max(...found.map((v, i) => Math.abs(v - wanted[i]))) / Math.max(...wanted.map(Math.abs))
  })
  rows.push({ figure: `${field.name}: one solve`, value: times.solve / 20 / 1000, unit: 'µs' })
  ways.forEach((via, i) => {
    rows.push({
      figure: `${field.name}: ${via}`,
      value: times[via] / times.solve,
      unit: 'solves',
      goal: via === 'discrete' ? { most: goal } : undefined,
      note: `${describe(errors[i])} at tolerance 1e-8, ${field.theta.length} parameters`,
    })
  })
  return { field: field.name, times, errors: Object.fromEntries(ways.map((via, i) => [via, errors[i]])) }
}

const describe = (error: number | string) =>
  typeof error === 'string' ? error : `error ${error.toExponential(1)}`

async function training(rows: Row[]): Promise<void> {
  const V = trainableQuadratic(2, { epsilon: 1e-3 })
  const loss = lyapunovLoss({ V, rate: 0.5, sampler: ball(1), batch: 256, normalize: 'V' })
  const run = () => fit({ field: loop, loss, optimizer: adam({ rate: 1e-2 }), steps: 500, seed: 1 })
  await run()
  const start = process.hrtime.bigint()
  await run()
  rows.push({
    figure: 'training step, Lyapunov loss, pendulum with 2-16-1 network, batch 256',
    value: Number(process.hrtime.bigint() - start) / 500 / 1000,
    unit: 'µs',
  })
}

function filter(rows: Row[]): void {
  const barrier = { ...trainableQuadratic(2, { epsilon: 1e-3 }), name: 'barrier' }
  const safe = cbfQp({ plant: pendulum, barrier, alpha: 1, bounds: [[-1, 1]] })
  const random = seededRandom(1)
  const states = Array.from({ length: 64 }, () => [random.normal(), random.normal()])
  const { calls } = interleaved({ calls: () => states.forEach((x) => void safe(x, [0.3])) }, { warmUp: 200 })
  rows.push({
    figure: 'safety filter, one input',
    value: calls / states.length / 1000,
    unit: 'µs',
    goal: { most: 20 },
  })
}
