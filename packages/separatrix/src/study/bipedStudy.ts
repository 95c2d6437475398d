import { type Field, interpret } from '@separatrix/field'
import {
  bipedJoints,
  gaitLoss,
  gaitOrbit,
  type ReturnMap,
  returnMap,
  type Walk,
  walk,
  walkingGait,
  walkingLoop,
} from '@separatrix/lyapunov'
import { tsit5 } from '@separatrix/ode'
import type { Terminal } from '../terminal/terminal.js'
import type { BipedRecipe, WalkScenario } from './bipedRecipe.js'
import { train } from './train.js'

export interface BipedWalk {
  readonly scenario: WalkScenario
  readonly walk: Walk
  readonly from: Float64Array
  readonly milliseconds: number
}

export interface BipedResult {
  readonly gait: Field
  readonly losses: Float64Array
  readonly trainingTime: number
  /** the state just after an impact on the orbit, and what of a surplus of energy an impact leaves */
  readonly orbit: Float64Array
  readonly multiplier: number
  /** of the gait before training */
  readonly untrained: Walk
  readonly walks: readonly BipedWalk[]
  readonly returnMap: ReturnMap
  /** metres, metres a second, and joules over weight and metres: of one step of the orbit */
  readonly step: { readonly length: number; readonly speed: number; readonly duration: number }
}

const states = 10

/** Trains a gait for its barriers, walks it, undisturbed and disturbed, and differentiates its return map. */
export async function bipedStudy(recipe: BipedRecipe, terminal: Terminal): Promise<BipedResult> {
  const { limits, training, walk: walking } = recipe
  const { steps, rate, seed, surplus, alpha, margin, batch } = training
  const start = walkingGait(recipe.start)
  const trained = await train(
    { field: start, loss: gaitLoss({ surplus, limits, alpha, margin, batch }), backend: 'wasm' },
    { steps, rate, seed },
    'Training the gait',
    terminal,
  )
  const { field: gait, losses } = trained
  const { tolerance, ...rest } = walking
  const solving = { method: tsit5, rtol: tolerance, atol: tolerance }
  const options = { ...rest, ...solving, limits }
  const onOrbit = interpret(gaitOrbit(gait), 0, [0, 0])
  const orbit = onOrbit.slice(0, states)
  const multiplier = onOrbit[states + 6]
  const walked = terminal.progress('Walking')
  const walks = recipe.scenarios.map((scenario, k): BipedWalk => {
    const before = terminal.now()
    const { push, machine, rates = 1, surplus: share = 0 } = scenario
    const state = interpret(gaitOrbit(gait), 0, [0, share * multiplier * surplus]).subarray(0, states)
    const from = state.map((v, i) => (2 * i < states ? v : v * rates))
    const result = walk(gait, { ...options, from, ...(push && { push }), ...(machine && { machine }) })
    walked.update((k + 1) / recipe.scenarios.length)
    return { scenario, walk: result, from, milliseconds: terminal.now() - before }
  })
  walked.stop()
  const { field, impact } = walkingLoop(gait, { rate: walking.rate })
  const map = returnMap(field, orbit, { ...solving, event: impact, within: 5 })
  return {
    gait,
    losses,
    trainingTime: trained.milliseconds,
    orbit,
    multiplier,
    untrained: walk(start, options),
    walks,
    returnMap: map,
    step: orbitStep(map),
  }
}

/** From the state after an impact: the new swing foot is where the stance foot was. */
function orbitStep({ after, time }: ReturnMap): BipedResult['step'] {
  const [, , , , , , , , , , foot] = interpret(bipedJoints(), 0, after)
  return { length: -foot, speed: -foot / time, duration: time }
}

/** Whether all barriers of a walk were kept all the way. */
export const isKept = ({ walk: { status, least } }: BipedWalk): boolean =>
  status === 'walked' && least.every(({ value }) => value >= 0)
