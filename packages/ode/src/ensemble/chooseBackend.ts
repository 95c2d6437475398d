import { canCompileModules, hasSimd } from '@separatrix/field/core'
import { solve } from '../solve.js'
import { type Costs, estimateCosts, guessedSteps } from './estimateCosts.js'
import { areCompiled } from './laneKernels.js'
import { type EnsemblePlan, laneObstacle, tableauOf } from './plan.js'
import { canShareMemory, processorCount, type ThreadPool } from './threadPool.js'
import type { EnsembleBackend, EnsembleOptions } from './types.js'

/** Steps after which the trial solve of {@link pilotSteps} has shown enough. */
const pilotLimit = 2000

/** Milliseconds of JavaScript below which nothing else is looked at, and from which a trial solve is a small part. */
const notWorthChoosing = 0.15
const worthPilot = 5

/** Takes the cheapest backend that can serve the call, and says what each was expected to cost. */
export function chooseBackend(
  plan: EnsemblePlan,
  options: EnsembleOptions<unknown>,
): { backend: EnsembleBackend; reason: string } {
  const obstacle = laneObstacle(options)
  if (obstacle !== undefined)
    return { backend: 'js', reason: `js: expected ${obstacle.expected}, got ${obstacle.got}` }
  if (plan.hasEvents) return { backend: 'js', reason: 'js: it alone watches events' }
  const method = tableauOf(options)
  const question = {
    field: plan.field,
    method,
    batch: plan.batch,
    adaptive: plan.stepping.kind === 'adaptive',
    single: plan.single,
    ready: { wasm: areCompiled(plan, method, false) },
  }
  const fixed = plan.stepping.kind === 'fixed'
  const guess = fixed ? Math.abs(plan.span[1] - plan.span[0]) / plan.step : guessedSteps
  const first = estimateCosts({ ...question, steps: guess, threads: 1 })
  if (first.js !== undefined && first.js < notWorthChoosing) return answer('js', first)
  const unable = reasonForJs()
  if (unable !== undefined) return { backend: 'js', reason: `js: ${unable}` }
  const steps = fixed || (first.js ?? 0) < worthPilot ? guess : pilotSteps(plan, options)
  const pool = options.threads as number | ThreadPool | undefined
  const isPool = typeof pool === 'object'
  const available = isPool ? pool.threads : (pool ?? processorCount())
  const costs = estimateCosts({
    ...question,
    steps,
    threads: canShareMemory() ? available : 1,
    ready: { ...question.ready, threads: areCompiled(plan, method, true), pool: isPool },
  })
  return answer(cheapest(costs), costs)
}

function answer(backend: EnsembleBackend, costs: Costs): { backend: EnsembleBackend; reason: string } {
  const listed = Object.entries(costs).map(([name, cost]) => `${name} ${cost.toPrecision(2)} ms`)
  return { backend, reason: `${backend}: expected ${listed.join(', ')}` }
}

function reasonForJs(): string | undefined {
  if (!hasSimd()) return 'this engine has no WebAssembly vectors'
  if (!canCompileModules()) return 'WebAssembly is forbidden here'
  return undefined
}

/** Steps that one trajectory needs, tried out; the one in the middle of the batch. */
function pilotSteps(plan: EnsemblePlan, options: EnsembleOptions<unknown>): number {
  const i = plan.batch >> 1
  const y0 = Float64Array.from({ length: plan.field.stateSize }, (_, k) => plan.initial.get(i, k))
  if (!y0.every(Number.isFinite)) return guessedSteps
  const theta = Float64Array.from(plan.field.theta, (_, k) => plan.theta.get(i, k))
  const { method, rtol, atol, control } = options
  const { stats } = solve(plan.field, y0, plan.span, {
    method,
    rtol,
    atol,
    control,
    theta,
    maxSteps: pilotLimit,
    saveAt: [plan.span[1]],
  })
  return stats.accepted + stats.rejected
}

function cheapest(costs: Costs): EnsembleBackend {
  const entries = Object.entries(costs) as [EnsembleBackend, number][]
  return entries.reduce((best, entry) => (entry[1] < best[1] ? entry : best))[0]
}
