import { closeLoop, compose, evaluateGrid, expression, type Field, withTheta } from '@separatrix/field'
import {
  box,
  ellipsoidLoss,
  imitationLoss,
  linearize,
  lqr,
  quadratic,
  regionLoss,
} from '@separatrix/lyapunov'
import { sublevelArea } from '../report/sublevelArea.js'
import type { Terminal } from '../terminal/terminal.js'
import { full, linearFeedback, symmetric } from './buildStudy.js'
import { candidate } from './candidate.js'
import { ellipsoidVolume } from './ellipsoidVolume.js'
import { type ProvedLoop, proveLoop } from './proveLoop.js'
import type { RegionRecipe } from './regionRecipes.js'
import { takeTheta } from './takeTheta.js'
import { type Schedule, train } from './train.js'

/** A proved loop and the area (two states) or volume of its region, 0 where nothing was proved. */
export interface SizedLoop extends ProvedLoop {
  readonly size: number
}

export interface RegionResult {
  readonly recipe: RegionRecipe
  readonly regulator: SizedLoop
  readonly trained: SizedLoop
  readonly trainingTime: number
}

const schedule = ({ seed }: RegionRecipe, steps: number, first: number): Schedule => ({
  steps,
  rate: [1e-2, first],
  seed,
})

/** A regulator's region; controller and V trained from there; the region of both; all proofs checked. */
export async function regionStudy(recipe: RegionRecipe, terminal: Terminal): Promise<RegionResult> {
  const { plant, domain, training, features } = recipe
  const { A, B } = linearize(plant)
  const { K, S } = lqr(A, B, full(recipe.lqr.Q), full(recipe.lqr.R))
  const cost = symmetric(S)
  const teacher = limited(recipe, linearFeedback(K, plant))
  const state = plant.stateNames
  const regulator = await sized(
    recipe,
    proveLoop(
      { controller: teacher, loop: closeLoop(plant, teacher), V: quadratic(cost, { state }), domain },
      `Proving the regulator: ${recipe.name}`,
      terminal,
    ),
  )
  const scale = 1 / (regulator.outcome.level > 0 ? regulator.outcome.level : 1)
  const P = cost.map((row) => row.map((v) => v * scale))
  const begun = terminal.now()
  const start = await startFrom(recipe, { teacher, gain: K.data }, terminal)
  const { decay: rate, reward, batch } = training
  const result = await train(
    {
      field: closeLoop(plant, start),
      loss:
        features === undefined
          ? ellipsoidLoss({ P, rate, domain, reward, batch, worstOf: 16 })
          : regionLoss({ V: candidate(P, 1e-3, features), rate, domain, reward, batch, sharpness: 40 }),
    },
    schedule(recipe, training.steps, 1e-4),
    `Training: ${recipe.name}`,
    terminal,
  )
  const trainingTime = terminal.now() - begun
  const trained = await sized(
    recipe,
    proveLoop(
      { controller: takeTheta(start, result.field), loop: result.field, V: result.V, domain },
      `Proving what was trained: ${recipe.name}`,
      terminal,
    ),
  )
  return { recipe, regulator, trained, trainingTime }
}

/**
 * A controller within its actuator's limits: u = a·tanh(w/a) + b·tanh²(w/a) runs from lo = b − a to hi = b + a with slope 1
 * at 0, and increases where |2b| < a.
 */
function limited({ limits }: RegionRecipe, controller: Field): Field {
  if (limits === undefined) return controller
  const [lo, hi] = limits
  const saturate = expression('a*tanh(u/a) + b*tanh(u/a)^2', ['u'], { a: (hi - lo) / 2, b: (hi + lo) / 2 })
  return compose(saturate, controller)
}

/** The controller to train, where the regulator is: a network imitates it, a gain is it. */
async function startFrom(
  recipe: RegionRecipe,
  { teacher, gain }: { readonly teacher: Field; readonly gain: Float64Array },
  terminal: Terminal,
): Promise<Field> {
  const { controller, imitation, domain } = recipe
  if (imitation === undefined)
    return withTheta(
      controller,
      gain.map((k) => -k),
    )
  const { field } = await train(
    {
      field: limited(recipe, controller),
      loss: imitationLoss({ teacher, sampler: box(domain), batch: 64 }),
    },
    schedule(recipe, imitation.steps, 1e-3),
    `Learning the regulator: ${recipe.name}`,
    terminal,
  )
  return field
}

async function sized({ domain }: RegionRecipe, proved: ProvedLoop): Promise<SizedLoop> {
  const { V, outcome } = proved
  if (!(outcome.level > 0)) return { ...proved, size: 0 }
  if (domain.length > 2) return { ...proved, size: ellipsoidVolume(V, outcome.level) }
  const { values } = await evaluateGrid(V, domain, [481, 481], { backend: 'js' })
  return { ...proved, size: sublevelArea(values, domain, outcome.level) }
}
