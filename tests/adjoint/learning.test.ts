import assert from 'node:assert/strict'
import { solve, tsit5 } from '@separatrix/ode'
import { test } from 'uvu'
import { measure, oscillator, train as trainOscillator } from '../../examples/oscillator.js'
import { train as trainSpiral, trajectoryError, windows } from '../../examples/spiral.js'

test('a network learns an oscillator from noisy, irregular trajectories down to the noise', async () => {
  const measurement = { trajectories: 60, samples: 20, span: 6, noise: 0.05, seed: 1 }
  const { validation, losses, field } = await trainOscillator(measure(measurement), 90)
  const floor = (measurement.noise ** 2 * 20) / 21
  // 6 trajectories are held out, 240 noisy numbers: their mean square scatters by √(2/240) = 9 %, and a network
  // fitted to 54 noisy trajectories misses the truth by a few per cent of the noise
  assert.ok((validation?.best.loss as number) < 1.5 * floor, `${validation?.best.loss} against ${floor}`)
  assert.ok((losses.at(-1) as number) < 1.2 * floor)
  const options = { method: tsit5, rtol: 1e-8, atol: 1e-8, saveAt: 'end' } as const
  const [learned, exact] = [field, oscillator].map((f) => solve(f, [1, 0], [0, 6], options).y)
  // 54·20 measurements average noise of .05 to about .05·√(162/1080) = .02 in the directions of 162 weights
  assert.ok(Math.hypot(learned.get(0, 0) - exact.get(0, 0), learned.get(0, 1) - exact.get(0, 1)) < 0.1)
})

test('the spiral: windows of a trajectory are fitted, and the trajectory as a whole follows', async () => {
  const { losses, field } = await trainSpiral(windows(30), 250)
  assert.ok((losses.at(-1) as number) < 1e-4, `${losses.at(-1)}`)
  // the full run of the example (2,000 steps) reaches 0.01; the trajectory has amplitude 2
  assert.ok(trajectoryError(field) < 0.3, `${trajectoryError(field)}`)
})

test.run()
