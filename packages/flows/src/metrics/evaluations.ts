import { solve } from '@separatrix/ode'
import { expectCount } from '../check/expectCount.js'
import type { Flow } from '../density/flow.js'
import { type Points, readPoints } from '../density/points.js'
import { type Estimate, estimate } from './estimate.js'

/**
 * Evaluations of the velocity with its volume that log p(x) takes (NFE), over points: their mean and the most.
 * @example
 * const flow = cnf({ field: withTime(network({ widths: [3, 8, 2], activation: 'tanh', seed: 0 })), method: dopri5, rtol: 1e-5, atol: 1e-5 })
 * evaluations(flow, [[0, 0], [1, 2]]).most
 */
export function evaluations(flow: Flow, x: Points): Estimate & { readonly most: number } {
  const { volume, span, solving, base } = flow
  const rows = readPoints('evaluations', x, base.size)
  expectCount('evaluations', rows.length / base.size)
  const counts = Float64Array.from({ length: rows.length / base.size }, (_, i) => {
    const from = new Float64Array(volume.stateSize)
    from.set(rows.subarray(i * base.size, (i + 1) * base.size))
    return solve(volume, from, [span[1], span[0]], { ...solving, saveAt: 'end' }).stats.evaluations
  })
  return { ...estimate(counts), most: counts.reduce((a, b) => Math.max(a, b), 0) }
}
