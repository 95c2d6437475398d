import { canGenerateCode, misuse } from '@separatrix/field/core'
import type { FixedLoop } from '../explicit/loop.js'
import { hermiteInterpolant } from '../interpolant.js'
import { type FixedSteps, fixedAdvance } from '../loops/fixedAdvance.js'
import { fixedLoop } from '../loops/fixedLoop.js'
import type { Kernel, KernelSettings } from '../method.js'
import type { Problem } from '../problem.js'
import { remember } from '../remember.js'
import { generalKickDriftKick } from './generalKickDriftKick.js'
import { plainSplitting } from './plainSplitting.js'
import { printSplitting } from './printSplitting.js'
import { isSeparable, resolvePartition } from './separability.js'
import type { Splitting } from './types.js'

/** Characters of generated code beyond which plain loops are as fast (see the explicit engine). */
const sourceLimit = 40_000

/** The engine of splitting methods. */
export function splittingKernel(method: Splitting, problem: Problem, settings: KernelSettings): Kernel {
  const { field, size } = problem
  const parts = resolvePartition(method.name, size, method.partition)
  const separable =
    field === undefined
      ? method.partition.separable === true
      : remember(field, method, 'separable', () => ({ is: isSeparable(field, parts.q, parts.p) }))?.is ===
        true
  if (!separable && method.general === undefined) throw notSeparable(method, problem)
  const shared = { stageCount: 0, memorySize: 0, interpolant: () => hermiteInterpolant(problem) }
  if (!separable) {
    const advance = fixedAdvance(fixedLoop(generalKickDriftKick(problem, parts)))
    return { ...shared, path: 'loops', advance }
  }
  const printed = fusedLoop(method, problem, settings)
  const steps: FixedSteps =
    printed === undefined
      ? fixedLoop(plainSplitting(method, problem, parts))
      : (state, trace, count, h, end) =>
          printed(state, trace, count, problem.theta, problem.vectorField, [], h, end)
  return { ...shared, path: printed === undefined ? 'loops' : 'fused', advance: fixedAdvance(steps) }
}

function fusedLoop(method: Splitting, problem: Problem, settings: KernelSettings): FixedLoop | undefined {
  const { field } = problem
  if (field === undefined || !canGenerateCode()) return undefined
  return remember(field, method, settings.trace, () => {
    const source = printSplitting(method, field, settings.trace)
    return source.length > sourceLimit ? undefined : (new Function(source)() as FixedLoop)
  })
}

function notSeparable(method: Splitting, { field }: Problem) {
  return misuse({
    where: `solve(${method.name})`,
    expected: "a separable field: q' depends on p only, p' on q only",
    got: field === undefined ? 'a plain function, of which that is not known' : `${field.name}, which is not`,
    try:
      field === undefined
        ? `partitioned(${method.name}, { separable: true }), if it is`
        : 'leapfrog (which has a general form), implicitMidpoint, or another partition',
    code: 'not-separable',
  })
}
