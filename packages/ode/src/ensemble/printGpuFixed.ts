import { type Field, invalidResult } from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'
import { combination, type GpuSource, gpuStep, kernelText, range, stageLines } from './gpuText.js'

/**
 * Steps of one kernel call. gpu.js cuts loops at 1000 iterations without a word, and drivers stop kernels that
 * run for seconds.
 */
export const stepsPerKernel = 250

/** What a kernel of equal steps reads behind the coefficients. */
export const fixedSettings = ['h', 'count', 'base'] as const

export interface GpuFixed extends GpuSource {
  readonly coefficients: Field
  /** numbers behind the settings */
  readonly table: readonly number[]
}

/**
 * Prints `count` equal steps of the first n states from time `base`, one thread a trajectory and component. Where a
 * value on the way is not finite the result is `invalidResult`.
 */
export function printGpuFixed(method: ExplicitMethod, field: Field, n: number): GpuFixed {
  // the last stage of a method with bₛ = 0 serves the error estimate and the next step only
  const stages = method.b[method.stages - 1] === 0 ? method.stages - 1 : method.stages
  const step = gpuStep(method, field, { n, stages })
  const { statements, table } = step
  const body = [
    'var bad = 0.0;',
    `for (var s = 0; s < ${stepsPerKernel}; s++) {`,
    'if (s < count) {',
    'var t = base + s * h;',
    ...stageLines(step, { h: 'h', time: 't', settings: fixedSettings.length }),
    ...range(n).map((k) => `y${k} = ${combination(method.b.slice(0, stages), k, 'h')};`),
    '}',
    '}',
    `if (bad > 0.5) { return ${invalidResult}; }`,
  ]
  const rows = range(field.stateSize).map((k) => `y${k}`)
  return {
    coefficients: statements.coefficients,
    table,
    outputs: n,
    source: kernelText(statements, rows, fixedSettings, body, rows.slice(0, n)),
  }
}
