import { closeLoop, compose, expression, network, system } from '@separatrix/field'
import { box, imitationLoss, linearize, lqr, quadratic, regionLoss } from '@separatrix/lyapunov'
import type { Terminal } from '../terminal/terminal.js'
import { linearFeedback, symmetric } from './buildStudy.js'
import { candidate } from './candidate.js'
import type { PendulumRecipe } from './pendulumRecipe.js'
import { type ProvedLoop, proveLoop } from './proveLoop.js'
import { takeTheta } from './takeTheta.js'
import { train } from './train.js'

export interface PendulumResult {
  readonly lqr: ProvedLoop & { readonly gain: readonly number[] }
  readonly network: ProvedLoop
  readonly imitation: Training
  readonly training: Training
}

interface Training {
  readonly losses: Float64Array
  readonly milliseconds: number
}

/**
 * The whole study: a regulator and its region; a network that learns the regulator, then trains with V and their
 * region together; its region; both proofs checked.
 */
export async function pendulumStudy(recipe: PendulumRecipe, terminal: Terminal): Promise<PendulumResult> {
  const { torqueLimit, domain, params } = recipe
  const { rate } = recipe.proof
  const plant = system({
    name: 'pendulum',
    state: ['theta', 'omega'],
    input: ['u'],
    params,
    dynamics: { theta: 'omega', omega: '(g/l) * sin(theta) - b/(m*l^2) * omega + u/(m*l^2)' },
  })
  const saturate = expression('limit * tanh(u/limit)', ['u'], { limit: torqueLimit })
  const { A, B } = linearize(plant)
  const regulator = lqr(A, B, recipe.lqr.Q, recipe.lqr.R)
  const teacher = compose(saturate, linearFeedback(regulator.K, plant))
  const S = symmetric(regulator.S)
  const linear = proveLoop(
    {
      controller: teacher,
      loop: closeLoop(plant, teacher),
      V: quadratic(S, { state: plant.stateNames }),
      domain,
      rate,
    },
    'Proving the regulator',
    terminal,
  )

  const start = compose(saturate, network(recipe.network))
  const imitation = await train(
    {
      field: start,
      loss: imitationLoss({ teacher, sampler: box(domain), batch: recipe.imitation.batch }),
    },
    recipe.imitation,
    'Learning the regulator',
    terminal,
  )
  const { training } = recipe
  const { reward, sharpness, batch } = training
  // V starts near the regulator's, scaled so that its proved region is {V ≤ 1}
  const scale = 1 / (linear.outcome.level > 0 ? linear.outcome.level : 1)
  const V = candidate(
    S.map((row) => row.map((v) => v * scale)),
    recipe.candidate.epsilon,
    network(recipe.candidate.features),
  )
  const trained = await train(
    {
      field: closeLoop(plant, imitation.field),
      loss: regionLoss({ V, domain, rate: training.decay, reward, sharpness, batch }),
    },
    training,
    'Training controller, V and region',
    terminal,
  )
  const learned = proveLoop(
    { controller: takeTheta(start, trained.field), loop: trained.field, V: trained.V, domain, rate },
    'Proving the network',
    terminal,
  )
  return {
    lqr: { ...linear, gain: [regulator.K.get(0, 0), regulator.K.get(0, 1)] },
    network: learned,
    imitation,
    training: trained,
  }
}
