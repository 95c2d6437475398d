import { type Field, scalarCount } from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'
import { remember } from '../remember.js'
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
  /** steps are chosen by tolerances, which costs more a step */
  readonly adaptive?: boolean
  /** what is there already, from an earlier call with the same field and method; default nothing */
  readonly ready?: Ready
}

/** Kernels that were compiled before, and whether worker threads have been started. */
export interface Ready {
  readonly wasm?: boolean
  readonly threads?: boolean
  readonly pool?: boolean
}

/** Steps that an adaptive trajectory is taken to need when nothing is known. */
export const guessedSteps = 100

/**
 * Nanoseconds of a scalar operation of a stage, and operations that an elementary function counts for: fitted to
 * Lorenz (RK4: 4.5, 2.4 and 18 ns a step on f64x2, f32x4 and in JavaScript) and the pendulum (11, 5.4 and 41) of
 * `pnpm bench batches`, which measures the choice as well. What choosing steps multiplies that by: Lorenz, the pendulum
 * and Kepler with dopri5. Nanoseconds that JavaScript spends on starting a trajectory; milliseconds to lay out memory
 * and instantiate kernels, to print and compile them, to start threads and to reach them.
 */
const model = {
  jsOperation: 0.25,
  jsTrajectory: 1500,
  doubleOperation: 0.061,
  singleOperation: 0.032,
  elementary: 30,
  adaptive: { js: 1.5, lanes: 2.1 },
  call: { js: 0.03, lanes: 0.08 },
  compile: { least: 3, perOperation: 0.01, most: 10 },
  threads: 35,
  handOver: 0.3,
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
export function estimateCosts(question: CostQuestion): Costs {
  const { steps, threads, single, ready = {}, adaptive = false } = question
  const operations = remember(question.field, question.method, 'operations', () =>
    operationsOf(question),
  ) as number
  const factor = adaptive ? model.adaptive : { js: 1, lanes: 1 }
  // lanes without a trajectory cost as much as those with one
  const batch = Math.max(question.batch, leastLanes)
  const lanes =
    1e-6 *
    operations *
    factor.lanes *
    (single ? model.singleOperation : model.doubleOperation) *
    steps *
    batch
  const js =
    model.call.js +
    1e-6 * question.batch * (operations * factor.js * model.jsOperation * steps + model.jsTrajectory)
  const printed = Math.min(model.compile.least + model.compile.perOperation * operations, model.compile.most)
  const compile = (isReady: boolean | undefined) => model.call.lanes + (isReady === true ? 0 : printed)
  const start = ready.pool === true ? model.handOver : model.threads
  return {
    ...(single ? {} : { js }),
    wasm: compile(ready.wasm) + lanes,
    ...(threads > 1 ? { threads: compile(ready.threads) + start + lanes / threads } : {}),
  }
}

/** Lanes of a tile, which are computed whether used or not. */
const leastLanes = 8

/** Operations of a step, elementary functions counted for what they take. */
function operationsOf({ field, method }: CostQuestion): number {
  const elementary = field.nodes.reduce(
    (count, node) => (cheap.has(node.op) || structural.has(node.op) ? count : count + node.size),
    0,
  )
  const combinations = method.a.reduce(
    (count, row) => count + 2 * row.filter((v) => v !== 0).length,
    2 * method.stages,
  )
  const plain = scalarCount(field) * method.stages + combinations * field.stateSize
  return plain + elementary * method.stages * model.elementary
}
