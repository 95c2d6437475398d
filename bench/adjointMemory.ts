import { prepareSensitivity, type SolutionLoss } from '@separatrix/adjoint'
import { system } from '@separatrix/field'
import { rk4 } from '@separatrix/ode'
import { type Row, report } from './harness.js'

/** A chain of pendulums: sixteen states. */
const count = 8
const range = Array.from({ length: count }, (_, i) => i)
const chain = system({
  name: 'chain',
  state: [...range.map((i) => `q${i}`), ...range.map((i) => `p${i}`)],
  params: { k: 1, c: 0.3 },
  dynamics: Object.fromEntries([
    ...range.map((i) => [`q${i}`, `p${i}`]),
    ...range.map((i) => [`p${i}`, `-k*sin(q${i}) + c*(q${(i + 1) % count} - q${i})`]),
  ]),
})
const y0 = Float64Array.from({ length: 2 * count }, (_, i) => Math.cos(i))
const collect = globalThis.gc ?? (() => undefined)

/** What is held where the solve turns back, in bytes, and the time of a gradient, in seconds. */
function measure(steps: number, checkpoints: number | undefined) {
  let held = 0
  const bytes = () => {
    collect()
    // states are in typed arrays; the rest of the heap is compiled code, which comes and goes
    return process.memoryUsage().arrayBuffers
  }
  const loss: SolutionLoss = {
    value: (y) => y.get(0, 0),
    gradient(_y, dy) {
      held = bytes()
      dy.set(0, 0, 1)
    },
  }
  const gradientOf = prepareSensitivity(chain, rk4, 'discrete')
  const options = { method: rk4, step: 0.01, saveAt: 'end', loss, checkpoints } as const
  gradientOf(y0, [0, 1], options)
  const before = bytes()
  const start = process.hrtime.bigint()
  const { dy0 } = gradientOf(y0, [0, steps * 0.01], options)
  return { bytes: held - before, seconds: Number(process.hrtime.bigint() - start) / 1e9, first: dy0[0] }
}

/** Memory and time of a gradient against the number of steps, with all states kept and with twelve. */
export async function bench(): Promise<boolean> {
  const rows: Row[] = []
  for (const steps of [1000, 10_000, 100_000]) {
    const full = measure(steps, undefined)
    const kept = measure(steps, 12)
    const same = full.first === kept.first ? 'the same gradient' : 'ANOTHER GRADIENT'
    rows.push(
      { figure: `${steps} steps, all states`, value: full.bytes / 1024, unit: 'KiB' },
      {
        figure: `${steps} steps, 12 checkpoints`,
        value: kept.bytes / 1024,
        unit: 'KiB',
        goal: { most: 100 },
        note: `${(kept.seconds / full.seconds).toPrecision(2)} times as long, ${same}`,
      },
    )
  }
  return report('adjointMemory', rows)
}
