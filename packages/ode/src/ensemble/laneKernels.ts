import { compileModule, makeModule, wasmForm } from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'
import { remember } from '../remember.js'
import type { AdaptiveKernel } from './adaptiveKernel.js'
import { makeLaneField, mostComponents } from './laneField.js'
import type { EnsemblePlan } from './plan.js'
import { printAdaptive } from './printAdaptive.js'
import { printFixedKernel } from './printFixedKernel.js'
import { printStart } from './printStart.js'
import { printTileSteps } from './printTileSteps.js'

/** The compiled kernels of a plan. */
export interface Kernels {
  readonly module: WebAssembly.Module
  /** numbers behind θ, and bytes of each thread's scratch memory, that the field asks for */
  readonly constants: readonly number[]
  readonly scratchBytes: number
}

/**
 * Vectors that a kernel interleaves. Equal steps of two components run fastest with four (20 % over two), of
 * three or four with three (8 to 12 %), elementary functions or not; chosen steps hold more state, and four take
 * 30 % longer than two. Measured interleaved on fields of two to four components.
 */
function groupsFor({ stepping, field, thetaSpread }: EnsemblePlan): number {
  if (stepping.kind === 'adaptive' || wasmForm(field, thetaSpread) === 'tile') return 2
  return field.stateSize <= 2 ? 4 : field.stateSize <= 4 ? 3 : 2
}

/**
 * Whether equal steps go through rows of memory: states too long for registers. Shorter ones, networks included, run
 * as fast either way.
 */
function stepsInTiles({ stepping, field, thetaSpread }: EnsemblePlan): boolean {
  return stepping.kind === 'fixed' && thetaSpread === 'shared' && field.stateSize > mostComponents
}

/** Compiles the kernels of a plan, once per field, method and settings. */
export function laneKernels(plan: EnsemblePlan, method: ExplicitMethod, shared: boolean): Promise<Kernels> {
  const { stepping, thetaSpread: theta, single, field } = plan
  const adaptiveParts =
    stepping.kind === 'fixed' ? undefined : [stepping.control, stepping.tolerances.uniform]
  const key = JSON.stringify(['lanes', single, shared, theta, adaptiveParts])
  return remember(field, method, key, async (): Promise<Kernels> => {
    const builder = makeModule({ lanes: single ? 'f32x4' : 'f64x2', shared, groups: groupsFor(plan) })
    if (stepsInTiles(plan)) {
      const { constants, scratchBytes } = printTileSteps(builder, method, field)
      return { module: await compileModule(builder.finish()), constants, scratchBytes }
    }
    const laneField = makeLaneField(builder, field, theta)
    if (stepping.kind === 'fixed') {
      builder.define(builder.reserve(), printFixedKernel(builder, method, laneField, theta))
    } else {
      const { control, tolerances } = stepping
      const kernel: AdaptiveKernel = { method, field: laneField, theta, control, uniform: tolerances.uniform }
      builder.define(builder.reserve(), printStart(builder, kernel))
      printAdaptive(builder, kernel)
    }
    const { constants, scratchBytes } = laneField
    return { module: await compileModule(builder.finish()), constants, scratchBytes }
  }) as Promise<Kernels>
}
