import {
  Builder,
  embed,
  type Field,
  makeArray,
  makeField,
  misuse,
  seededRandom,
  show,
} from '@separatrix/field/core'
import { type EnsembleOptions, ensemble } from '@separatrix/ode'
import { expectNumber } from '../check/expectNumber.js'
import { expectSource } from '../check/expectSource.js'
import type { Source } from '../data/source.js'
import { type Estimate, estimate } from './estimate.js'

export interface PathEnergyOptions
  extends Pick<EnsembleOptions, 'method' | 'rtol' | 'atol' | 'step' | 'maxSteps'> {
  readonly source: Source
  readonly count: number
  readonly seed: number
  readonly span?: readonly [number, number]
  readonly backend?: EnsembleOptions['backend']
}

/**
 * E ∫|f|² dt along the trajectories from a source, with its standard error. Among flows between two
 * distributions in unit time the least is W₂², which the straight paths of the optimal plan reach. Benamou &
 * Brenier, Numer. Math. 84 (2000). {@link normalizedPathEnergy} is the excess over it.
 * @example
 * const field = withTime(network({ widths: [3, 8, 2], activation: 'tanh', seed: 0 }))
 * await pathEnergy(field, { source: standardNormal(2), count: 100, seed: 0, method: rk4, step: 0.1 })
 */
export async function pathEnergy(
  field: Field,
  { source, count, seed, span = [0, 1], backend = 'auto', ...solving }: PathEnergyOptions,
): Promise<Estimate> {
  const n = field.stateSize
  if (!(Number.isSafeInteger(count) && count > 0))
    throw misuse({ where: 'pathEnergy', expected: 'a positive count', got: show(count), try: 'count: 1000' })
  expectSource('pathEnergy(source)', source, n)
  const random = seededRandom(seed)
  const data = new Float64Array(count * (n + 1))
  for (let i = 0; i < count; i++) source.draw(random, data.subarray(i * (n + 1), i * (n + 1) + n))
  const { y } = await ensemble(withEnergy(field), makeArray(data, [count, n + 1]), span, {
    ...solving,
    backend,
  })
  return estimate(Float64Array.from({ length: count }, (_, i) => y.get(0, i, n)))
}

/** |E∫|f|² − W₂²|/W₂². Tong et al., TMLR 2024, eq. 20. */
export function normalizedPathEnergy(energy: number, w2: number): number {
  expectNumber('normalizedPathEnergy', 'energy', energy, { least: 0 })
  expectNumber('normalizedPathEnergy', 'w2', w2, { above: 0 })
  return Math.abs(energy - w2 * w2) / (w2 * w2)
}

/** [x; e]′ = [f; |f|²]. */
export function withEnergy(f: Field): Field {
  const b = new Builder()
  const all = b.leaf('state', f.stateSize + 1)
  const rate = embed(b, f, {
    state: b.gather(
      all,
      Array.from({ length: f.stateSize }, (_, i) => i),
    ),
  })
  return makeField(b, b.concat([rate, b.dot(rate, rate)]), {
    ...f,
    name: `${f.name} with energy`,
    stateNames: [...f.stateNames, 'energy'],
  })
}
