import { misuse, show } from '@separatrix/field/core'
import type { Method } from '../method.js'
import { splittingKernel } from './splittingKernel.js'
import type { Partition, Splitting, SplittingOptions } from './types.js'

/**
 * Makes a symplectic splitting method for q' = v(t, p), p' = a(t, q) from its substeps: a kick moves the
 * momenta by c·h·a, a drift the positions by c·h·v. The first half of the state is q and the second p,
 * unless {@link partitioned} says otherwise.
 *
 * A field must be separable (v free of q, a free of p), which is read off its graph. For one that is not,
 * and for a plain function, of which it cannot be known, the method called leapfrog takes the implicit
 * general form; any other is refused.
 * @example
 * const leapfrog = defineSplitting({ name: 'leapfrog', order: 2, substeps: [['kick', .5], ['drift', 1], ['kick', .5]], source: '…' })
 */
export function defineSplitting(options: SplittingOptions): Splitting {
  const { name, substeps } = options
  for (const kind of ['kick', 'drift'] as const) {
    const total = substeps.reduce((sum, [k, c]) => (k === kind ? sum + c : sum), 0)
    if (Math.abs(total - 1) > 1e-14 * substeps.length)
      throw misuse({
        where: `defineSplitting(${name})`,
        expected: `${kind}s that sum to 1`,
        got: show(total),
        try: 'the coefficients of the source',
        code: 'bad-splitting',
      })
  }
  return makeSplitting(options, {})
}

function makeSplitting(options: SplittingOptions, partition: Partition): Splitting {
  const method: Splitting = {
    ...options,
    family: 'symplectic',
    errorOrder: undefined,
    denseLevel: 'steps',
    partition,
    kernel: (problem, settings) => splittingKernel(method, problem, settings),
  }
  return Object.freeze(method)
}

/**
 * The same method with positions and momenta chosen by index, and, for a plain function, with the promise
 * that it is separable.
 * @example partitioned(leapfrog, { q: [0, 2], p: [1, 3], separable: true })
 */
export function partitioned(method: Splitting, partition: Partition): Splitting & Method {
  return makeSplitting(method, partition)
}
