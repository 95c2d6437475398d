// A neural ODE learns a damped oscillator from a thousand trajectories, each measured with noise at irregular times
// of its own.
//
//   node --import ./scripts/register.mjs examples/oscillator.ts
import { pathToFileURL } from 'node:url'
import {
  type FitResult,
  fit,
  lbfgs,
  network,
  rk4,
  seededRandom,
  solve,
  system,
  type Trajectory,
  trajectoryLoss,
  tsit5,
} from 'separatrix'

export const oscillator = system({
  name: 'oscillator',
  state: ['q', 'p'],
  params: { stiffness: 1, damping: 0.2 },
  dynamics: { q: 'p', p: '-stiffness*q - damping*p' },
})

export interface Measurement {
  readonly trajectories: number
  /** times of a trajectory, uniform on [0, span] */
  readonly samples: number
  readonly span: number
  /** standard deviation of every measured number */
  readonly noise: number
  readonly seed: number
}

/** Starts uniform on [−2, 2]², known exactly; all other states measured with noise. */
export function measure({ trajectories, samples, span, noise, seed }: Measurement): Trajectory[] {
  const random = seededRandom(seed)
  return Array.from({ length: trajectories }, () => {
    const y0 = [4 * random.uniform() - 2, 4 * random.uniform() - 2]
    const times = Float64Array.from({ length: samples }, () => span * (1 - random.uniform())).sort()
    const { y } = solve(oscillator, y0, [0, times[samples - 1]], {
      method: tsit5,
      rtol: 1e-9,
      atol: 1e-9,
      saveAt: times,
    })
    const rows = Array.from(times, (_, i) => [0, 1].map((j) => y.get(i, j) + noise * random.normal()))
    return { t: [0, ...times], y: [y0, ...rows], y0 }
  })
}

/** Trains a 2-32-2 network on all data in every step; a tenth of the trajectories is held out. */
export function train(data: readonly Trajectory[], steps: number): Promise<FitResult> {
  return fit({
    field: network({ widths: [2, 32, 2], activation: 'tanh', seed: 0 }),
    loss: trajectoryLoss({ method: rk4, step: 0.4, data }),
    optimizer: lbfgs({ memory: 20 }),
    backend: 'wasm',
    steps,
    seed: 0,
    validation: { fraction: 0.1, every: 10 },
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const measurement = { trajectories: 1000, samples: 20, span: 6, noise: 0.05, seed: 1 }
  const data = measure(measurement)
  const started = performance.now()
  const { losses, validation, field } = await train(data, 200)
  const seconds = (performance.now() - started) / 1000
  // the start of every trajectory counts among its rows, without noise
  const floor = (measurement.noise ** 2 * measurement.samples) / (measurement.samples + 1)
  console.log(`${losses.length - 1} steps in ${seconds.toFixed(1)} s`)
  console.log(`mean square on trajectories held out: ${validation?.best.loss.toExponential(3)}`)
  console.log(`the noise alone:                      ${floor.toExponential(3)}`)
  const far = [0, 2 * measurement.span] as const
  const options = { method: tsit5, rtol: 1e-8, atol: 1e-8, saveAt: 'end' } as const
  const [learned, true_] = [field, oscillator].map((f) => solve(f, [1.5, 0], far, options).y)
  const miss = Math.hypot(learned.get(0, 0) - true_.get(0, 0), learned.get(0, 1) - true_.get(0, 1))
  console.log(`from (1.5, 0), after twice the span of the data: off by ${miss.toFixed(4)}`)
}
