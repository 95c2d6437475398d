import { type Field, scalarCount } from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'
import type { EnsembleBackend } from './types.js'

/** Expected milliseconds of each backend that can serve an ensemble; absent where it cannot. */
export type Costs = { readonly [K in Exclude<EnsembleBackend, 'gpu'>]?: number }

export interface CostQuestion {
  readonly field: Field
  readonly method: ExplicitMethod
  readonly batch: number
  /** equal steps of each trajectory; for chosen steps a guess serves */
  readonly steps: number
  readonly threads: number
  readonly single: boolean
}

/** Steps that an adaptive trajectory is taken to need when nothing is known. */
export const guessedSteps = 100

/**
 * Nanoseconds of a scalar operation of a stage, and operations that an elementary function counts for: fitted to
 * Lorenz (RK4: 4.5, 2.4 and 18 ns a step on f64x2, f32x4 and in JavaScript) and the pendulum (11, 5.4 and 41) of
 * `pnpm bench batches`. Nanoseconds that JavaScript spends on starting a trajectory; milliseconds to print and
 * compile kernels, and to start threads.
 */
const model = {
  jsOperation: 0.25,
  jsTrajectory: 4000,
  doubleOperation: 0.061,
  singleOperation: 0.032,
  elementary: 30,
  compile: { least: 3, perOperation: 0.01, most: 10 },
  threads: 35,
} as const

const cheap: ReadonlySet<string> = new Set([
  'neg',
  'abs',
  'relu',
  'step',
  'sign',
  'add',
  'sub',
  'mul',
  'div',
  'min',
  'max',
  'sqrt',
  'powi',
])
const structural: ReadonlySet<string> = new Set([
  'const',
  'time',
  'state',
  'input',
  'theta',
  'gather',
  'scatter',
  'concat',
  'sum',
  'dot',
  'matvec',
  'affine',
  'outer',
])

/**
 * What an ensemble should cost: operations of the field and of the method's combinations, times steps, times
 * trajectories, plus what it takes to start. Good to a factor of two, which is enough to choose.
 * @example
 * const swing = system({ state: ['q', 'p'], dynamics: { q: 'p', p: '-sin(q)' } })
 * estimateCosts({ field: swing, method: rk4, batch: 1e5, steps: 200, threads: 2, single: false })
 */
export function estimateCosts({ field, method, batch, steps, threads, single }: CostQuestion): Costs {
  const elementary = field.nodes.reduce(
    (count, node) => (cheap.has(node.op) || structural.has(node.op) ? count : count + node.size),
    0,
  )
  const combinations = method.a.reduce(
    (count, row) => count + 2 * row.filter((v) => v !== 0).length,
    2 * method.stages,
  )
  const plain = scalarCount(field) * method.stages + combinations * field.stateSize
  const operations = plain + elementary * method.stages * model.elementary
  const million = 1e-6 * steps * batch
  const lanes = operations * (single ? model.singleOperation : model.doubleOperation) * million
  const compile = Math.min(model.compile.least + model.compile.perOperation * operations, model.compile.most)
  const js = operations * model.jsOperation * million + 1e-6 * model.jsTrajectory * batch
  return {
    ...(single ? {} : { js }),
    wasm: compile + lanes,
    ...(threads > 1 ? { threads: compile + model.threads + lanes / threads } : {}),
  }
}
