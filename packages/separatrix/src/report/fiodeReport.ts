import type { FiodeResult, Judged } from '../study/fiode/fiodeStudy.js'
import type { FiodeRecipe } from '../study/fiode/recipe.js'
import { duration, readable, roundedUp } from './format.js'
import { type Line, linePlot } from './linePlot.js'
import { type PageFigure, renderPage } from './page.js'
import { trainingFigure } from './trainingFigure.js'

const inHundred = (share: number) => readable(100 * share, 3)
const percent = (share: number) => `${inHundred(share)} %`

/** Of the models in their order: the flow on the simplex, then those of the study `lyanet`. */
const tones = ['proved', 'faint', 'lost', 'quiet', 'compared'] as const

/** The report of the FI-ODE study, one self-contained page. */
export function fiodeReport(recipe: FiodeRecipe, result: FiodeResult): string {
  const { models, contradictions, longestStep, evaluations, certificationTime } = result
  const { radii, attacked, effort } = recipe
  const [own, ...others] = models
  const k = Math.max(0, radii.indexOf(0.25))
  const rival = others.reduce((a, b) => (b.attacked[k] > a.attacked[k] ? b : a))
  return renderPage({
    title: 'A classifier whose decisions are proved',
    lead: 'The state η lives on the simplex of ten classes, starts at its centre, and flows by rates that a network reads from the image. A Lyapunov condition on the boundaries between classes trains it, without solving; the same condition, proved on all of each boundary and for all images in a ball, certifies that no image of the ball is told otherwise.',
    verdict: {
      word: `${percent(own.certified[k])} certified at ℓ₂ ${readable(radii[k], 2)}`,
      good: contradictions === 0,
      statement: `An attack leaves ${percent(own.attacked[k])}, so the truth lies in between. The best of the others under the same attack, ${rival.name}, is left with ${percent(rival.attacked[k])}, and certified for ${percent(Math.max(...others.map((m) => m.certified[k])))}. ${contradictions === 0 ? 'No certified image was lost to an attack.' : `${contradictions} certified images were lost to an attack: a defect.`}`,
    },
    numbers: [
      { value: percent(own.test), what: 'test accuracy of the flow on the simplex, of 797 images' },
      {
        value: readable(evaluations / attacked, 3),
        what: 'evaluations of the network for each certified radius, where a grid of pitch 1/40 has 41 million points',
      },
      {
        value: readable(roundedUp(own.lipschitz, 6), 6),
        what: 'proved Lipschitz constant of the scores, in state and image together',
      },
    ],
    hero: radiusFigure(recipe, models),
    figures: [
      neighboursFigure(result),
      decayFigure(recipe, result),
      contractionFigure(result),
      {
        title: 'Training',
        svg: trainingFigure(result, {
          id: 'fiode-training',
          label: 'violation of the condition over training',
        }),
        caption:
          'Mean violation of V̇ ≤ −κV on random samples. It starts on the whole simplex and moves to the decision boundaries over the first fifth of the steps.',
      },
    ],
    table: {
      head: [
        'certified / attacked, %',
        'test',
        ...radii.map((r) => `ℓ₂ ${readable(r, 2)}`),
        'L',
        'trained in',
      ],
      rows: models.map((m) => [
        m.name,
        percent(m.test),
        ...radii.map((_, i) => `${inHundred(m.certified[i])} / ${inHundred(m.attacked[i])}`),
        readable(roundedUp(m.lipschitz, 4), 4),
        duration(m.trainingTime),
      ]),
    },
    notes: [
      {
        title: 'What is proved',
        text: `For an image x with label y and every image x′ with |x′ − x|₂ < r: on the whole face where η_y = ηᵢ are the largest entries, the label’s score is above the rival’s, for each rival. At equal η both rates have the same barrier and the projection onto the simplex keeps their order, so the flow cannot leave {η_y ≥ all others}; it starts at the centre and is strictly inside at once, at all times, in exact arithmetic. The same holds for the Runge–Kutta steps that are evaluated: they are convex combinations of Euler steps of ${readable(recipe.flow.step, 3)}, shorter than ${readable(longestStep, 3)}. Bounds of the network’s constant, of the balls that cover the faces and of the evaluation’s rounding are taken outward. Pixels may leave [0, 1].`,
      },
      {
        title: 'How',
        text: `The scores N([βη; x]) have orthogonal layers (Cayley transforms of skew matrices) with GroupSort, so that their constant L is proved to be at most ${readable(roundedUp(own.lipschitz, 6), 6)} in βη and x together. A ball of radius ρ about p covers a part of a face; r² = (m/(√2 L))² − ρ² with m the difference of scores at p, and the ball with the least r is halved. All vertices of a face are equally far from one point, so one ball a face is a start. ${attacked} images took ${duration(certificationTime)}.`,
      },
      {
        title: 'The attack',
        text: `Projected gradient ascent of the cross entropy through all Runge–Kutta steps and the projection: ${effort.steps} steps of 2.5 ε/${effort.steps} from ${effort.restarts} random starts, pixels within [0, 1], on the first ${attacked} test images. What survives is an upper bound of what is robust, what is certified a lower one.`,
      },
      {
        title: 'The others',
        text: `The models of the study “lyanet”, trained as there. Their certified accuracy is what the product of their layers’ norms proves, margin/(√2 L): the column L says how little that is for networks that were not built for it.`,
      },
      {
        title: 'What is as in the paper, and what is not',
        text: 'Huang, Rodriguez, Zhang, Shi & Yue, “FI-ODE: Certifiably robust forward invariance in neural ODEs”, 2023: the simplex, V = 1 + max ηᵢ − η_y, barriers kept by a quadratic program, orthogonal layers, sampling that moves to the decision boundary. There faces are covered by a grid, bounds are taken through the quadratic program and in single precision; here the program’s monotonicity makes them unnecessary. The digits are 8×8, 1,000 to train.',
      },
    ],
  })
}

function radiusFigure({ radii }: FiodeRecipe, models: readonly Judged[]): PageFigure {
  const curve = (first: number, shares: readonly number[]) =>
    [[0, first], ...radii.map((r, k) => [r, shares[k]] as const)] as const
  const [own, ...others] = models
  return {
    title: 'Accuracy against the radius of a perturbation',
    svg: linePlot({
      id: 'fiode-radius',
      label: 'certified and attacked accuracy against the radius in ℓ₂',
      axes: ['ℓ₂ radius', 'share of images'],
      range: [0, 1],
      lines: [
        ...others.map(
          (m, k): Line => ({
            curve: curve(m.clean, m.attacked),
            tone: tones[k + 1],
            dashed: true,
            weight: 1.3,
          }),
        ),
        { curve: curve(own.clean, own.attacked), tone: 'proved', dashed: true, name: 'attacked' },
        { curve: curve(own.clean, own.certified), tone: 'proved', weight: 2.6 },
      ],
    }),
    caption: `Teal: the flow on the simplex, certified (solid) and under attack (dashed). Under the same attack: residual network (light grey), neural ODE (red), LyaNet by Monte-Carlo (grey) and along trajectories (ochre); of these at most ${percent(Math.max(...others.flatMap((m) => m.certified)))} is certified at any of the radii.`,
  }
}

function neighboursFigure({ neighbours: { label, radius, own, others } }: FiodeResult): PageFigure {
  return {
    title: 'Trajectories of perturbed inputs',
    svg: linePlot({
      id: 'fiode-neighbours',
      label: 'lead of the label along trajectories of perturbed images',
      axes: ['t', 'η_y − max ηᵢ'],
      lines: [
        ...others.map((curve): Line => ({ curve, tone: 'compared', weight: 0.9 })),
        { curve: own, tone: 'proved', weight: 2.4 },
      ],
      rules: [{ at: 0, name: 'another class' }],
    }),
    caption: `The lead of the label over the next class, for a test image of a ${label} (teal) and for images at its certified distance of ${readable(radius, 3)} (ochre): in eight random directions, and against each rival where its score gains most. None comes to 0 after the start: proved, for all images of the ball.`,
  }
}

function decayFigure({ rate }: FiodeRecipe, { decay }: FiodeResult): PageFigure {
  const bound: Line = {
    curve: decay[0].map(([t]) => [t, Math.exp(-rate * t)] as const),
    tone: 'ink',
    dashed: true,
    name: 'V(0)e^(−κt)',
  }
  return {
    title: 'V along trajectories of test images',
    svg: linePlot({
      id: 'fiode-decay',
      label: 'V along trajectories',
      axes: ['t', 'V'],
      lines: [
        { curve: decay[0], tone: 'proved' },
        { curve: decay[1], tone: 'proved', dashed: true, weight: 1 },
        bound,
      ],
    }),
    caption: `V = 1 + max ηᵢ − η_y, 1 at the centre and on every decision boundary, 0 where the label has everything. Median over 100 images (solid) and 90 % quantile (dashed); below the bound it falls at least at the trained rate κ = ${readable(rate, 3)}.`,
  }
}

function contractionFigure({ contraction }: FiodeResult): PageFigure {
  return {
    title: 'Contraction over the simplex',
    svg: linePlot({
      id: 'fiode-contraction',
      label: 'matrix measure of the Jacobian over the simplex',
      axes: ['share of the way from the centre to the boundary', 'matrix measure'],
      lines: [
        { curve: contraction[0], tone: 'proved' },
        { curve: contraction[1], tone: 'proved', dashed: true, weight: 1 },
      ],
      rules: [{ at: 0, name: 'no contraction' }],
    }),
    caption:
      'Matrix measure of ∂v/∂η in the Euclidean norm within the simplex, at 100 random points at each distance: median (solid) and maximum (dashed). Below 0 the trajectories of one image would draw together; the certificate does not ask for that.',
  }
}
