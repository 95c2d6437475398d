import { adam, cosineRate } from '@separatrix/adjoint'
import { compile, type Field } from '@separatrix/field'
import {
  box,
  checkCertificate,
  counterexampleGuided,
  ellipsoidLoss,
  type GuidedTraining,
  imitationLoss,
  invariantSet,
  linearize,
  lqr,
  measuredLoop,
  quadratic,
  type Verdict,
} from '@separatrix/lyapunov'
import type { Terminal } from '../terminal/terminal.js'
import { full, linearFeedback, symmetric } from './buildStudy.js'
import { ellipsoidMap, matrixOf, reachOf } from './ellipsoid.js'
import { ellipsoidVolume } from './ellipsoidVolume.js'
import { boundaryStates, insideOf, type KeptInside, keptInside } from './keptInside.js'
import type { SegwayRecipe } from './segwayRecipe.js'
import { takeTheta } from './takeTheta.js'
import { train } from './train.js'

/** A controller with its set {V ≤ 1}: what was proved of it, and what simulations from its boundary did. */
export interface HeldSet {
  readonly controller: Field
  /** with the errors of measurement as inputs */
  readonly loop: Field
  readonly V: Field
  readonly verdict: Verdict
  /** milliseconds of the proof, and of its independent check */
  readonly milliseconds: number
  readonly checked: number
  readonly volume: number
  /** the greatest input on the boundary */
  readonly input: number
  readonly kept: KeptInside
}

export interface SegwayResult {
  readonly regulator: HeldSet
  readonly trained: HeldSet
  readonly training: Pick<GuidedTraining<Candidate>, 'rounds' | 'points' | 'message'>
  readonly trainingTime: number
}

interface Candidate {
  readonly field: Field
  readonly V: Field
}

/** A hair that sets keep from the faces of their box. */
const inset = 0.999

/** The regulator's set; controller and set trained together against errors, round by round; proofs and simulations of both. */
export async function segwayStudy(recipe: SegwayRecipe, terminal: Terminal): Promise<SegwayResult> {
  const { plant, controller, domain, imitation, seed } = recipe
  const { A, B } = linearize(plant)
  const { K, S } = lqr(A, B, full(recipe.lqr.Q), full(recipe.lqr.R))
  const teacher = linearFeedback(K, plant)
  const cost = fitted(quadratic(symmetric(S), { state: plant.stateNames }), domain)
  const regulator = await held(recipe, { teacher, V: cost, name: 'the regulator' }, terminal)
  const imitator = await train(
    { field: controller, loss: imitationLoss({ teacher, sampler: box(domain), batch: imitation.batch }), backend: 'wasm' },
    { steps: imitation.steps, rate: [1e-2, 1e-3], seed },
    'Learning the regulator',
    terminal,
  ) // biome-ignore format: one task a line
  const begun = terminal.now()
  const start = { field: measuredLoop(plant, imitator.field), V: cost }
  const { candidate, ...training } = await guided(recipe, start, terminal)
  const trainingTime = terminal.now() - begun
  const V = fitted(candidate.V, domain)
  const learned = takeTheta(controller, candidate.field)
  const trained = await held(recipe, { teacher: learned, V, name: 'what was trained' }, terminal)
  return { regulator, trained, training, trainingTime }
}

/** Trains, proves, and trains on with where the proof failed. */
async function guided(recipe: SegwayRecipe, start: Candidate, terminal: Terminal) {
  const { domain, training, proof, seed } = recipe
  const { steps, rounds, decay: rate, reward, batch, worstOf, shell } = training
  const disturbance = errorsOf(recipe)
  const bar = terminal.progress('Training against errors')
  try {
    return await counterexampleGuided<Candidate>({
      start,
      rounds,
      steps,
      seed,
      backend: 'wasm',
      optimizer: adam({ rate: cosineRate({ rate: 1e-2, end: 1e-3, steps }) }),
      loss: ({ V }, points) =>
        ellipsoidLoss({
          P: matrixOf(V),
          rate,
          domain,
          reward,
          batch,
          worstOf,
          shell,
          disturbance,
          counterexamples: { points, share: 0.25, spread: 0.05 },
        }),
      prove: ({ field, V }) =>
        invariantSet({ field, barrier: insideOf(fitted(V, domain)), domain, disturbance, ...proof }),
      onProgress: ({ round, step, loss }) => {
        if (step % 20 === 0) bar.update((round + step / steps) / rounds, `loss ${loss.toPrecision(2)}`)
      },
    })
  } finally {
    bar.stop()
  }
}

/** Proves a set, has the proof checked, and simulates from its boundary. */
async function held(
  recipe: SegwayRecipe,
  { teacher: controller, V, name }: { readonly teacher: Field; readonly V: Field; readonly name: string },
  terminal: Terminal,
): Promise<HeldSet> {
  const { plant, domain, proof, simulation, seed } = recipe
  const disturbance = errorsOf(recipe)
  const loop = measuredLoop(plant, controller)
  const bar = terminal.progress(`Proving ${name}`)
  try {
    const start = terminal.now()
    const verdict = invariantSet({ field: loop, barrier: insideOf(V), domain, disturbance, ...proof })
    const milliseconds = terminal.now() - start
    const again = terminal.now()
    if (verdict.kind === 'proved') {
      const { valid, reason } = checkCertificate(verdict.certificate)
      // a proof that the checker refuses is a defect of one of the two and must not be reported as proved
      if (!valid) throw new Error(`${name}: the certificate does not check: ${reason}`)
    }
    const checked = terminal.now() - again
    bar.update(0.5, 'simulating')
    const kept = await keptInside({ field: loop, V, disturbance, ...simulation, seed })
    const volume = ellipsoidVolume(V, 1)
    const input = greatestInput(controller, V, recipe)
    return { controller, loop, V, verdict, milliseconds, checked, volume, input, kept }
  } finally {
    bar.stop()
  }
}

/** Bounds of the errors, by the names of the loop's inputs. */
export const errorsOf = ({ plant, error }: SegwayRecipe) =>
  Object.fromEntries(plant.stateNames.map((name) => [`error_${name}`, [-error, error] as const]))

/** V scaled so that {V ≤ 1} is the largest of its sets within the domain. */
function fitted(V: Field, domain: SegwayRecipe['domain']): Field {
  const reach = reachOf(ellipsoidMap(V))
  const growth = Math.min(...domain.map(([lo, hi], i) => (inset * Math.min(-lo, hi)) / reach[i]))
  const scaled = matrixOf(V).map((row) => row.map((v) => v / growth ** 2))
  return quadratic(scaled, { state: V.stateNames })
}

/** The greatest |u| on the boundary, among the states that are simulated. */
function greatestInput(controller: Field, V: Field, { simulation, seed }: SegwayRecipe): number {
  const { data } = boundaryStates(V, simulation.count, seed)
  const [u, n] = [compile(controller), V.stateSize]
  const out = new Float64Array(controller.outputSize)
  let most = 0
  for (let k = 0; k < data.length; k += n) {
    u(0, data.subarray(k, k + n), out)
    most = Math.max(most, ...out.map(Math.abs))
  }
  return most
}
