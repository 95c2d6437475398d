import { adam, fit } from '@separatrix/adjoint'
import { closeLoop, combine, type Field, network, seededRandom } from '@separatrix/field'
import { ball, invertedPendulum, lyapunovLoss, segway, trainableQuadratic } from '@separatrix/lyapunov'
import { agree, inTurn, median, type Row, report } from './harness.js'
import { type Integrand, jaxLoss, type LossProblem, type Ops, tensorflowLoss } from './lyapunovPeers.js'

const rate = 0.5
const epsilon = 1e-3

interface Case {
  readonly name: string
  readonly field: Field
  readonly V: Field
  readonly integrand: Integrand
  readonly batch: number
  /** how many times faster than each peer; left out where products of large matrices are all there is */
  readonly goal?: number
}

/** Layers of tanh without biases, with the tangent along dx where it is asked for. */
function layers<T>(ops: Ops<T>, x: T, weights: readonly T[], dx?: T): { readonly y: T; readonly dy?: T } {
  let [y, dy] = [x, dx]
  weights.forEach((w, k) => {
    y = ops.matmul(y, w)
    if (dy !== undefined) dy = ops.matmul(dy, w)
    if (k === weights.length - 1) return
    y = ops.tanh(y)
    if (dy !== undefined) dy = ops.mul(dy, ops.sub(ops.mul(ops.mul(y, y), -1), -1))
  })
  return { y, ...(dy !== undefined && { dy }) }
}

/** max(0, V̇/V + κ) of V = |Lx|² + ε|x|² + |φ(x)|², its derivative along f by tangents. */
function excess<T>(ops: Ops<T>, x: T, f: T, { L, phi }: { readonly L: T; readonly phi: readonly T[] }): T {
  const { add, mul, div, total, matmul, relu } = ops
  const [Lx, Lf] = [matmul(x, L), matmul(f, L)]
  let value = add(total(mul(Lx, Lx)), mul(total(mul(x, x)), epsilon))
  let decay = add(total(mul(Lx, Lf)), mul(total(mul(x, f)), epsilon))
  if (phi.length > 0) {
    const { y, dy } = layers(ops, x, phi, f)
    value = add(value, total(mul(y, y)))
    decay = add(decay, total(mul(y, dy as T)))
  }
  return relu(add(div(mul(decay, 2), value), rate))
}

const plain = { activation: 'tanh', bias: false } as const

/** The loop and the candidate of `pnpm start`. */
function pendulum(batch: number): Case {
  const plant = invertedPendulum()
  const quadratic = trainableQuadratic(2, { epsilon })
  const phi = network({ ...plain, widths: [2, 8, 2], seed: 6, name: 'features' })
  const V = combine(
    [quadratic, phi],
    (b, place) => b.add(place(quadratic), b.dot(place(phi), place(phi))),
    'V',
  )
  const { g, l, m, b: friction } = paramsOf(plant)
  const [a, d, c] = [g / l, friction / (m * l * l), 1 / (m * l * l)]
  return {
    name: `pendulum 2-8-1, V with 2-8-2, ${batch} states`,
    batch,
    field: closeLoop(plant, network({ ...plain, widths: [2, 8, 1], seed: 1 })),
    V,
    integrand(ops, x, [theta, omega], [w1, w2, L, ...features]) {
      const u = layers(ops, x, [w1, w2]).y
      const pull = ops.sub(ops.mul(ops.sin(theta), a), ops.mul(omega, d))
      return excess(ops, x, ops.join([omega, ops.add(pull, ops.mul(u, c))]), { L, phi: features })
    },
    goal: 50,
  }
}

/** The networks of FI-ODE's segway, with tanh. */
function wheels(): Case {
  const plant = segway()
  const p = paramsOf(plant)
  return {
    name: 'segway 3-32-32-1, quadratic V, 512 states',
    batch: 512,
    field: closeLoop(plant, network({ ...plain, widths: [3, 32, 32, 1], seed: 1 })),
    V: trainableQuadratic(3, { epsilon }),
    integrand(ops, x, [phi, v, omega], [w1, w2, w3, L]) {
      const { add, sub, mul, div, sin, cos, join } = ops
      const u = layers(ops, x, [w1, w2, w3]).y
      const [s, c, square] = [sin(phi), cos(phi), mul(omega, omega)]
      const inner = add(sub(mul(v, p['c2']), mul(u, p['c1'])), mul(s, p['c6']))
      const outer = sub(sub(mul(v, p['c4']), mul(u, p['c3'])), mul(mul(square, s), p['c5']))
      const speed = div(add(mul(c, inner), outer), sub(c, p['b']))
      const push = add(mul(sub(mul(u, p['d1']), mul(v, p['d2'])), c), sub(mul(u, p['d3']), mul(v, p['d4'])))
      const turn = div(sub(push, mul(s, add(mul(square, c), p['d5']))), sub(mul(c, c), p['b']))
      return excess(ops, x, join([omega, speed, turn]), { L, phi: [] })
    },
    goal: 50,
  }
}

/** As large as LyaNet's networks: products of matrices only. */
const large: Case = {
  name: '10-128-128-10, quadratic V, 512 states',
  batch: 512,
  field: network({ ...plain, widths: [10, 128, 128, 10], seed: 1 }),
  V: trainableQuadratic(10, { epsilon }),
  integrand: (ops, x, _columns, [w1, w2, w3, L]) =>
    excess(ops, x, layers(ops, x, [w1, w2, w3]).y, { L, phi: [] }),
}

const paramsOf = ({ layout, theta }: Field): Record<string, number> =>
  Object.fromEntries(
    layout.filter((b) => b.kind === 'parameter').map(({ name, offset }) => [name, theta[offset]]),
  )

/** A Lyapunov loss with its gradient on fresh states, beside array libraries on fixed ones, and steps of training with it. */
export async function bench(): Promise<boolean> {
  const rows: Row[] = []
  for (const problem of [pendulum(64), pendulum(512), wheels(), large]) await measure(problem, rows)
  return report('lyapunov', rows)
}

async function measure({ name, field, V, integrand, batch, goal }: Case, rows: Row[]): Promise<void> {
  const n = field.stateSize
  const loss = lyapunovLoss({ V, rate, sampler: ball(1), batch, normalize: 'V' })
  const bound = (precision: 'single' | 'double') =>
    loss.bind(field, undefined, { backend: 'wasm', precision })
  const [single, double] = [bound('single'), bound('double')]
  const gradient = new Float64Array(single.theta.length)
  const evaluate = (b: typeof single) => b.evaluate(b.theta, seededRandom(1), gradient)
  const states = new Float32Array(batch * n)
  const [random, x] = [seededRandom(1), new Float64Array(n)]
  for (let k = 0; k < batch; k++) {
    ball(1).draw(random, x)
    states.set(x, k * n)
  }
  const weights = double.layout
    .filter((b) => b.kind === 'weight')
    .map(({ offset, shape: [r, c] }) => ({ rows: r, cols: c, data: Float32Array.from(double.theta.subarray(offset, offset + r * c)) })) // biome-ignore format: one block
  const problem: LossProblem = { integrand, states, n, weights }
  const jobs = {
    single: () => evaluate(single),
    double: () => evaluate(double),
    tfjs: await tensorflowLoss(problem),
    jax: await jaxLoss(problem),
  }
  for (const peer of ['tfjs', 'jax'] as const) agree(`${name}: ${peer}`, jobs[peer](), jobs.double())
  const times = inTurn(jobs)
  const step = await trainingStep(field, loss)
  rows.push(
    { figure: `${name}: value and gradient, f32x4`, value: times.single, unit: 'µs', note: `fresh states, ${weights.length} matrices` },
    { figure: `${name}: value and gradient, f64x2`, value: times.double, unit: 'µs' },
    { figure: `${name}: training steps, f32x4`, value: 1e6 / step, unit: '1/s', note: 'samples, value, gradient and Adam' },
  ) // biome-ignore format: rows
  for (const [peer, title] of [['tfjs', 'tfjs-wasm'], ['jax', 'jax-js']] as const) // biome-ignore format: names
    rows.push({
      figure: `${name}: ${title} / f32x4`,
      value: times[peer] / times.single,
      ...(goal !== undefined && { goal: { least: goal } }),
      note: `${Math.round(times[peer])} µs for the same on fixed states`,
    })
}

/** Processor time of a step of `fit`, in µs: the median of several runs, less what a run of no steps takes. */
async function trainingStep(field: Field, loss: ReturnType<typeof lyapunovLoss>): Promise<number> {
  const run = async (steps: number) => {
    const start = process.cpuUsage()
    await fit({ field, loss, optimizer: adam({ rate: 1e-3 }), steps, seed: 1, backend: 'wasm', precision: 'single' })
    const { user, system } = process.cpuUsage(start)
    return user + system
  } // biome-ignore format: one call
  await run(2000)
  const times: number[] = []
  for (let round = 0; round < 5; round++) {
    const nothing = await run(0)
    times.push(((await run(2000)) - nothing) / 2000)
  }
  return median(times)
}
