import type { RegionResult, SizedLoop } from '../study/regionStudy.js'
import { boxesFigure } from './boxesFigure.js'
import { duration, readable, roundedDown } from './format.js'
import { type PageFigure, renderPage } from './page.js'
import { drawRegions } from './regionPictures.js'

/** Trained regions beside the regulators' and the published ones: a picture for each plane, a table for all. */
export async function regionsReport(results: readonly RegionResult[]): Promise<string> {
  const figures = (
    await Promise.all(results.filter((r) => r.recipe.domain.length === 2).map(pictures))
  ).flat()
  const [hero, ...rest] = figures
  const isProved = results.every((r) => r.trained.outcome.kind === 'proved')
  const factors = results.map(({ regulator, trained }) => trained.size / regulator.size)
  return renderPage({
    title: 'Controllers trained together with their proofs',
    lead: 'A regulator starts; then controller and Lyapunov function are trained together so that the proved region grows. What is proved: every state of a region comes to rest at the origin.',
    verdict: {
      word: isProved ? 'Proved' : 'Not all proved',
      good: isProved,
      statement: `Each trained region is larger than its regulator's, by factors of ${factors.map((f) => readable(f, 3)).join(', ')}.`,
    },
    numbers: results.map(({ recipe, trained }) => ({
      value: readable(trained.size),
      what: `${recipe.name} (${recipe.domain.length === 2 ? 'area' : 'volume'}, measured; published: ${recipe.published})`,
    })),
    hero,
    figures: rest,
    table: {
      head: ['', 'size', 'level', 'boxes', 'proved in', 'checked in', 'trained in'],
      rows: results.flatMap(({ recipe, regulator, trained, trainingTime }) => [
        row(`${recipe.name}: regulator`, regulator, '–'),
        row(`${recipe.name}: trained`, trained, duration(trainingTime)),
      ]),
    },
    notes: [
      {
        title: 'What the published figures are',
        text: 'Areas of verified sublevel sets of Yang et al., “Lyapunov-stable neural control”, ICML 2024, computed from their published weights: the same plant, box and limits of the input, in discrete time with a step of 0.05 s, with a hole about the origin and in single precision. The sets here are proved in continuous time, with the origin and with rounding.',
      },
      {
        title: 'What is not limited',
        text: 'The thrusts of the quadrotor: its controller is linear, and its set an ellipsoid in six states. Sizes are measured on a grid or computed from the ellipsoid; levels are what is proved.',
      },
    ],
  })
}

function row(name: string, { outcome, size, checked }: SizedLoop, training: string): string[] {
  if (outcome.kind !== 'proved') return [name, outcome.kind, '', '', '', '', training]
  return [
    name,
    readable(size),
    readable(roundedDown(outcome.level, 5), 5),
    readable(outcome.stats.leaves),
    duration(outcome.milliseconds),
    duration(checked),
    training,
  ]
}

async function pictures({ recipe, regulator, trained }: RegionResult): Promise<PageFigure[]> {
  const { portrait, regions } = await drawRegions({
    field: trained.loop,
    domain: recipe.domain,
    axes: recipe.plant.stateNames,
    regions: [
      { name: 'trained', V: trained.V, level: trained.outcome.level, emphasis: 'proved' },
      { name: 'regulator', V: regulator.V, level: regulator.outcome.level, emphasis: 'compared' },
    ],
    simulation: { time: 20, rtol: 1e-8, atol: 1e-10 },
  })
  const [x, y] = recipe.plant.stateNames
  return [
    {
      title: recipe.name,
      svg: portrait,
      caption:
        'Arrows and trajectories: the trained loop. Both sets are proved, each for its own loop. Red trajectories do not reach the origin within 20 s.',
    },
    boxesFigure(trained.outcome, { domain: recipe.domain, axes: [x, y], region: regions[0] }),
  ]
}
