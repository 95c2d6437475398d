import { type Field, scalarCount } from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'
import type { EnsembleBackend } from './types.js'

/** Expected milliseconds of each backend that can serve an ensemble; absent where it cannot. */
export type Costs = { readonly [K in EnsembleBackend]?: number }

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
 * Measured with `pnpm bench batches` (2 cores, Node 20), Lorenz and pendulum: nanoseconds per scalar operation
 * of a stage, elementary functions as sixty in vectors and twenty in JavaScript; milliseconds to print
 * and compile a kernel, per operation and at least; milliseconds to start the threads.
 */
const model = {
  jsOperation: 0.17,
  doubleOperation: 0.075,
  singleOperation: 0.038,
  elementary: { vector: 40, js: 40 },
  compile: { least: 2, perOperation: 0.008 },
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
  const each = (weight: number) => plain + elementary * method.stages * weight
  const million = 1e-6 * steps * batch
  const lanes =
    each(model.elementary.vector) * (single ? model.singleOperation : model.doubleOperation) * million
  const compile = model.compile.least + model.compile.perOperation * each(model.elementary.vector)
  return {
    ...(single ? {} : { js: each(model.elementary.js) * model.jsOperation * million }),
    wasm: compile + lanes,
    ...(threads > 1 ? { threads: compile + model.threads + lanes / threads } : {}),
  }
}
