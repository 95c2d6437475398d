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
      title: 'Three steps',
      svg: bipedFigure(hero, { id: 'sticks', label: 'stick figures of three steps', steps: 3, perStep: 6 }),
      caption:
        'Seven moments of each of the first three steps, on the orbit. Each leg keeps its colour; the foot that bears is a pivot without a motor.',
    },
    figures: figures(recipe, result),
    table: table(walks, result.untrained),
    notes: notes(recipe, result.gait.theta.length),
  })
}

const modulus = (z: { readonly re: number; readonly im: number } | undefined) =>
  z === undefined ? Number.NaN : Math.hypot(z.re, z.im)
const count = (walks: readonly BipedWalk[]) => walks.reduce((sum, { walk }) => sum + walk.t.length, 0)

function figures(recipe: BipedRecipe, { walks, losses, multiplier }: BipedResult): PageFigure[] {
  const disturbed = walks.find(({ scenario }) => scenario.rates !== undefined) ?? walks[0]
  const slow = walks.find(({ scenario }) => (scenario.surplus ?? 0) < 0) ?? walks[0]
  return [
    {
      title: 'Stance leg, from too slow a start',
      svg: portrait(
        'stance',
        stepCurves(slow.walk, () => stanceLeg),
        ['direction of the stance leg, rad', 'rad/s'],
      ),
      caption: `Direction and rate over ${recipe.walk.steps} steps: the first ten thin, the last strong. Steps run to the right, impacts jump back. This is the motion that no motor drives.`,
    },
    {
      title: 'One knee, rates 5 % too high at the start',
      svg: portrait('knee', kneeCycles(disturbed.walk), ['bend of one knee, rad', 'rad/s']),
      caption:
        'Swing and stance of one leg, twenty steps thin and the last two strong; impacts jump. The gait is made to survive impacts exactly: each lands on it.',
    },
    {
      title: 'Distance from the orbit after each impact',
      svg: convergence(walks, multiplier),
      caption: `All ten numbers of the state after an impact, for starts off the orbit. Dashed: the largest multiplier as the zero dynamics predict it, ${readable(multiplier, 4)} a step.`,
    },
    closest(disturbed),
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
const stanceKnee: Reading = (y) => [y[0] - y[1], y[5] - y[6]]
const swingKnee: Reading = (y) => [y[4] - y[3], y[9] - y[8]]

/** One curve per step, of what `read` gives there. */
function stepCurves({ t, states, impacts }: Walk, read: (step: number) => Reading): Curve[] {
  const curves: (readonly [number, number])[][] = impacts.map(() => [])
  let step = 0
  for (let i = 0; i < t.length; i++) {
    curves[step]?.push(read(step)(states[i]))
    // both sides of an impact are looked at, at one time
    if (t[i] === impacts[step]?.t && t[i + 1] === t[i]) step++
  }
  return curves.map((curve) => curve.filter((_, i) => i % 4 === 0 || i === curve.length - 1))
}

/** The steps of one leg, its swing and its stance as one curve. */
const kneeCycles = (walk: Walk): Curve[] => {
  const curves = stepCurves(walk, (step) => (step % 2 === 0 ? swingKnee : stanceKnee))
  return curves.flatMap((curve, k) => (k % 2 === 0 ? [[...curve, ...(curves[k + 1] ?? [])]] : []))
}

function portrait(id: string, curves: readonly Curve[], axes: readonly [string, string]): string {
  const shown = [...curves.slice(0, 10), ...curves.slice(-1)]
  return linePlot({
    id: `portrait-${id}`,
    label: `${axes[0]} and its rate`,
    axes,
    lines: shown.map((curve, k) =>
      k + 1 === shown.length ? { curve, tone: 'proved', weight: 2.4 } : { curve, tone: 'quiet', weight: 0.9 },
    ),
  })
}

/** Impacts after which nothing but the solver's errors is left. */
const horizon = 50

function convergence(walks: readonly BipedWalk[], multiplier: number): string {
  const settled = walks[0].walk.impacts.at(-1)?.after ?? walks[0].from
  const distance = (y: Float64Array) => Math.hypot(...y.map((v, i) => v - settled[i]))
  const curves = walks
    .filter(({ scenario }) => scenario.surplus !== undefined || scenario.rates !== undefined)
    .map(({ from, walk }) =>
      [from, ...walk.impacts.map(({ after }) => after)]
        .slice(0, horizon)
        .map((y, k) => [k, distance(y)] as const),
    )
  const first = curves[0]?.[0]?.[1] ?? 1
  return linePlot({
    id: 'convergence',
    label: 'distance from the orbit over impacts',
    axes: ['impacts', 'distance'],
    logarithmic: true,
    lines: [
      ...curves.map((curve) => ({ curve, tone: 'proved', weight: 1.4 }) as const),
      {
        curve: Array.from({ length: horizon }, (_, k) => [k, first * multiplier ** k] as const),
        tone: 'ink',
        dashed: true,
        weight: 1.2,
      },
    ],
  })
}

const closeTones = [
  ['lost', 'red'],
  ['proved', 'teal'],
  ['compared', 'ochre'],
  ['quiet', 'grey'],
] as const

/** The four barriers that come closest to 0 in the first six steps. */
function closest({ walk: { t, barriers, impacts }, scenario }: BipedWalk): PageFigure {
  const end = impacts[Math.min(5, impacts.length - 1)]?.t ?? 0
  const inside = Array.from(t.keys()).filter((i) => t[i] <= end)
  const tight = stepBarriers
    .map((name, i) => ({ name, i, value: Math.min(...inside.map((k) => barriers[k][i])) }))
    .sort((a, b) => a.value - b.value)
    .slice(0, closeTones.length)
  const svg = linePlot({
    id: 'barriers',
    label: 'the closest barriers over time',
    axes: ['s', 'barrier over its scale'],
    range: [0, 1.5],
    lines: tight.map(({ i }, k) => ({
      curve: inside.filter((_, m) => m % 4 === 0).map((m) => [t[m], barriers[m][i]] as const),
      tone: closeTones[k][0],
      weight: 1.4,
    })),
    rules: [{ at: 0, name: 'limit' }],
  })
  const names = tight.map(({ name }, k) => `${closeTones[k][1]}: ${name}`).join('; ')
  return {
    title: 'The closest barriers along the walk',
    svg,
    caption: `The first six steps, ${scenario.name}. ${names}.`,
  }
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

function notes({ limits, training, walk, start }: BipedRecipe, weights: number) {
  return [
    {
      title: 'The machine',
      text: 'RABBIT (Chevallereau et al. 2003): torso 12 kg, thighs 6.8 kg, shins 3.2 kg, legs of 0.8 m. Equations of motion from its energies by differentiation of their graph; impacts are rigid and perfectly plastic, and exchange the legs. The inertia of the rotors is left out, and the motors are ideal.',
    },
    {
      title: 'The gait',
      text: `Functions of the direction of the stance leg: polynomials of degree 6 and a network of ${start.hidden ?? 0} units that is added to them, ${weights} numbers, which survive the impact exactly whatever they are (Westervelt, Grizzle & Koditschek 2003). They are trained on the two-dimensional zero dynamics with conditions along the flow, before and after impacts, as in Neural Gaits (Rodriguez, Csomay-Shanklin, Yue & Ames 2022), for energies up to ${readable(100 * training.surplus)} % from the orbit’s. Neural Gaits learns the surviving of impacts too.`,
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
