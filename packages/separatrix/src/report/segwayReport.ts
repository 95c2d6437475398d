import { ellipsoidMap, shadow } from '../study/ellipsoid.js'
import type { SegwayRecipe } from '../study/segwayRecipe.js'
import type { HeldSet, SegwayResult } from '../study/segwayStudy.js'
import { duration, readable } from './format.js'
import { type Line, linePlot } from './linePlot.js'
import { type PageFigure, renderPage } from './page.js'
import { type PlaneCurve, planePlot } from './planePlot.js'
import { trainingFigure } from './trainingFigure.js'

const names = { phi: 'lean φ (rad)', v: 'speed v (m/s)', omega: 'rate ω (rad/s)' } as const

/** The report of the segway study, one self-contained page. */
export function segwayReport(recipe: SegwayRecipe, result: SegwayResult): string {
  const { regulator, trained, training, trainingTime } = result
  const isProved = trained.verdict.kind === 'proved'
  const { count } = trained.kept
  return renderPage({
    title: 'A segway that cannot be led astray by its sensors',
    lead: `Lean, speed and rate of turning are each measured with an error of up to ${recipe.error}, whatever it does in time. A network and a set of states were trained together so that no such error can lead the segway out of the set; then that was proved.`,
    verdict: {
      word: isProved ? 'Proved' : 'Not proved',
      good: isProved,
      statement: isProved
        ? `Every state that starts in the trained set stays in it for all time, under every error of measurement of up to ${recipe.error} in each state.`
        : trained.verdict.message,
    },
    numbers: [
      {
        value: `${readable(count - trained.kept.left)} of ${readable(count)}`,
        what: `solutions from the boundary of the trained set that stayed inside, under the error that pushes hardest (the regulator's set: ${readable(regulator.kept.count - regulator.kept.left)})`,
      },
      {
        value: readable(trained.volume, 3),
        what: `volume of the trained set (the regulator's: ${readable(regulator.volume, 3)})`,
      },
      {
        value: readable(training.rounds.length),
        what: `rounds of training, ${readable(training.points.length)} of them followed by a failed proof whose place the next one learnt from`,
      },
    ],
    hero: plane(recipe, result, [0, 2]),
    figures: [plane(recipe, result, [0, 1]), levels(result), losses(result)],
    table: {
      head: ['', 'verdict', 'boxes', 'proved in', 'checked in', 'volume', 'greatest |u|', 'left the set'],
      rows: [row('regulator', regulator), row(`trained, in ${duration(trainingTime)}`, trained)],
    },
    notes: [
      {
        title: 'What is proved',
        text: `${isProved ? 'V̇ < 0 on the whole boundary {V = 1}, for every value of the errors, in interval arithmetic with outward rounding; so no solution leaves {V ≤ 1} (Nagumo). ' : ''}Nothing is claimed about where in the set a solution goes: an error that does not vanish keeps it from coming to rest. Simulations prove nothing; they are here to find fault with what was not proved.`,
      },
      {
        title: 'The setting',
        text: `Plant, box (|φ| ≤ π/12, |v|, |ω| ≤ 1.5) and regulator (Q = 10·I, R = 1) are those of Huang et al., “FI-ODE”, 2023, who train against shifts of the sampled states of up to 0.02 and certify a shell without errors. The regulator's set is the largest sublevel set of its cost within the box. The voltage is not limited.`,
      },
    ],
  })
}

function row(name: string, { verdict, milliseconds, checked, volume, input, kept }: HeldSet): string[] {
  const isProved = verdict.kind === 'proved'
  return [
    name,
    verdict.kind,
    readable(verdict.stats.boxes),
    isProved ? duration(milliseconds) : '–',
    isProved ? duration(checked) : '–',
    readable(volume, 3),
    readable(input, 3),
    `${readable(kept.left)} of ${readable(kept.count)}`,
  ]
}

function plane(
  { domain, plant }: SegwayRecipe,
  { regulator, trained }: SegwayResult,
  [i, j]: readonly [number, number],
): PageFigure {
  const label = (k: number) => names[plant.stateNames[k] as keyof typeof names]
  const paths = ({ kept }: HeldSet, tone: PlaneCurve['tone']): PlaneCurve[] =>
    kept.paths.map((path) => ({ curve: path.map((x) => [x[i], x[j]] as const), tone, weight: 0.9 }))
  const outline = ({ V }: HeldSet) => shadow(ellipsoidMap(V), [i, j])
  return {
    title: `The sets: ${label(i)} and ${label(j)}`,
    svg: planePlot({
      id: `plane-${i}-${j}`,
      label: `shadows of the two sets on the plane of ${label(i)} and ${label(j)}`,
      axes: [label(i), label(j)],
      domain: [domain[i], domain[j]],
      curves: [
        { curve: outline(trained), tone: 'proved', isFilled: true, weight: 2 },
        ...paths(trained, 'quiet'),
        ...paths(regulator, 'lost'),
        { curve: outline(regulator), tone: 'compared', dashed: true, weight: 2 },
      ],
    }),
    caption:
      'Shadows of the trained set (filled) and of the regulator’s (dashed), and solutions from their boundaries under the error that raises V most at each moment: grey with the trained network, red with the regulator. The frame is the box.',
  }
}

function levels({ regulator, trained }: SegwayResult): PageFigure {
  const curves = ({ kept }: HeldSet, name: string, tone: Line['tone']): Line[] =>
    [0, 1, 2].map((k) => ({
      curve: kept.spread.map((values, i) => [kept.times[i], values[k]] as const),
      tone,
      weight: k === 1 ? 2 : 1,
      dashed: k !== 1,
      ...(k === 2 && { name }),
    }))
  return {
    title: 'V along solutions from the boundary',
    svg: linePlot({
      id: 'levels',
      label: 'least, median and greatest V over all simulated solutions, over time',
      axes: ['time (s)', 'V'],
      lines: [...curves(trained, 'trained', 'proved'), ...curves(regulator, 'regulator', 'lost')],
      logarithmic: true,
      rules: [{ at: 1, name: 'boundary' }],
    }),
    caption: `Least, median and greatest V over ${readable(trained.kept.count)} solutions, each under the error that raises its V most. Those above 1 are outside of their set.`,
  }
}

function losses({ training }: SegwayResult): PageFigure {
  const all = Float64Array.from(training.rounds.flatMap((r) => Array.from(r.losses)))
  return {
    title: 'Training, round after round',
    svg: trainingFigure({ losses: all }, { id: 'rounds', label: 'loss over the steps of all rounds' }),
    caption: `${training.message}. The loss is the mean violation among the worst of eight draws, plus what leaves the box, less a reward for volume, which may make it negative.`,
  }
}
