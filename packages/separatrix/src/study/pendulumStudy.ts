import { adam, fit } from '@separatrix/adjoint'
import {
  closeLoop,
  combine,
  compose,
  expression,
  type Field,
  network,
  system,
  withTheta,
} from '@separatrix/field'
import {
  box,
  checkCertificate,
  imitationLoss,
  linearize,
  lqr,
  quadratic,
  regionLoss,
  trainableQuadratic,
} from '@separatrix/lyapunov'
import type { Terminal } from '../terminal/terminal.js'
import { linearFeedback, symmetric } from './buildStudy.js'
import type { PendulumRecipe, TrainingRecipe } from './pendulumRecipe.js'
import { type Outcome, prove } from './prove.js'

/** A controller with its loop, its V and what was proved. */
export interface ProvedLoop {
  /** torque as a function of the state */
  readonly controller: Field
  readonly loop: Field
  readonly V: Field
  readonly outcome: Outcome
  /** milliseconds that the independent check took */
  readonly checked: number
}

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
  const linear = provedLoop(
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
    recipe,
    S.map((row) => row.map((v) => v * scale)),
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
  const learned = provedLoop(
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

/** V(x) = |Lx|² + ε|x|² + |φ(x)|², starting at xᵀPx. */
function candidate({ candidate: { epsilon, features } }: PendulumRecipe, P: number[][]): Field {
  const quadratic = trainableQuadratic(2, { P, epsilon })
  const phi = network(features)
  return combine(
    [quadratic, phi],
    (b, place) => {
      const y = place(phi)
      return b.add(place(quadratic), b.dot(y, y))
    },
    'V',
  )
}

interface LoopToProve extends Pick<ProvedLoop, 'controller' | 'loop' | 'V'> {
  readonly domain: PendulumRecipe['domain']
  readonly rate: number
}

function provedLoop(
  { controller, loop, V, domain, rate }: LoopToProve,
  what: string,
  terminal: Terminal,
): ProvedLoop {
  const outcome = prove({ field: loop, V, domain, rate }, what, terminal)
  const bar = terminal.progress('Checking that proof')
  const start = terminal.now()
  try {
    if (outcome.certificate !== undefined) {
      const { valid, reason } = checkCertificate(outcome.certificate)
      // a proof that the checker refuses is a defect of one of the two and must not be reported as proved
      if (!valid) throw new Error(`${what}: the certificate does not check: ${reason}`)
    }
    return { controller, loop, V, outcome, checked: terminal.now() - start }
  } finally {
    bar.stop()
  }
}

type FitTask<R extends { readonly field: Field }> = Pick<Parameters<typeof fit<R>>[0], 'field' | 'loss'>

async function train<R extends { readonly field: Field }>(
  task: FitTask<R>,
  { steps, rate, seed }: TrainingRecipe,
  what: string,
  terminal: Terminal,
) {
  const bar = terminal.progress(what)
  const start = terminal.now()
  try {
    const result = await fit<R>({
      ...task,
      optimizer: adam({ rate: cosine(rate, steps) }),
      steps,
      seed,
      onProgress: ({ step, loss }) => {
        if (step % 50 === 0) bar.update(step / steps, `loss ${loss.toPrecision(2)}`)
      },
    })
    if (result.status !== 'success') terminal.remark(`${what}: ${result.message}`)
    return { ...result, milliseconds: terminal.now() - start }
  } finally {
    bar.stop()
  }
}

/** Half a cosine from one learning rate to the other. */
const cosine =
  ([first, last]: TrainingRecipe['rate'], steps: number) =>
  (step: number) =>
    last + ((first - last) * (1 + Math.cos((Math.PI * step) / steps))) / 2

/** `field` with the parameters that blocks of the same name have in `source`. */
function takeTheta(field: Field, source: Field): Field {
  const theta = Float64Array.from(field.theta)
  for (const block of field.layout) {
    const from = source.layout.find((b) => b.name === block.name)
    if (from === undefined) continue
    const length = block.shape.reduce((product, n) => product * n, 1)
    theta.set(source.theta.subarray(from.offset, from.offset + length), block.offset)
  }
  return withTheta(field, theta)
}
