import { system } from '@separatrix/field'
import { dopri5, integrator, rk4, type StepOptions, solve } from '@separatrix/ode'
import { median, processorTime, type Row, report, timeAt, type WorkPoint } from './harness.js'
import { compileNative, runNative } from './native.js'
import { type CashKarp, type Odex, peer } from './peers.js'

const lorenz = system({
  name: 'lorenz',
  state: ['x', 'y', 'z'],
  params: { sigma: 10, rho: 28, beta: 8 / 3 },
  dynamics: { x: 'sigma*(y-x)', y: 'x*(rho-z)-y', z: 'x*y-beta*z' },
})
const y0 = [1, 0, 0]

interface Native {
  readonly ns: number
  readonly steps: number
}

/** The spine of the solver: fused loops against the same algorithm in C, and against npm at equal error. */
export async function bench(): Promise<boolean> {
  const rows: Row[] = []
  againstC(rows)
  const curves = await againstPeers(rows)
  rows.push({
    figure: 'bytes allocated per step, dopri5',
    value: bytesPerStep({ method: dopri5, rtol: 1e-6, atol: 1e-6, maxSteps: 1e9 }),
    goal: { most: 2 },
  })
  rows.push({
    figure: 'bytes allocated per step, rk4',
    value: bytesPerStep({ method: rk4, step: 1e-3 }),
    goal: { most: 2 },
  })
  return report('spine', rows, { curves })
}

/** ns per accepted step, the library's whole solve against the loop in C; rounds alternate between the two. */
function againstC(rows: Row[]): void {
  const fixed = { method: rk4, step: 1e-3, saveAt: 'end' } as const
  const adaptive = { method: dopri5, rtol: 1e-6, atol: 1e-6, firstStep: 1e-4, saveAt: 'end' } as const
  // best of five in each round, as in the C program; the median is over rounds
  const nanoseconds = (options: typeof fixed | typeof adaptive, end: number) =>
    Math.min(
      ...[1, 2, 3, 4, 5].map(() => {
        let steps = 0
        const time = processorTime(() => {
          steps = solve(lorenz, y0, [0, end], options).stats.accepted
        })
        return time / steps
      }),
    )
  for (let i = 0; i < 10; i++) {
    nanoseconds(fixed, 200)
    nanoseconds(adaptive, 1000)
  }
  const program = compileNative('spine')
  const times: Record<'rk4' | 'dopri5' | 'rk4C' | 'dopri5C', number[]> = {
    rk4: [],
    dopri5: [],
    rk4C: [],
    dopri5C: [],
  }
  for (let round = 0; round < 15; round++) {
    times.rk4.push(nanoseconds(fixed, 200))
    times.dopri5.push(nanoseconds(adaptive, 1000))
    if (program === undefined) continue
    times.rk4C.push(runNative<Native>(program, 'rk4', '200000', '5').ns)
    times.dopri5C.push(runNative<Native>(program, 'dopri5', '1e-6', '5').ns)
  }
  for (const [name, most] of [
    ['rk4', 1.2],
    ['dopri5', 1.25],
  ] as const) {
    const own = median(times[name])
    rows.push({ figure: `${name} on Lorenz`, value: own, unit: 'ns/step' })
    if (program === undefined) {
      rows.push({ figure: `${name} against C`, value: Number.NaN, note: 'skipped: no gcc' })
      continue
    }
    const native = median(times[`${name}C`])
    rows.push({ figure: `${name} in C (gcc -O3 -march=native)`, value: native, unit: 'ns/step' })
    rows.push({ figure: `${name} against C`, value: own / native, unit: '×', goal: { most } })
  }
}

type Solve = (tolerance: number) => ArrayLike<number>

/** Lorenz to t = 10 at equal achieved error, everybody writing the field in the form that they want. */
async function againstPeers(rows: Row[]): Promise<Record<string, WorkPoint[]>> {
  const end = 10
  const reference = solve(lorenz, y0, [0, end], { method: dopri5, rtol: 1e-13, atol: 1e-13, saveAt: 'end' }).y
    .data
  const { Solver } = peer<Odex>('odex')
  const ode45 = peer<CashKarp>('ode45-cash-karp')
  const solvers: Record<string, Solve> = {
    separatrix: (tol) =>
      solve(lorenz, y0, [0, end], { method: dopri5, rtol: tol, atol: tol, saveAt: 'end' }).y.data,
    odex: (tol) => {
      const solver = new Solver(3)
      solver.absoluteTolerance = solver.relativeTolerance = tol
      const f = (_t: number, [x, y, z]: number[]) => [10 * (y - x), x * (28 - z) - y, x * y - (8 / 3) * z]
      return solver.solve(f, 0, [...y0], end).y
    },
    'ode45-cash-karp': (tol) => {
      const f = (d: Float64Array, y: Float64Array) => {
        d[0] = 10 * (y[1] - y[0])
        d[1] = y[0] * (28 - y[2]) - y[1]
        d[2] = y[0] * y[1] - (8 / 3) * y[2]
      }
      const run = ode45(Float64Array.from(y0), f, 0, 1e-3, { tol, verbose: false })
      run.steps(Number.POSITIVE_INFINITY, end)
      return run.y
    },
    mathjs: await mathjsSolver(end),
  }
  const target = 1e-5
  const curves: Record<string, WorkPoint[]> = {}
  for (const [name, run] of Object.entries(solvers)) {
    const slow = name === 'mathjs'
    const tolerances = slow ? [1e-4, 1e-5, 1e-6, 1e-7] : [1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11]
    curves[name] = tolerances.map((tol) => ({
      error: largest(run(tol), reference),
      time: measured(() => run(tol), slow ? 3 : 15),
    }))
  }
  const own = timeAt(target, curves['separatrix'] as WorkPoint[])
  rows.push({ figure: `separatrix, Lorenz to t = 10, error ${target}`, value: own / 1000, unit: 'µs' })
  for (const [name, points] of Object.entries(curves)) {
    if (name === 'separatrix') continue
    const time = timeAt(target, points)
    const note = Number.isNaN(time)
      ? `does not reach it; errors ${points.map((p) => p.error.toExponential(1)).join(', ')}`
      : ''
    rows.push({
      figure: `${name} against separatrix`,
      value: time / own,
      unit: '× slower',
      goal: { least: 1 },
      note,
    })
  }
  return curves
}

async function mathjsSolver(end: number): Promise<Solve> {
  const { create, all } = await import('mathjs')
  const { solveODE } = create(all) as unknown as {
    solveODE: (f: unknown, span: number[], y: number[], options: object) => { y: number[][] }
  }
  const f = (_t: number, [x, y, z]: number[]) => [10 * (y - x), x * (28 - z) - y, x * y - (8 / 3) * z]
  return (tol) => {
    const { y } = solveODE(f, [0, end], y0, { method: 'RK45', tol, maxIter: 1e7 })
    return y[y.length - 1] as number[]
  }
}

const measured = (job: () => unknown, rounds: number) =>
  median(Array.from({ length: rounds + 5 }, () => processorTime(() => void job())).slice(5))

const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, v, i) => Math.max(most, Math.abs(v - (b[i] as number))), 0)

/** Heap growth of a million steps, the least of three runs. */
function bytesPerStep(options: StepOptions): number {
  const collect = (globalThis as { gc?: () => void }).gc
  if (collect === undefined) return Number.NaN
  const run = integrator(lorenz, 3, options)
  const state = run.initialize(y0, [0, 1e9])
  const advance = (steps: number) => {
    for (let done = 0; done < steps; ) done += run.advance(state, 1000).count
  }
  return Math.min(
    ...[1, 2, 3].map(() => {
      advance(100_000)
      collect()
      const before = process.memoryUsage().heapUsed
      advance(1_000_000)
      return (process.memoryUsage().heapUsed - before) / 1_000_000
    }),
  )
}
