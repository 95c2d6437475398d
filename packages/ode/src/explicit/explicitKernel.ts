import { canGenerateCode, scalarCount } from '@separatrix/field/core'
import { hermiteInterpolant } from '../interpolant.js'
import { fixedAdvance } from '../loops/fixedAdvance.js'
import type { ExecutionPath, Kernel, KernelSettings } from '../method.js'
import type { Problem } from '../problem.js'
import { remember } from '../remember.js'
import { vectorKernel } from '../vectors/vectorKernel.js'
import { denseInterpolant } from './denseInterpolant.js'
import type { AdaptiveLoop, FixedLoop } from './loop.js'
import { plainAdaptive, plainFixed } from './plainKernel.js'
import { printAdaptive, printFixed } from './printKernel.js'
import { type Layout, makeSheet } from './printStages.js'
import type { ExplicitMethod } from './tableau.js'

/**
 * V8 stops optimising a function at about 58 KB of source, a 20× cliff (measured); the field's own compiled
 * form takes over well below it.
 */
export const sourceLimit = 40_000

/** Characters that a scalar operation prints to at least: spares printing what cannot fit. */
const statementLength = 10

/** Components up to which an opaque function's stages are unrolled into locals; at 12 loops are as fast, at 16 faster. */
const unrolledSize = 12

interface Compiled<Loop> {
  readonly path: ExecutionPath
  readonly loop: Loop
}

/** The engine of explicit Runge–Kutta methods: chooses among four realisations of one loop. */
export function explicitKernel(method: ExplicitMethod, problem: Problem, settings: KernelSettings): Kernel {
  const { size, theta, vectorField } = problem
  const interpolantOf = (of: Problem) =>
    method.dense === undefined ? hermiteInterpolant(of) : denseInterpolant(of, method, method.dense)
  const interpolant = () => interpolantOf(problem)
  const { stepping } = settings
  const vectors = vectorKernel(method, problem, settings, interpolantOf)
  if (vectors !== undefined) return vectors
  const shared = { stageCount: method.stages, interpolant }
  const workFor = (path: ExecutionPath) => makeWork(path, size, method.stages)
  if (stepping.kind === 'adaptive') {
    const { path, loop } = adaptiveLoop(method, problem, settings)
    const work = workFor(path)
    const { rtol, atol, weights, custom } = stepping.tolerances
    return {
      ...shared,
      path,
      memorySize: size,
      advance: (state, trace, limit) =>
        loop(state, trace, limit, theta, rtol, atol, vectorField, work, weights, custom),
    }
  }
  const { path, loop } = fixedLoop(method, problem, settings)
  const work = workFor(path)
  return {
    ...shared,
    path,
    memorySize: 0,
    advance: fixedAdvance((state, trace, count, h, end) =>
      loop(state, trace, count, theta, vectorField, work, h, end),
    ),
  }
}

/**
 * Where loops work: nothing for fused ones, which keep all in locals; z, k1, k2, … as arrays for plain ones; as
 * parts of one array, followed by y and the whole, for those that are printed around a function.
 */
function makeWork(path: ExecutionPath, size: number, stages: number): Float64Array[] {
  if (path === 'fused') return []
  if (path === 'loops') return Array.from({ length: stages + 1 }, () => new Float64Array(size))
  const whole = new Float64Array((stages + 2) * size)
  const parts = Array.from({ length: stages + 2 }, (_, j) => whole.subarray(j * size, (j + 1) * size))
  return [...parts, whole]
}

function adaptiveLoop(method: ExplicitMethod, problem: Problem, settings: KernelSettings) {
  if (settings.stepping.kind !== 'adaptive') throw new Error('unreachable: fixed stepping')
  const { control, tolerances } = settings.stepping
  const weights = tolerances.weights?.join() ?? ''
  const form = `${problem.size} ${settings.trace} ${tolerances.uniform} ${tolerances.norm} ${weights} ${control.key}`
  return (
    remember(problem.key, method, form, () =>
      realise<AdaptiveLoop>(method, problem, (layout) =>
        printAdaptive(makeSheet(method, layout, problem.size, problem.field), settings),
      ),
    ) ?? { path: 'loops', loop: plainAdaptive(method, settings) }
  )
}

function fixedLoop(method: ExplicitMethod, problem: Problem, settings: KernelSettings) {
  return (
    remember(problem.key, method, `${problem.size} ${settings.trace} fixed`, () =>
      realise<FixedLoop>(method, problem, (layout) =>
        printFixed(makeSheet(method, layout, problem.size, problem.field), settings),
      ),
    ) ?? { path: 'loops', loop: plainFixed(method, settings) }
  )
}

/** Prints and compiles the best form that fits; undefined where generated code is forbidden. */
function realise<Loop>(
  method: ExplicitMethod,
  problem: Problem,
  print: (layout: Layout) => string,
): Compiled<Loop> | undefined {
  if (!canGenerateCode()) return undefined
  const { field, size } = problem
  const fuses = field !== undefined && scalarCount(field) * method.stages * statementLength < sourceLimit
  const layouts: readonly Layout[] = [
    ...(fuses ? (['fused'] as const) : []),
    ...(size <= unrolledSize ? (['unrolled'] as const) : []),
    'looped',
  ]
  for (const layout of layouts) {
    const source = print(layout)
    if (layout !== 'looped' && source.length > sourceLimit) continue
    return { path: layout === 'fused' ? 'fused' : 'specialised', loop: new Function(source)() as Loop }
  }
  return undefined
}
