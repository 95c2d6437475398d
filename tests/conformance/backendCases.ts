// One list of fields on every backend of evaluateBatch and of ensemble, with the tolerance of each. Nothing here
// needs Node, so that backends.test.ts runs it there and tests/browser in a page.
import {
  evaluateBatch,
  type Field,
  type GpuMode,
  jvp,
  network,
  scalarCount,
  seededRandom,
  vjp,
} from '@separatrix/field'
import { dopri5, type EnsembleOptions, ensemble, rk4 } from '@separatrix/ode'
import { closedLoop, everything, kepler, lorenz, vanDerPol } from '../field/fields.js'

/** A run of one field on one backend, and the same on backend 'js'. */
export interface BackendCase {
  readonly name: string
  readonly backend: EnsembleOptions['backend']
  readonly device: GpuMode | undefined
  /** of the difference, relative to the largest value */
  readonly tolerance: number
  /** cases of one key have one reference */
  readonly key: string
  reference(): Promise<Float64Array>
  run(): Promise<Float64Array>
}

const fields: readonly Field[] = [
  lorenz,
  closedLoop,
  kepler,
  vanDerPol,
  everything,
  network({ widths: [2, 64, 64, 2], activation: 'tanh', seed: 1 }),
]

/** Unrolled operations that a kernel of gpu.js takes, networks aside. */
const kernelOperations = 500

/** No multiple of a vector, of a tile or of a workgroup. */
const batch = 45

function states(f: Field): number[][] {
  const random = seededRandom(8)
  return Array.from({ length: batch }, () =>
    Array.from({ length: f.stateSize }, () => Math.fround(0.15 + 0.7 * random.uniform())),
  )
}

/** As above; Kepler orbits near the circle, since a fall past the centre magnifies rounding without bound. */
function starts(f: Field): number[][] {
  if (f !== kepler) return states(f)
  const random = seededRandom(8)
  return Array.from({ length: batch }, () =>
    [1, 0, 0, 1].map((v) => Math.fround(v + 0.2 * (random.uniform() - 0.5))),
  )
}

interface Way {
  readonly backend: 'js' | 'wasm' | 'threads' | 'gpu'
  readonly precision?: 'single' | 'double'
  readonly device?: GpuMode
  readonly threads?: number
  readonly tolerance: number
}

/**
 * Double: a few ulp an elementary function, some hundred terms a sum. Single: the same of 6e-8. JavaScript: engines
 * may differ by an ulp in elementary functions.
 */
const evaluations = (devices: readonly GpuMode[]): readonly Way[] => [
  { backend: 'js', tolerance: 1e-15 },
  { backend: 'wasm', tolerance: 1e-13 },
  { backend: 'wasm', precision: 'single', tolerance: 2e-5 },
  ...devices.map((device) => ({ backend: 'gpu', device, tolerance: 2e-5 }) as const),
]

/** As above, over some hundred steps, grown by the flow: tenfold at most on these fields and this span. */
const runs = (devices: readonly GpuMode[]): readonly Way[] => [
  { backend: 'js', tolerance: 1e-12 },
  { backend: 'wasm', tolerance: 1e-10 },
  { backend: 'wasm', precision: 'single', tolerance: 5e-4 },
  { backend: 'threads', threads: 2, tolerance: 1e-10 },
  { backend: 'threads', threads: 2, precision: 'single', tolerance: 5e-4 },
  ...devices.map((device) => ({ backend: 'gpu', device, tolerance: 5e-4 }) as const),
]

const describe = ({ backend, device, precision }: Way) =>
  [backend, device, precision].filter((part) => part !== undefined).join(' ')

/** f, and its derivatives unless told otherwise, at random states. */
export function evaluationCases(
  devices: readonly GpuMode[],
  { derivatives = true }: { readonly derivatives?: boolean } = {},
): BackendCase[] {
  const all = derivatives ? fields.flatMap((f) => [f, jvp(f), vjp(f)]) : fields
  return evaluations(devices).flatMap(({ tolerance, ...way }) =>
    all
      .filter((f) => way.backend !== 'gpu' || fields.includes(f) || scalarCount(f) <= kernelOperations)
      .map((f) => {
        const run = async (options: Way | { backend: 'js' }) => {
          const { values } = await evaluateBatch(f, states(f), {
            ...(options as { backend: 'js' }),
            time: 0.3,
          })
          return values.data
        }
        return {
          name: `${f.name} on ${describe({ ...way, tolerance })}`,
          backend: way.backend,
          device: way.device,
          tolerance,
          key: `evaluateBatch ${f.name}`,
          reference: () => run({ backend: 'js' }),
          run: () => run(way as Way),
        }
      }),
  )
}

const steppings = [
  { name: 'rk4', steps: { method: rk4, step: 0.01 } },
  { name: 'dopri5', steps: { method: dopri5, rtol: 1e-5, atol: 1e-6 } },
] as const

/** Solves with equal and with chosen steps. */
export function ensembleCases(devices: readonly GpuMode[]): BackendCase[] {
  return runs(devices).flatMap(({ tolerance, ...way }) =>
    fields
      .filter((f) => f !== everything)
      .flatMap((f) =>
        steppings.map(({ name, steps }) => {
          const run = async (options: Omit<Way, 'tolerance'>) => {
            const { y, status } = await ensemble(f, starts(f), [0, 0.5], {
              ...steps,
              saveAt: [0.25, 0.5],
              ...options,
            })
            const failed = status.find((s) => s !== 'success')
            if (failed !== undefined) throw new Error(`a trajectory ended with ${failed}`)
            return y.data
          }
          const single = way.precision === 'single' || way.backend === 'gpu'
          return {
            name: `${f.name} with ${name} on ${describe({ ...way, tolerance })}`,
            backend: way.backend,
            device: way.device,
            // in single precision the chosen steps differ, hence errors within the tolerance of the method
            tolerance: single && 'rtol' in steps ? 2e-3 : tolerance,
            key: `ensemble ${f.name} ${name}`,
            reference: () => run({ backend: 'js' }),
            run: () => run(way),
          }
        }),
      ),
  )
}

/** Largest difference, relative to the largest value; infinite where one is not a number. */
export function difference(values: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (values.length !== reference.length) return Number.POSITIVE_INFINITY
  let [error, size] = [0, 1]
  for (let i = 0; i < values.length; i++) {
    const [v, r] = [values[i] as number, reference[i] as number]
    size = Math.max(size, Math.abs(r))
    error = Math.max(error, Number.isNaN(v - r) ? Number.POSITIVE_INFINITY : Math.abs(v - r))
  }
  return error / size
}
