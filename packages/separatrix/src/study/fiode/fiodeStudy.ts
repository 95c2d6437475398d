import { compile, type Field, withTheta } from '@separatrix/field'
import { type FlowCertifier, flowCertifier, lipschitzConstant } from '@separatrix/lyapunov'
import type { Terminal } from '../../terminal/terminal.js'
import { type Digits, readDigits } from '../digits.js'
import { attacker } from '../lyanet/attack.js'
import type { Curve } from '../lyanet/diagnostics.js'
import { lyanetStudy } from '../lyanet/lyanetStudy.js'
import { classes } from '../lyanet/models.js'
import type { LyanetRecipe } from '../lyanet/recipe.js'
import { train } from '../train.js'
import { contraction, decay, type Neighbours, neighbours } from './diagnostics.js'
import { boundaryLoss } from './losses.js'
import { scoreNetwork, simplexClassifier } from './models.js'
import type { FiodeRecipe } from './recipe.js'

/** What is said of every classifier: fractions of the attacked images, in the order of the recipe's radii. */
export interface Judged {
  readonly name: string
  /** fraction of 797 test images that are told right */
  readonly test: number
  /** of the attacked images before any attack */
  readonly clean: number
  readonly attacked: readonly number[]
  readonly certified: readonly number[]
  /** what the certified fractions rest on: a proved Lipschitz constant, of the scores or of the whole classifier */
  readonly lipschitz: number
  readonly trainingTime: number
}

export interface FiodeResult {
  /** the flow on the simplex, then the models of the study `lyanet` */
  readonly models: readonly Judged[]
  /** images certified at a radius at which an attack succeeded: 0, or a defect */
  readonly contradictions: number
  readonly longestStep: number
  /** of the attacked images: certified radii, 0 where the label is wrong, and evaluations of the scores in all */
  readonly radii: readonly number[]
  readonly evaluations: number
  readonly certificationTime: number
  readonly losses: Float64Array
  readonly decay: readonly Curve[]
  readonly contraction: readonly Curve[]
  readonly neighbours: Neighbours
}

/**
 * FI-ODE on handwritten digits: a flow on the simplex of classes, trained by a Lyapunov condition on its decision
 * boundaries, its accuracy certified at several radii beside that under attack, and beside the models of LyaNet's
 * comparison. Huang, Rodriguez, Zhang, Shi & Yue, 2023.
 */
export async function fiodeStudy(
  recipe: FiodeRecipe,
  comparison: LyanetRecipe,
  terminal: Terminal,
): Promise<FiodeResult> {
  const digits = readDigits('unit')
  const start = scoreNetwork(recipe)
  const { steps, rate } = recipe.training
  const trained = await train(
    {
      field: start,
      loss: await boundaryLoss(start, digits.training, recipe),
      backend: 'wasm',
      precision: 'single',
    },
    { steps, rate: [rate, 0.02 * rate], seed: recipe.seed },
    'Training: flow on the simplex',
    terminal,
  )
  const scores = trained.field
  const classifier = withTheta(simplexClassifier(scores, recipe), scores.theta)
  const some: Digits = {
    inputs: digits.test.inputs.slice(0, recipe.attacked),
    labels: digits.test.labels.slice(0, recipe.attacked),
  }
  const certifier = flowCertifier(scores, { scale: recipe.scale, maxPieces: recipe.maxPieces })
  const began = terminal.now()
  const proofs = certify(certifier, some, terminal)
  const certificationTime = terminal.now() - began
  const radii = proofs.map(({ label, radius }, k) => (label === some.labels[k] ? radius : 0))
  const bar = terminal.progress('Attacking: flow on the simplex')
  const attack = await attacker(classifier, some)
  let contradictions = 0
  const attacked = recipe.radii.map((radius, k) => {
    bar.update(k / recipe.radii.length, `ℓ₂ ${radius}`)
    const alive = attack({ norm: 'l₂', radius }, recipe.effort)
    contradictions += radii.filter((r, i) => r > radius && alive[i] === 0).length
    return share(alive)
  })
  bar.stop()
  const accuracy = async (part: Digits) =>
    share((await attacker(classifier, part))({ norm: 'l₂', radius: 0 }, recipe.effort))
  const own: Judged = {
    name: 'flow on the simplex',
    test: await accuracy(digits.test),
    clean: await accuracy(some),
    attacked,
    certified: recipe.radii.map((r) => radii.filter((v) => v > r).length / radii.length),
    lipschitz: certifier.lipschitz,
    trainingTime: trained.milliseconds,
  }
  return {
    models: [own, ...(await compared(recipe, comparison, some, terminal))],
    contradictions,
    longestStep: certifier.longestStep(recipe),
    radii,
    evaluations: proofs.reduce((sum, { pieces }) => sum + pieces, 0),
    certificationTime,
    losses: trained.losses,
    decay: decay(scores, recipe, some),
    contraction: contraction(scores, recipe, some),
    neighbours: neighbours(scores, recipe, some, proofs),
  }
}

function certify(certifier: FlowCertifier, { inputs }: Digits, terminal: Terminal) {
  const bar = terminal.progress('Certifying')
  try {
    return inputs.map((x, k) => {
      if (k % 10 === 0) bar.update(k / inputs.length, `${k} of ${inputs.length} images`)
      return certifier.radius(x)
    })
  } finally {
    bar.stop()
  }
}

/** The models of the study `lyanet`, attacked at the same radii, with what their Lipschitz constants certify. */
async function compared(
  { radii, effort, attacked }: FiodeRecipe,
  comparison: LyanetRecipe,
  some: Digits,
  terminal: Terminal,
): Promise<Judged[]> {
  const attacks = radii.map((radius) => ({ norm: 'l₂', radius }) as const)
  const models = await lyanetStudy({ ...comparison, attacks, effort, attacked }, terminal)
  return models.map(({ name, classifier, test, clean, robust, trainingTime }) => {
    const lipschitz = lipschitzConstant(classifier).upper
    const margins = marginsOf(classifier, some)
    const certified = radii.map(
      (radius) =>
        margins.filter((margin) => margin > Math.SQRT2 * lipschitz * radius).length / margins.length,
    )
    return { name, test, clean, attacked: robust, certified, lipschitz, trainingTime }
  })
}

/** By how much the label's logit exceeds all others, negative where another is greater. */
function marginsOf(classifier: Field, { inputs, labels }: Digits): number[] {
  const run = compile(classifier)
  const out = new Float64Array(classes)
  return inputs.map((x, k) => {
    run(0, x, out, classifier.theta)
    return out[labels[k]] - Math.max(...out.filter((_, c) => c !== labels[k]))
  })
}

const share = (alive: Uint8Array) => alive.reduce((sum, v) => sum + v, 0) / alive.length
