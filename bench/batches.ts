import { execFileSync } from 'node:child_process'
import { compileBatch, hasRelaxedSimd, type LaneKind, network, system } from '@separatrix/field'
import { dopri5, type EnsembleOptions, ensemble, rk4, threadPool } from '@separatrix/ode'
import ndarray from 'ndarray'
import { jaxjs, tfjs } from './arrayPeers.js'
import { type Row, report } from './harness.js'
import { compileNative, runNative } from './native.js'

const makeLorenz = () =>
  system({
    name: 'lorenz',
    state: ['x', 'y', 'z'],
    params: { sigma: 10, rho: 28, beta: 8 / 3 },
    dynamics: { x: 'sigma*(y-x)', y: 'x*(rho-z)-y', z: 'x*y-beta*z' },
  })
const makePendulum = () =>
  system({
    name: 'pendulum',
    state: ['theta', 'omega'],
    params: { g: 9.81, b: 0.1 },
    dynamics: { theta: 'omega', omega: '-g*sin(theta) - b*omega' },
  })

const [lorenz, pendulum] = [makeLorenz(), makePendulum()]

const batch = 100_000
const steps = 200
const rounds = 9

/** `pnpm bench batches <part>` measures one of these. */
const parts = {
  steps: async (rows: Row[]) => {
    for (const field of [lorenz, pendulum]) await fixedSteps(rows, field)
  },
  chosenSteps,
  choice,
  threads,
  memory,
  networks,
  networkEnsembles,
  peers,
} as const

/** Ensembles and networks on vectors and threads, against the same work in C and OpenBLAS, in one run. */
export async function bench(): Promise<boolean> {
  const rows: Row[] = []
  const only = process.argv[3]
  if (only !== undefined) {
    await parts[only as keyof typeof parts](rows)
    return report(`batches.${only}`, rows)
  }
  for (const part of Object.values(parts)) await part(rows)
  return report('batches', rows)
}

/** Processor time of this process in nanoseconds: a busy machine inflates it less than the clock. */
const processorTime = () => {
  const { user, system: kernel } = process.cpuUsage()
  return 1000 * (user + kernel)
}

type Job = () => number | Promise<number>

/** Least of several measurements taken in turn, the first two aside; each job returns its own time. */
async function inTurn<K extends string>(jobs: Readonly<Record<K, Job>>): Promise<Record<K, number>> {
  const names = Object.keys(jobs) as K[]
  const values = new Map<K, number[]>(names.map((name) => [name, []]))
  for (let round = -2; round < rounds; round++)
    for (const name of names) {
      const value = await jobs[name]()
      if (round >= 0) values.get(name)?.push(value)
    }
  return Object.fromEntries(names.map((name) => [name, Math.min(...(values.get(name) ?? []))])) as Record<
    K,
    number
  >
}

const native = (type: 'double' | 'float', bytes: 16 | 64) =>
  compileNative('batches', ['-ffast-math', `-DREAL=${type}`, `-DBYTES=${bytes}`, '-DGROUPS=2'])

function initial(n: number, count = batch) {
  return ndarray(
    Float64Array.from(
      { length: n * count },
      (_, k) => 1 + (k % n) + (1e-5 * Math.floor(k / n) * batch) / count,
    ),
    [count, n],
  )
}

/** 10⁵ trajectories of 200 steps of RK4: nanoseconds a trajectory and step, reading and writing included. */
async function fixedSteps(rows: Row[], field: typeof lorenz): Promise<void> {
  const Y0 = initial(field.stateSize)
  const own = (options: Pick<EnsembleOptions, 'backend' | 'precision'>, count = batch): Job => {
    const some = count === batch ? Y0 : initial(field.stateSize, count)
    return async () => {
      const start = processorTime()
      await ensemble(field, some, [0, 1], { method: rk4, step: 1 / steps, ...options })
      return (processorTime() - start) / (count * steps)
    }
  }
  const inC =
    (program: string | undefined): Job =>
    () =>
      program === undefined
        ? Number.NaN
        : runNative<{ ns: number }>(program, field.name, String(batch), String(steps), '2').ns
  const times = await inTurn({
    js: own({ backend: 'js' }, batch / 10),
    double: own({ backend: 'wasm' }),
    single: own({ backend: 'wasm', precision: 'single' }),
    doubleC16: inC(native('double', 16)),
    doubleC64: inC(native('double', 64)),
    singleC16: inC(native('float', 16)),
    singleC64: inC(native('float', 64)),
  })
  const unit = 'ns/step'
  rows.push(
    { figure: `${field.name}, js`, value: times.js, unit },
    { figure: `${field.name}, wasm f64x2`, value: times.double, unit },
    { figure: `${field.name}, wasm f32x4`, value: times.single, unit },
    {
      figure: `${field.name}, C double 128 bits`,
      value: times.doubleC16,
      unit,
      note: 'gcc -O3 -march=native -ffast-math',
    },
    { figure: `${field.name}, C float 128 bits`, value: times.singleC16, unit },
    { figure: `${field.name}, C double 512 bits`, value: times.doubleC64, unit },
    { figure: `${field.name}, C float 512 bits`, value: times.singleC64, unit },
    {
      figure: `${field.name}, f64x2 / C 128 bits`,
      value: times.double / times.doubleC16,
      goal: { most: 1.25 },
    },
    {
      figure: `${field.name}, f32x4 / C 128 bits`,
      value: times.single / times.singleC16,
      goal: { most: 1.25 },
    },
    { figure: `${field.name}, f64x2 / C 512 bits`, value: times.double / times.doubleC64, goal: { most: 4 } },
    { figure: `${field.name}, f32x4 / C 512 bits`, value: times.single / times.singleC64, goal: { most: 4 } },
  )
}

/** Lorenz for ρ from 0 to 21, every trajectory with steps of its own. */
async function chosenSteps(rows: Row[]): Promise<void> {
  const count = 16_384
  const Y0 = Array.from({ length: count }, () => [1, 2, 3])
  const theta = Array.from({ length: count }, (_, i) => [10, (21 * i) / count, 8 / 3])
  const program = native('double', 16)
  let total = 0
  const times = await inTurn({
    own: async () => {
      const start = processorTime()
      const options = { method: dopri5, rtol: 1e-8, atol: 1e-8, backend: 'wasm', theta } as const
      const { accepted } = await ensemble(lorenz, Y0, [0, 1], options)
      total = accepted.reduce((a, b) => a + b)
      return (processorTime() - start) / total
    },
    native: () =>
      program === undefined
        ? Number.NaN
        : runNative<{ ns: number }>(program, 'dopri5', String(count), '1', '2').ns,
  })
  rows.push(
    {
      figure: 'ρ sweep, dopri5 1e-8',
      value: times.own,
      unit: 'ns/step',
      note: `${(total / count).toFixed(0)} steps each`,
    },
    { figure: 'ρ sweep, C one by one', value: times.native, unit: 'ns/step' },
    { figure: 'ρ sweep, f64x2 / C one by one', value: times.own / times.native, goal: { most: 1 } },
    {
      figure: 'ρ sweep in all',
      value: (times.own * total) / 1e6,
      unit: 'ms',
      note: 'diffrax vmap, recorded elsewhere: 612 ms',
    },
  )
}

/** How much longer the backend that 'auto' takes is than the best one, with kernels compiled before and without. */
async function choice(rows: Row[]): Promise<void> {
  const counts = [1, 10, 30, 100, 300, 1000, 10_000]
  for (const [field, fresh] of [
    [lorenz, makeLorenz],
    [pendulum, makePendulum],
  ] as const)
    for (const steps of [
      { method: rk4, step: 1 / 200 },
      { method: dopri5, rtol: 1e-6, atol: 1e-6 },
    ])
      for (const known of [true, false])
        for (const count of known ? counts : [10, 300, 10_000]) {
          const Y0 = initial(field.stateSize, count)
          const on =
            (backend: 'js' | 'wasm' | 'auto'): Job =>
            async () => {
              const solved = known ? field : fresh()
              const start = processorTime()
              await ensemble(solved, Y0, [0, 1], { ...steps, backend, threads: 1 })
              return processorTime() - start
            }
          const times = await inTurn({ js: on('js'), wasm: on('wasm'), auto: on('auto') })
          rows.push({
            figure: `${field.name} × ${count}, ${steps.method.name}: 'auto' / the faster of js and wasm`,
            value: times.auto / Math.min(times.js, times.wasm),
            // one trajectory takes 50 µs, half of them to look at the question; solve is for that
            ...(count > 1 ? { goal: { most: 1.5 } } : {}),
            note: known ? 'kernels compiled before' : 'a new field',
          })
        }
}

/** The same work on one thread and on two. */
async function threads(rows: Row[]): Promise<void> {
  const pool = threadPool({ threads: 2 })
  const Y0 = initial(3)
  const on =
    (options: Pick<EnsembleOptions, 'backend' | 'threads'>): Job =>
    async () => {
      const start = performance.now()
      await ensemble(lorenz, Y0, [0, 10], { method: rk4, step: 1 / steps, ...options })
      return performance.now() - start
    }
  const times = await inTurn({ one: on({ backend: 'wasm' }), two: on({ backend: 'threads', threads: pool }) })
  await pool.close()
  rows.push({
    figure: 'two threads against one',
    value: times.one / times.two,
    goal: { least: 1.9 },
    note: 'needs two idle processors',
  })
}

/** 10⁶ trajectories of which the last states are kept: growth of the process beyond its initial states. */
async function memory(rows: Row[]): Promise<void> {
  const Y0 = initial(3, 1_000_000)
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  const { y } = await ensemble(lorenz, Y0, [0, 0.1], { method: rk4, step: 0.01, backend: 'wasm' })
  const grown = (process.memoryUsage().rss - before) / 2 ** 20
  rows.push({
    figure: 'memory of 10⁶ trajectories',
    value: grown,
    unit: 'MiB',
    goal: { most: 200 },
    note: `${y.shape[1]} kept`,
  })
}

/** GFLOP/s of single layers against OpenBLAS on one thread, and microseconds of whole networks. */
async function networks(rows: Row[]): Promise<void> {
  const fused = hasRelaxedSimd()
  for (const lanes of ['f32x4', 'f64x2'] as const) {
    for (const width of [64, 256]) {
      const layer = network({ widths: [width, width], activation: 'tanh', seed: 1 })
      const flops = 2 * width * width * 1024
      const run = await evaluator(layer, lanes, 1024, fused)
      const times = await inTurn({
        own: run,
        blas: () => blas(width, 1024, lanes === 'f32x4' ? 'float32' : 'float64'),
      })
      const goal = { least: fused ? 0.5 : 0.4 }
      rows.push(
        {
          figure: `${lanes} layer ${width}×${width}, batch 1024`,
          value: flops / times.own,
          unit: 'GFLOP/s',
          note: fused ? 'fused' : '',
        },
        {
          figure: `OpenBLAS ${width}×${width}`,
          value: flops / times.blas,
          unit: 'GFLOP/s',
          note: Number.isNaN(times.blas) ? 'skipped: no numpy' : '',
        },
        { figure: `${lanes} / OpenBLAS ${width}×${width}`, value: times.blas / times.own, goal },
      )
    }
    for (const [width, count] of [
      [64, 128],
      [64, 1024],
      [256, 128],
      [256, 1024],
    ] as const) {
      const run = await evaluator(
        network({ widths: [2, width, width, 2], activation: 'tanh', seed: 1 }),
        lanes,
        count,
        fused,
      )
      const { time } = await inTurn({ time: run })
      rows.push({
        figure: `${lanes} network 2-${width}-${width}-2, batch ${count}`,
        value: time / 1000,
        unit: 'µs',
      })
    }
  }
}

/** 10⁵ trajectories of a network as vector field: what a step costs, and the arithmetic in its products. */
async function networkEnsembles(rows: Row[]): Promise<void> {
  const field = network({ widths: [2, 64, 64, 2], activation: 'tanh', seed: 1 })
  const [count, taken] = [100_000, 10]
  const Y0 = initial(2, count)
  const on =
    (precision: 'double' | 'single'): Job =>
    async () => {
      const start = processorTime()
      await ensemble(field, Y0, [0, 1], { method: rk4, step: 1 / taken, backend: 'wasm', precision })
      return (processorTime() - start) / (count * taken)
    }
  const times = await inTurn({ double: on('double'), single: on('single') })
  const flops = 2 * 4 * (2 * 64 + 64 * 64 + 64 * 2)
  for (const precision of ['double', 'single'] as const)
    rows.push({
      figure: `network 2-64-64-2 as vector field, 10⁵ trajectories, ${precision}`,
      value: times[precision],
      unit: 'ns/step',
      note: `${(flops / times[precision]).toFixed(0)} GFLOP/s in products`,
    })
}

/** A function that evaluates a batch often enough for the clock, and returns nanoseconds an evaluation. */
async function evaluator(field: typeof lorenz, lanes: LaneKind, count: number, fused: boolean) {
  const f = await compileBatch(field, { lanes, capacity: count, fused })
  for (let i = 0; i < f.x.length; i++) f.x[i] = Math.sin(i)
  const repeats = Math.ceil(1e8 / (field.theta.length * count))
  return () => {
    const start = processorTime()
    for (let i = 0; i < repeats; i++) f.evaluate(count, 0)
    return (processorTime() - start) / repeats
  }
}

/** Single precision against the array libraries of npm and gpu.js's device without graphics, by the clock. */
async function peers(rows: Row[]): Promise<void> {
  const steps = 100
  const elapsed = (count: number, run: () => Promise<unknown>) => async () => {
    const start = performance.now()
    await run()
    return (1e6 * (performance.now() - start)) / count
  }
  const libraries = [await tfjs(), await jaxjs()]
  const Y0 = initial(3)
  const own = (options: Pick<EnsembleOptions, 'backend' | 'precision' | 'device'>) =>
    elapsed(batch * steps, () =>
      ensemble(lorenz, Y0, [0, steps / 200], { method: rk4, step: 1 / 200, ...options }),
    )
  const [first, second] = libraries.map((peer) => {
    const { run } = peer.lorenz(batch)
    return elapsed(batch * steps, () => run(steps, 1 / 200))
  })
  const times = await inTurn({
    wasm: own({ backend: 'wasm', precision: 'single' }),
    gpu: own({ backend: 'gpu', device: 'webasm' }),
    tfjs: first as Job,
    jax: second as Job,
  })
  const unit = 'ns/step'
  rows.push(
    { figure: 'lorenz, wasm f32x4, in and out', value: times.wasm, unit, note: `${steps} steps, clock` },
    { figure: 'lorenz, gpu.js webasm', value: times.gpu, unit },
    { figure: 'lorenz, tfjs-wasm', value: times.tfjs, unit },
    { figure: 'lorenz, jax-js', value: times.jax, unit },
    { figure: 'lorenz, gpu.js webasm / wasm f32x4', value: times.gpu / times.wasm, goal: { most: 1 } },
    { figure: 'lorenz, tfjs-wasm / wasm f32x4', value: times.tfjs / times.wasm },
    { figure: 'lorenz, jax-js / wasm f32x4', value: times.jax / times.wasm },
  )
  for (const width of [64, 256])
    for (const count of [128, 1024]) {
      const field = network({ widths: [2, width, width, 2], activation: 'tanh', seed: 1 })
      const f = await compileBatch(field, { lanes: 'f32x4', capacity: count, fused: hasRelaxedSimd() })
      for (let i = 0; i < f.x.length; i++) f.x[i] = Math.sin(i)
      const repeats = Math.ceil(3e7 / (field.theta.length * count))
      const run = libraries[0]?.network(field, count) as () => Promise<void>
      const result = await inTurn({
        own: elapsed(1000 * repeats, async () => {
          for (let i = 0; i < repeats; i++) f.evaluate(count, 0)
        }),
        tfjs: elapsed(1000 * repeats, async () => {
          for (let i = 0; i < repeats; i++) await run()
        }),
      })
      rows.push({
        figure: `network 2-${width}-${width}-2, batch ${count}: tfjs-wasm / f32x4`,
        value: result.tfjs / result.own,
        goal: { least: 3 },
        note: `${result.own.toPrecision(3)} µs against ${result.tfjs.toPrecision(3)} µs`,
      })
    }
}

/** Nanoseconds of numpy's matrix product on one thread. */
function blas(width: number, count: number, type: string): number {
  const program = `
import numpy, time
a = numpy.ones((${width}, ${width}), numpy.${type}); b = numpy.ones((${width}, ${count}), numpy.${type})
best = 1e9
for i in range(40):
    start = time.process_time_ns(); a @ b; a @ b; a @ b; a @ b
    best = min(best, (time.process_time_ns() - start) / 4)
print(best)`
  try {
    const env = { ...process.env, OPENBLAS_NUM_THREADS: '1' }
    return Number(
      execFileSync('python3', ['-c', program], {
        encoding: 'utf8',
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    )
  } catch {
    return Number.NaN
  }
}
