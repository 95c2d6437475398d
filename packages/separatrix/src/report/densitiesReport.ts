import { drawPoints, type Flow, samplePaths } from '@separatrix/flows'
import { type DensityResult, datasetOf, flowOf, type Learned } from '../study/densities/densityStudy.js'
import type { DensitiesRecipe, DensityRecipe } from '../study/densities/recipe.js'
import { densityPicture } from './densityPicture.js'
import { readable } from './format.js'
import { gapFigure } from './gapFigure.js'
import { motionPicture } from './motionPicture.js'
import { type PageFigure, renderPage } from './page.js'

/** What a model may be above the entropy, in nats. */
const goal = 0.05

/** The report of the study of densities, one self-contained page. */
export async function densitiesReport(
  recipe: DensitiesRecipe,
  results: readonly DensityResult[],
): Promise<string> {
  const all = results.flatMap(({ name, learned }) => learned.map((l) => ({ name, ...l })))
  const within = all.filter(({ gap }) => gap <= goal)
  const worst = all.reduce((a, b) => (b.gap > a.gap ? b : a))
  const below = all.reduce((a, b) => (b.gap / b.standardError < a.gap / a.standardError ? b : a))
  const figures: PageFigure[] = []
  for (const result of results) figures.push(...(await pictures(result, recipe)))
  return renderPage({
    title: 'Densities of the plane',
    lead: 'One network as the velocity of a flow, and three ways to train it: by flow matching, which needs no solve; by maximum likelihood through the solver, from random weights; and by maximum likelihood from where matching came to. The data have densities that are known, so that a model can be held against the truth: the mean of −log p of the model over fresh points is the entropy of the data and what the model lacks, its relative entropy.',
    verdict: {
      word:
        within.length === all.length
          ? 'Within .05 nats'
          : `${within.length} of ${all.length} within .05 nats`,
      good: within.length === all.length,
      statement: `The farthest from the entropy is ${worst.name} by ${worst.way}, by ${nats(worst)}. None can be below it; the lowest is ${readable(below.gap / below.standardError, 2)} standard errors above.`,
    },
    numbers: results.map(({ name, entropy, learned }) => ({
      value: readable(Math.min(...learned.map((l) => l.gap)), 2),
      unit: 'nats',
      what: `${name}: least above its entropy of ${readable(entropy, 4)}`,
    })),
    hero: {
      title: 'What models lack',
      svg: gapFigure(results, goal),
      caption: `Petrol: flow matching; ochre: maximum likelihood from random weights; black: maximum likelihood from the matched weights. Bars are two standard errors either side, over ${readable(recipe.tested)} fresh points; dashed, the goal.`,
    },
    figures,
    table: {
      head: ['density, way', 'above the entropy', 'standard error', 'steps', 'processor time'],
      rows: all.map(({ name, way, gap, standardError, steps, seconds }) => [
        `${name}, ${way}`,
        readable(gap, 2),
        readable(standardError, 1),
        readable(steps),
        `${readable(seconds, 2)} s`,
      ]),
    },
    notes: notes(recipe),
  })
}

const nats = ({ gap, standardError }: Learned) => `${readable(gap, 2)} ± ${readable(standardError, 1)} nats`

/** The densest a picture shows is [−half, half]². */
const half = 4.5

/** Density and samples beside the truth, and samples on their way. */
async function pictures(result: DensityResult, recipe: DensitiesRecipe): Promise<PageFigure[]> {
  const density = recipe.densities.find((d) => d.name === result.name) as DensityRecipe
  const target = datasetOf(density)
  const best = result.learned.reduce((a, b) => (b.gap < a.gap ? b : a))
  const flow = flowOf(best, density, recipe)
  const batched = flow.batched({ backend: 'wasm' })
  const id = `density-${result.name}`
  const svg = await densityPicture({
    id,
    label: `${result.name}: true and learned density, and samples of both`,
    half,
    truth: {
      logProb: (points) => Promise.resolve(Float64Array.from(points, (x) => target.logProb(x))),
      samples: drawPoints(target, { count: 1500, seed: recipe.seed + 5 }),
    },
    model: {
      logProb: (points) => batched.logProb(points),
      samples: await batched.sample(1500, recipe.seed + 6),
    },
  })
  return [
    {
      title: `${result.name}: the truth above, the model below`,
      svg,
      caption: `By ${best.way}, ${nats(best)} above the entropy. Densities are black where they reach the 99th percentile of the truth.`,
    },
    {
      title: `${result.name}: samples on their way`,
      svg: motionPicture({
        label: `${result.name}: samples move from a normal distribution to the learned one`,
        half,
        tracks: await tracks(flow, recipe.seed + 7),
        drawn: 60,
        stills: 5,
      }),
      caption:
        'Four hundred samples of the normal distribution carried by the learned velocity; sixty of their trajectories. Below, five times on the way.',
    },
  ]
}

/** Trajectories of samples, each as the points of its frames. */
async function tracks(flow: Flow, seed: number): Promise<[number, number][][]> {
  const { x } = await samplePaths(flow, { count: 400, seed, backend: 'wasm' })
  const [frames, count] = x.shape
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: frames }, (_v, k): [number, number] => [x.get(k, i, 0), x.get(k, i, 1)]),
  )
}

function notes({ batch, epsilon, tested }: DensitiesRecipe) {
  return [
    {
      title: 'Flow matching',
      text: `Independent pairs, ${batch} a step, in mirrored twos: with (x₀, x₁) also (−x₀, x₁), which takes out most of the noise close to t = 1. Times are 1 − εᵁ with ε = ${epsilon}, so that every scale of 1 − t counts alike: that is the weight of the likelihood.`,
    },
    {
      title: 'The network',
      text: 'A perceptron on waves of the place that fade in as t → 1, as fast as the path lets structure of their wavelength arise, and on exponentials of 1 − t. Frequencies are fixed.',
    },
    {
      title: 'Maximum likelihood',
      text: `Fresh points at every step, ${batch} of them, solved back by the classical Runge–Kutta method in equal steps of the time s of t = 1 − (1 − s)², with exact traces, and differentiated through these steps. Early stages take few steps; later ones more, since a likelihood of coarse steps can be had without one of the flow. Thin and sharp densities have RNODE’s penalty on kinetic energy and Jacobians until the last stage, for the same reason.`,
    },
    {
      title: 'Judging',
      text: `The mean of log p − log q over ${readable(tested)} points of p that no training saw, q by the method of Dormand and Prince to 1e−5 with exact traces. Its mean is the relative entropy, its error much smaller than that of −log q alone.`,
    },
    {
      title: 'Data',
      text: 'As Grathwohl et al., ICLR 2019, draw them; log-densities and entropies in closed form or by quadrature.',
    },
    {
      title: 'Again',
      text: 'The study depends on its recipe alone. Results that stand in its folder are taken from there; remove them to train anew.',
      code: 'separatrix study densities',
    },
  ]
}
