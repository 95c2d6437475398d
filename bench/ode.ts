import { type Field, system } from '@separatrix/field'
import {
  dop853,
  rk4,
  type SolveOptions,
  solve,
  tsit5,
  type VectorFieldFunction,
  vern9,
} from '@separatrix/ode'
import { median, processorTime, type Row, report, timeAt, type WorkPoint } from './harness.js'
import { compileNative, runNative } from './native.js'
import { coldStart, flatMemory } from './odeFootprint.js'
import { type BenchProblem, diffusionOfVectors, problems } from './odeProblems.js'
import { type CashKarp, type Numeric, type Odex, peer } from './peers.js'
import { scipyLorenz } from './scipy.js'

/** Explicit methods: against C step by step, against npm at equal error, memory, and the cold start. */
export async function bench(): Promise<boolean> {
  const rows: Row[] = []
  stepsAgainstC(rows)
  const curves = peersAtEqualError(rows)
  flatMemory(rows)
  await coldStart(rows)
  return report('ode', rows, { curves })
}

interface NativeCase {
  readonly name: string
  readonly problem: number
  readonly target: Field | VectorFieldFunction
  readonly y0: readonly number[]
  readonly step: number
  readonly end: number
  readonly tolerance: number
  readonly most: { readonly rk4: number; readonly tsit5: number }
}

const named = (name: string) => problems.find((p) => p.name.startsWith(name)) as BenchProblem

/** Lorenz with parameters, as in C; Kepler in space; the wide ones. */
function nativeCases(): NativeCase[] {
  const lorenz = system({
    name: 'lorenz',
    state: ['x', 'y', 'z'],
    params: { s: 10, r: 28, b: 8 / 3 },
    dynamics: { x: 's*(y-x)', y: 'x*(r-z)-y', z: 'x*y-b*z' },
  })
  const kepler = system({
    name: 'kepler',
    state: ['x', 'y', 'z', 'u', 'v', 'w'],
    dynamics: Object.fromEntries([
      ...['u', 'v', 'w'].map((v, i) => ['xyz'[i], v]),
      ...['x', 'y', 'z'].map((c, i) => ['uvw'[i], `-1/((x^2+y^2+z^2)*sqrt(x^2+y^2+z^2))*${c}`]),
    ]) as Record<string, string>,
  })
  const wide = named('Lorenz 96')
  const diffusion = named('diffusion')
  const own = (problem: BenchProblem) => problem.f as unknown as VectorFieldFunction
  const six = { rk4: 1.15, tsit5: 1.25 }
  return [
    {
      name: 'Lorenz (3)',
      problem: 0,
      target: lorenz,
      y0: [1, 0, 0],
      step: 1e-3,
      end: 200,
      tolerance: 1e-6,
      most: six,
    },
    {
      name: 'Kepler (6)',
      problem: 1,
      target: kepler,
      y0: [0.4, 0, 0, 0, 2, 0],
      step: 1e-3,
      end: 100,
      tolerance: 1e-8,
      most: six,
    },
    {
      name: 'Lorenz 96 (20)',
      problem: 2,
      target: wide.field as Field,
      y0: wide.y0,
      step: 1e-3,
      end: 20,
      tolerance: 1e-6,
      most: { rk4: 1.5, tsit5: 1.5 },
    },
    {
      name: 'Lorenz, a function',
      problem: 0,
      target: own(named('Lorenz')),
      y0: [1, 0, 0],
      step: 1e-3,
      end: 100,
      tolerance: 1e-6,
      most: { rk4: 3.3, tsit5: 3.3 },
    },
    {
      name: 'Lorenz 96, a function',
      problem: 2,
      target: own(wide),
      y0: wide.y0,
      step: 1e-3,
      end: 20,
      tolerance: 1e-6,
      most: { rk4: 3.3, tsit5: 3.3 },
    },
    ...[
      { name: 'diffusion (1000)', target: diffusion.field as Field },
      { name: 'diffusion (1000), vectors', target: diffusionOfVectors(1000) },
    ].map((spelling) => ({
      ...spelling,
      problem: 3,
      y0: diffusion.y0,
      step: 0.01,
      end: 10,
      tolerance: 1e-6,
      most: { rk4: 2.5, tsit5: 2.5 },
    })),
  ]
}

/** ns per accepted step; best of five in each of nine rounds, which alternate with the C program. */
function stepsAgainstC(rows: Row[]): void {
  for (const { name, problem, target, y0, step, end, tolerance, most } of nativeCases()) {
    const program = compileNative('ode', [`-DPROBLEM=${problem}`])
    for (const method of ['rk4', 'tsit5'] as const) {
      const options: SolveOptions =
        method === 'rk4'
          ? { method: rk4, step, saveAt: 'end' }
          : { method: tsit5, rtol: tolerance, atol: tolerance, firstStep: 1e-4, saveAt: 'end' }
      const once = () => {
        let steps = 0
        const time = processorTime(() => {
          steps = solve(target, y0, [0, end], options).stats.accepted
        })
        return time / steps
      }
      for (let i = 0; i < 15; i++) once()
      const own: number[] = []
      const native: number[] = []
      for (let round = 0; round < 9; round++) {
        own.push(Math.min(...[1, 2, 3, 4, 5].map(once)))
        if (program === undefined) continue
        const amount = String(method === 'rk4' ? step : tolerance)
        native.push(runNative<{ ns: number }>(program, method, amount, String(end), '5').ns)
      }
      const note = `${median(own).toPrecision(3)} ns/step${program === undefined ? ', C skipped: no gcc' : `, C ${median(native).toPrecision(3)}`}`
      rows.push({
        figure: `${method}, ${name}, against C`,
        value: program === undefined ? Number.NaN : median(own) / median(native),
        unit: '×',
        ...(program === undefined ? {} : { goal: { most: most[method] } }),
        note,
      })
    }
  }
}

type Solve = (tolerance: number) => ArrayLike<number>

/** Time per solve at the error of each problem, interpolated on work–precision curves measured in one run. */
function peersAtEqualError(rows: Row[]): Record<string, Record<string, WorkPoint[]>> {
  const all: Record<string, Record<string, WorkPoint[]>> = {}
  const factors: Record<string, number[]> = { 'ode45-cash-karp': [], odex: [], numeric: [], mathjs: [] }
  const { solveODE } = peer<{
    solveODE: (f: unknown, span: number[], y: number[], o: object) => { y: number[][] }
  }>('mathjs')
  for (const problem of problems) {
    const reference = solve(
      problem.field ?? (problem.f as VectorFieldFunction),
      problem.y0,
      [0, problem.end],
      {
        method: vern9,
        rtol: 1e-14,
        atol: 1e-14,
        saveAt: 'end',
      },
    ).y.data
    const solvers: Record<string, Solve> = { ...ownSolvers(problem), ...peerSolvers(problem) }
    if (problem.name === 'Lorenz')
      solvers['mathjs'] = (tol) => {
        const f = (t: number, y: number[]) => {
          const d = new Float64Array(y.length)
          problem.f(t, y, d)
          return Array.from(d)
        }
        const { y } = solveODE(f, [0, problem.end], [...problem.y0], { method: 'RK45', tol, maxIter: 1e7 })
        return y[y.length - 1] as number[]
      }
    const curves = Object.fromEntries(
      Object.entries(solvers).map(([name, run]) => [
        name,
        workPrecision(run, reference, name, problem.y0.length),
      ]),
    )
    all[problem.name] = curves
    const own = Math.min(
      ...['tsit5', 'dop853']
        .map((m) => timeAt(problem.error, curves[m] as WorkPoint[]))
        .filter((v) => !Number.isNaN(v)),
    )
    rows.push({
      figure: `${problem.name}, error ${problem.error}`,
      value: own / 1000,
      unit: 'µs',
      note: 'the faster of tsit5 and dop853',
    })
    if (problem.name === 'Lorenz') {
      const scipy = scipyLorenz(reference)
      const value = scipy === undefined ? Number.NaN : timeAt(problem.error, scipy) / own
      const note = scipy === undefined ? 'skipped: python3 without scipy' : 'DOP853, the field in Python'
      rows.push({ figure: '  scipy', value, unit: '× slower', note })
    }
    for (const name of Object.keys(factors)) {
      if (curves[name] === undefined) continue
      const factor = timeAt(problem.error, curves[name] as WorkPoint[]) / own
      if (Number.isNaN(factor)) continue
      factors[name]?.push(factor)
      rows.push({ figure: `  ${name}`, value: factor, unit: '× slower' })
    }
  }
  const goals: Record<string, number> = { 'ode45-cash-karp': 2.5, odex: 5, numeric: 60, mathjs: 1000 }
  for (const [name, list] of Object.entries(factors))
    rows.push({
      figure: `${name}, median over problems`,
      value: median(list),
      unit: '× slower',
      goal: { least: goals[name] as number },
    })
  return all
}

function ownSolvers({ field, f, y0, end }: BenchProblem): Record<string, Solve> {
  const target = field ?? (f as VectorFieldFunction)
  const run = (method: typeof tsit5) => (tol: number) =>
    solve(target, y0, [0, end], { method, rtol: tol, atol: tol, saveAt: 'end' }).y.data
  return { tsit5: run(tsit5), dop853: run(dop853) }
}

function peerSolvers({ f, y0, end }: BenchProblem): Record<string, Solve> {
  const { Solver } = peer<Odex>('odex')
  const ode45 = peer<CashKarp>('ode45-cash-karp')
  const numeric = peer<Numeric>('numeric')
  const n = y0.length
  const fresh = (t: number, y: number[]) => {
    const d = new Float64Array(n)
    f(t, y, d)
    return Array.from(d)
  }
  return {
    odex: (tol) => {
      const solver = new Solver(n)
      solver.absoluteTolerance = solver.relativeTolerance = tol
      solver.maxSteps = 1e6
      return solver.solve(fresh, 0, [...y0], end).y
    },
    'ode45-cash-karp': (tol) => {
      const run = ode45(Float64Array.from(y0), (d, y, t) => f(t, y, d), 0, 1e-3, { tol, verbose: false })
      run.steps(Number.POSITIVE_INFINITY, end)
      return run.y
    },
    numeric: (tol) => {
      const { y } = numeric.dopri(0, end, [...y0], fresh, tol, 1e6)
      return y[y.length - 1] as number[]
    },
  }
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, v, i) => Math.max(most, Math.abs(v - (b[i] as number))), 0)

function workPrecision(run: Solve, reference: ArrayLike<number>, name: string, size: number): WorkPoint[] {
  const slow = name === 'mathjs'
  const tolerances = slow ? [1e-4, 1e-5, 1e-6] : [1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10]
  const rounds = slow ? 2 : size > 100 ? 3 : 9
  return tolerances.map((tol) => {
    const error = largest(run(tol), reference)
    for (let i = 0; i < rounds; i++) run(tol)
    const times = Array.from({ length: rounds }, () => processorTime(() => void run(tol)))
    return { error, time: median(times) }
  })
}
