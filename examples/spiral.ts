// The spiral of torchdiffeq's demonstration: x′ = A·x³ seen along one trajectory, learnt by a 2-50-2 network of x³
// from windows of ten neighbouring times.
//
//   node --import ./scripts/register.mjs examples/spiral.ts
import { pathToFileURL } from 'node:url'
import {
  adam,
  compose,
  cosineRate,
  type Field,
  type FitResult,
  fit,
  network,
  rk4,
  solve,
  system,
  type Trajectory,
  trajectoryLoss,
  tsit5,
} from 'separatrix'

export const spiral = system({
  name: 'spiral',
  state: ['x', 'y'],
  dynamics: { x: '-0.1*x^3 + 2*y^3', y: '-2*x^3 - 0.1*y^3' },
})
const [start, end, count, window] = [[2, 0], 25, 1000, 10] as const
const times = Float64Array.from({ length: count }, (_, i) => (end * i) / (count - 1))
const precise = { method: tsit5, rtol: 1e-9, atol: 1e-9, saveAt: times } as const

/** Windows of the trajectory, `stride` times apart. */
export function windows(stride: number): Trajectory[] {
  const { y } = solve(spiral, start, [0, end], precise)
  const list: Trajectory[] = []
  for (let k = 0; k + window <= count; k += stride)
    list.push({
      t: times.slice(k, k + window),
      y: Array.from({ length: window }, (_, i) => [y.get(k + i, 0), y.get(k + i, 1)]),
    })
  return list
}

/** Trains on windows, a Runge–Kutta step from each time to the next. */
export function train(data: readonly Trajectory[], steps: number): Promise<FitResult> {
  const cubes = system({ state: ['x', 'y'], dynamics: { x: 'x^3', y: 'y^3' } })
  return fit({
    field: compose(network({ widths: [2, 50, 2], activation: 'tanh', seed: 0 }), cubes),
    loss: trajectoryLoss({ method: rk4, step: 0.0251, data }),
    optimizer: adam({ rate: cosineRate({ rate: 0.02, steps }) }),
    backend: 'wasm',
    steps,
    seed: 0,
  })
}

/** The mean absolute error along the whole trajectory, solved from its start: what the demonstration prints. */
export function trajectoryError(field: Field): number {
  const [learned, exact] = [field, spiral].map((f) => solve(f, start, [0, end], precise).y.data)
  return exact.reduce((sum, v, i) => sum + Math.abs(v - learned[i]), 0) / exact.length
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const started = performance.now()
  const { field, losses } = await train(windows(7), 2000)
  const seconds = (performance.now() - started) / 1000
  console.log(`${losses.length - 1} steps in ${seconds.toFixed(1)} s`)
  console.log(`mean square on windows: ${losses.at(-1)?.toExponential(3)}`)
  console.log(`mean absolute error along the whole trajectory: ${trajectoryError(field).toFixed(4)}`)
}
