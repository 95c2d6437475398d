import { classificationLoss, type Loss } from '@separatrix/adjoint'
import { type Field, withTheta } from '@separatrix/field'
import type { Terminal } from '../../terminal/terminal.js'
import { type Digits, readDigits } from '../digits.js'
import { train } from '../train.js'
import { attacker } from './attack.js'
import { type Curve, decay, perturbed, satisfied } from './diagnostics.js'
import { monteCarlo, pathIntegral } from './losses.js'
import { dynamics, flowClassifier, residualNetwork } from './models.js'
import type { LyanetRecipe } from './recipe.js'

export interface ModelResult {
  readonly name: string
  /** x ↦ logits, as it is evaluated and attacked */
  readonly classifier: Field
  /** fractions told right: of 1,000 training and 797 test images, and of the attacked ones before any attack */
  readonly training: number
  readonly test: number
  readonly clean: number
  /** fractions of the attacked images that survive, in the order of the recipe's attacks */
  readonly robust: readonly number[]
  readonly trainingTime: number
  readonly losses: Float64Array
  /** of flows: V along trajectories of test images, of one image perturbed, and where the decay condition holds */
  readonly decay?: readonly Curve[]
  readonly perturbed?: readonly Curve[]
  readonly satisfied?: Curve
}

/**
 * LyaNet's comparison on handwritten digits: a residual network, a neural ODE trained through its solver, and the same
 * dynamics trained by the Lyapunov condition at random states and along trajectories; accuracy, and accuracy under attack.
 */
export async function lyanetStudy(recipe: LyanetRecipe, terminal: Terminal): Promise<ModelResult[]> {
  const digits = readDigits('unit')
  const { width, blocks, flowSteps, seed } = recipe
  const f = dynamics(width, seed)
  const options = { digits: digits.training, batch: recipe.training.batch }
  const flow = flowClassifier(f, flowSteps)
  const asFlow = (trained: Field) => withTheta(flow, trained.theta)
  const supervised = (field: Field, name: string) =>
    trained(
      field,
      classificationLoss({ ...digits.training, batch: options.batch }),
      name,
      recipe.training.steps,
    )
  const residual = await supervised(residualNetwork(width, blocks, seed), 'residual network')
  const neural = await supervised(flow, 'neural ODE')
  const sampled = await trained(f, monteCarlo(options), 'LyaNet, Monte-Carlo', recipe.lyapunovSteps)
  const along = await trained(
    f,
    await pathIntegral(f, options),
    'LyaNet, path integral',
    recipe.lyapunovSteps,
  )
  return [
    await judged(residual, residual.field),
    await judged(neural, neural.field, withTheta(f, neural.field.theta)),
    await judged(sampled, asFlow(sampled.field), sampled.field),
    await judged(along, asFlow(along.field), along.field),
  ]

  async function trained(field: Field, loss: Loss, name: string, steps: number) {
    const first = recipe.training.rate
    const result = await train(
      { field, loss, backend: 'wasm', precision: 'single' },
      { steps, rate: [first, 0.02 * first], seed },
      `Training: ${name}`,
      terminal,
    )
    return { name, field: result.field, losses: result.losses, trainingTime: result.milliseconds }
  }

  async function judged(
    {
      name,
      losses,
      trainingTime,
    }: { readonly name: string; readonly losses: Float64Array; readonly trainingTime: number },
    classifier: Field,
    rates?: Field,
  ): Promise<ModelResult> {
    const some: Digits = {
      inputs: digits.test.inputs.slice(0, recipe.attacked),
      labels: digits.test.labels.slice(0, recipe.attacked),
    }
    const bar = terminal.progress(`Attacking: ${name}`)
    const accuracy = async (part: Digits) =>
      share((await attacker(classifier, part))({ norm: 'l∞', radius: 0 }, recipe.effort))
    const attack = await attacker(classifier, some)
    const robust = recipe.attacks.map((a, k) => {
      bar.update(k / recipe.attacks.length, `${a.norm} ${a.radius.toPrecision(2)}`)
      return share(attack(a, recipe.effort))
    })
    bar.stop()
    return {
      name,
      classifier,
      training: await accuracy(digits.training),
      test: await accuracy(digits.test),
      clean: await accuracy(some),
      robust,
      trainingTime,
      losses,
      ...(rates && {
        decay: decay(rates, some),
        perturbed: perturbed(rates, some, seed),
        satisfied: satisfied(rates, some, seed),
      }),
    }
  }
}

const share = (alive: Uint8Array) => alive.reduce((sum, v) => sum + v, 0) / alive.length
