import type { Substep } from './types.js'

/** Leapfrog steps of sizes w₁h, w₂h, …, one after the other; kicks that meet become one. */
export function composeLeapfrog(weights: readonly number[]): readonly Substep[] {
  const substeps: Substep[] = []
  weights.forEach((w, i) => {
    const before = weights[i - 1] ?? 0
    substeps.push(['kick', (before + w) / 2], ['drift', w])
  })
  return [...substeps, ['kick', (weights[weights.length - 1] as number) / 2]]
}
