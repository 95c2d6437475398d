import { type Field, misuse, type Random, show } from '@separatrix/field/core'
import type { Method } from '@separatrix/ode'
import type { Via } from '../../sensitivity/sensitivity.js'
import { type Path, type Penalty, preparePathCost } from './pathCost.js'
import type { PathWeights } from './pathField.js'
import { prepareSolverCost, type SolverWeights } from './solverCost.js'

/** Weights of what makes a field easy to solve; terms that are not named cost nothing. */
export interface Regularization extends PathWeights, SolverWeights {
  /** the last time of every trajectory is moved by up to this, uniformly, at each step (STEER) */
  readonly endTime?: number
}

/** Refuses weights that are negative. */
export function checkRegularization(options: Regularization): void {
  for (const [name, weight] of Object.entries(options))
    if (weight !== undefined && !(weight >= 0 && Number.isFinite(weight)))
      throw misuse({
        where: 'trajectoryLoss(regularize)',
        expected: `a ${name} that is not negative`,
        got: show(weight),
        try: `${name}: 0.01`,
      })
}

/** The sum of the penalties asked for, on one path. */
export function prepareRegularization(
  field: Field,
  options: Regularization,
  how: { readonly method: Method; readonly via: Via },
): (path: Path, random: Random) => readonly Penalty[] {
  checkRegularization(options)
  const { kinetic = 0, jacobian = 0, error = 0, stiffness = 0 } = options
  const path = kinetic + jacobian > 0 ? preparePathCost(field, options, how) : undefined
  const solver = error + stiffness > 0 ? prepareSolverCost(field, options, how.method) : undefined
  return (along, random) => [...(path ? [path(along, random)] : []), ...(solver ? [solver(along)] : [])]
}

/**
 * Times with the last one moved by up to `most` either way, no further than half of the way to the time before it.
 * Ghosh, Behl, Dupont, Torr & Namboodiri, STEER, NeurIPS 2020.
 */
export function movedEnd(
  { span: [t0, t1], saveAt }: { readonly span: readonly [number, number]; readonly saveAt: Float64Array },
  most: number,
  random: Random,
): { readonly span: readonly [number, number]; readonly saveAt: Float64Array } {
  const before = saveAt.length > 1 ? saveAt[saveAt.length - 2] : t0
  const reach = Math.min(most, Math.abs(t1 - before) / 2)
  const end = t1 + reach * (2 * random.uniform() - 1)
  const times = saveAt.slice()
  times[times.length - 1] = end
  return { span: [t0, end], saveAt: times }
}
