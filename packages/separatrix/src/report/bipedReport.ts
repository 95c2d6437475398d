import { stepBarriers, type Walk } from '@separatrix/lyapunov'
import type { BipedRecipe } from '../study/bipedRecipe.js'
import { type BipedResult, type BipedWalk, isKept } from '../study/bipedStudy.js'
import { bipedFigure } from './bipedFigure.js'
import type { Curve } from './figure.js'
import { duration, readable } from './format.js'
import { linePlot } from './linePlot.js'
import { type PageFigure, renderPage } from './page.js'
import { trainingFigure } from './trainingFigure.js'

/** The report of the biped study, one self-contained page. */
export function bipedReport(recipe: BipedRecipe, result: BipedResult): string {
  const { walks, returnMap, multiplier, step } = result
  const kept = walks.filter(isKept)
  const good = kept.length === walks.length
  const tightest = walks
    .flatMap(({ walk, scenario }) => walk.least.map((l) => ({ ...l, scenario: scenario.name })))
    .reduce((a, b) => (b.value < a.value ? b : a))
  const largest = modulus(returnMap.multipliers[0])
  const hero = walks[0].walk
  return renderPage({
    title: 'A walk that keeps its barriers',
    lead: `A planar biped of five links with four motors, none at the foot, learns a gait from its barriers alone: knees, torso, speed, clearance, torques, friction, and what impacts may do. Then it walks ${recipe.walk.steps} steps, undisturbed and disturbed, and every barrier is looked at all the way.`,
    verdict: {
      word: good ? 'Every barrier kept' : 'Barriers broken',
      good,
      statement: good
        ? `In ${walks.length} walks of ${recipe.walk.steps} steps no barrier was below 0 at any of ${readable(count(walks), 7)} looks. The closest: ${tightest.name}, ${readable(tightest.value, 2)} of its scale, ${tightest.scenario}. Looks are not a proof.`
        : `${walks.length - kept.length} of ${walks.length} walks broke a barrier or ended early; the least is ${tightest.name}, ${readable(tightest.value, 2)} of its scale, ${tightest.scenario}.`,
    },
    numbers: [
      {
        value: readable(step.speed, 3),
        unit: 'm/s',
        what: `walking speed, steps of ${readable(step.length, 3)} m in ${readable(step.duration, 3)} s`,
      },
      {
        value: readable(largest, 4),
        what: `largest multiplier of the return map of all ten states; the zero dynamics predict ${readable(multiplier, 4)}`,
      },
      {
        value: readable(modulus(returnMap.multipliers[1]), 2),
        what: 'the next one: errors of the joints are gone after a step',
      },
      {
        value: duration(result.trainingTime),
        what: `training, ${recipe.training.steps} steps of ${recipe.training.batch} samples`,
      },
    ],
    hero: {
      title: 'Four steps',
      svg: bipedFigure(hero, { id: 'sticks', label: 'stick figures of four steps', steps: 4, perStep: 6 }),
      caption:
        'Six moments of each of the first four steps, on the orbit. Each leg keeps its colour; the foot that bears is a pivot without a motor.',
    },
    figures: figures(recipe, result),
    table: table(walks, result.untrained),
    notes: notes(recipe),
  })
}

const modulus = (z: { readonly re: number; readonly im: number } | undefined) =>
  z === undefined ? Number.NaN : Math.hypot(z.re, z.im)
const count = (walks: readonly BipedWalk[]) => walks.reduce((sum, { walk }) => sum + walk.t.length, 0)

function figures(recipe: BipedRecipe, { walks, losses, multiplier }: BipedResult): PageFigure[] {
  const disturbed = walks.find(({ scenario }) => scenario.rates !== undefined) ?? walks[0]
  return [
    {
      title: 'Stance leg, from too slow a start',
      svg: portrait('stance', walks[1] ?? disturbed, stanceLeg, [
        'direction of the stance leg, rad',
        'rad/s',
      ]),
      caption: `Direction and rate over ${recipe.walk.steps} steps: the first ten faint, the last strong. Steps run to the right, impacts jump back. This is the motion that no motor drives.`,
    },
    {
      title: 'Swing knee, rates 5 % too high at the start',
      svg: portrait('knee', disturbed, swingKnee, ['bend of the swing knee, rad', 'rad/s']),
      caption:
        'The first step starts off the gait and is pulled onto it; every impact then lands on it, since the gait is made to survive impacts exactly.',
    },
    {
      title: 'Distance from the orbit after each impact',
      svg: convergence(walks, multiplier),
      caption: `All ten numbers of the state after an impact. The slope is the largest multiplier: predicted ${readable(multiplier, 4)} a step (dashed), down to the tolerance of the solver.`,
    },
    {
      title: 'The closest barriers along the walk',
      svg: closest(disturbed.walk),
      caption: `${disturbed.scenario.name}, the first six steps, each barrier over its own scale; 0 is the limit.`,
    },
    {
      title: 'Training',
      svg: trainingFigure({ losses: losses.map((v) => Math.max(v, 1e-6)) }),
      caption:
        'The hybrid barrier loss: the mean violation on the flow, before and after impacts, with its margin. Drawn at 10⁻⁶ where it is less, mostly 0.',
    },
  ]
}

type Reading = (y: Float64Array) => readonly [number, number]
const stanceLeg: Reading = (y) => [(y[0] + y[1]) / 2, (y[5] + y[6]) / 2]
const swingKnee: Reading = (y) => [y[4] - y[3], y[9] - y[8]]

/** One curve per step. */
function stepCurves({ t, states, impacts }: Walk, read: Reading): Curve[] {
  const curves: (readonly [number, number])[][] = impacts.map(() => [])
  let step = 0
  for (let i = 0; i < t.length; i++) {
    curves[step]?.push(read(states[i]))
    if (step < impacts.length && t[i] === impacts[step].t && i + 1 < t.length && t[i + 1] === t[i]) step++
  }
  return curves.map((curve) => curve.filter((_, i) => i % 4 === 0 || i === curve.length - 1))
}

function portrait(
  id: string,
  { walk, scenario }: BipedWalk,
  read: Reading,
  axes: readonly [string, string],
): string {
  const curves = stepCurves(walk, read)
  const shown = [...curves.slice(0, 10), ...curves.slice(-1)]
  return linePlot({
    id: `portrait-${id}`,
    label: `${axes[0]} and its rate, ${scenario.name}`,
    axes,
    lines: shown.map((curve, k) =>
      k + 1 === shown.length ? { curve, tone: 'proved', weight: 2.4 } : { curve, tone: 'quiet', weight: 0.9 },
    ),
  })
}

function convergence(walks: readonly BipedWalk[], multiplier: number): string {
  const off = walks.filter(({ scenario }) => scenario.surplus !== undefined || scenario.rates !== undefined)
  const first = off[0]?.distances[0] ?? 1
  const horizon = 60
  return linePlot({
    id: 'convergence',
    label: 'distance from the orbit over steps',
    axes: ['impacts', 'distance'],
    logarithmic: true,
    lines: [
      {
        curve: Array.from({ length: horizon }, (_, k) => [k, first * multiplier ** k] as const),
        tone: 'ink',
        dashed: true,
        weight: 1.2,
      },
      ...off.map(({ distances }) => ({
        curve: distances.slice(0, horizon).map((d, k) => [k, d] as const),
        tone: 'proved' as const,
        weight: 1.4,
      })),
    ],
  })
}

/** The four barriers that come closest to 0 in the first steps. */
function closest({ t, barriers, impacts }: Walk): string {
  const end = impacts[Math.min(5, impacts.length - 1)].t
  const inside = Array.from(t.keys()).filter((i) => t[i] <= end)
  const least = stepBarriers.map((name, i) => ({
    name,
    i,
    value: Math.min(...inside.map((k) => barriers[k][i])),
  }))
  const tones = ['lost', 'proved', 'compared', 'quiet'] as const
  const tight = least.sort((a, b) => a.value - b.value).slice(0, tones.length)
  return linePlot({
    id: 'barriers',
    label: 'the closest barriers over time',
    axes: ['s', 'barrier over its scale'],
    range: [0, 1.5],
    lines: tight.map(({ name, i }, k) => ({
      curve: inside.filter((_, m) => m % 4 === 0).map((m) => [t[m], barriers[m][i]] as const),
      name,
      tone: tones[k],
      weight: 1.4,
    })),
    rules: [{ at: 0, name: 'limit' }],
  })
}

function table(walks: readonly BipedWalk[], untrained: Walk) {
  const columns = [
    { name: 'before training', least: untrained.least },
    ...walks.map(({ scenario, walk }) => ({ name: scenario.name, least: walk.least })),
  ]
  return {
    head: ['least value over the walk, over its scale', ...columns.map(({ name }) => name)],
    rows: walks[0].walk.least.map(({ name }, i) => [
      name,
      ...columns.map(({ least }) => readable(least[i].value, 3)),
    ]),
  }
}

function notes({ limits, training, walk }: BipedRecipe) {
  return [
    {
      title: 'The machine',
      text: 'RABBIT (Chevallereau et al. 2003): torso 12 kg, thighs 6.8 kg, shins 3.2 kg, legs of 0.8 m. Equations of motion from its energies by differentiation of their graph; impacts are rigid and perfectly plastic, and exchange the legs. The inertia of the rotors is left out, and the motors are ideal.',
    },
    {
      title: 'The gait',
      text: `Polynomials of degree 6 of the direction of the stance leg, 20 numbers, that survive the impact exactly (Westervelt, Grizzle & Koditschek 2003). They are trained on the two-dimensional zero dynamics with conditions along the flow, before and after impacts, as in Neural Gaits (Rodriguez, Csomay-Shanklin, Yue & Ames 2022), for energies up to ${readable(100 * training.surplus)} % from the orbit’s; Neural Gaits takes a network in their place and learns the surviving of impacts too.`,
    },
    {
      title: 'What was looked at',
      text: `One solve a walk with an event at every impact, tolerance ${walk.tolerance}; barriers at ${walk.looks} moments a step from the dense output and at both sides of every impact. Torques up to ${limits.torque} N m, friction ${limits.friction}, knees ${limits.knee.join(' to ')} rad, torso within ${readable(limits.torso, 3)} rad, hip above ${limits.hipHeight} m at ${limits.speed.join(' to ')} m/s, ${limits.load} of the weight on the foot, a swing foot that clears a mound of ${limits.mound[0]} m. Starts that are too slow or too fast are the edges of what was trained for.`,
    },
    {
      title: 'Again',
      text: 'The study depends on its recipe alone and can be run again:',
      code: 'separatrix study biped',
    },
  ]
}
