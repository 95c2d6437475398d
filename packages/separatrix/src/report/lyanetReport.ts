import { perturbation } from '../study/lyanet/diagnostics.js'
import { rate } from '../study/lyanet/losses.js'
import type { ModelResult } from '../study/lyanet/lyanetStudy.js'
import type { LyanetRecipe } from '../study/lyanet/recipe.js'
import { duration, readable } from './format.js'
import { type Line, linePlot } from './linePlot.js'
import { type PageFigure, renderPage } from './page.js'

const percent = (share: number) => `${readable(100 * share, 3)} %`

const tones = ['faint', 'lost', 'proved', 'compared'] as const
/** The same in words, for captions. */
const legend = 'Teal: Monte-Carlo; ochre: path integral; red: neural ODE'

/** The report of the LyaNet study, one self-contained page. */
export function lyanetReport(recipe: LyanetRecipe, models: readonly ModelResult[]): string {
  const { attacks, attacked, effort } = recipe
  const strongest = (norm: string) => attacks.findIndex((a) => a.norm === norm && a.radius > 0.05)
  const best = (k: number) => models.reduce((a, b) => (b.robust[k] > a.robust[k] ? b : a))
  const k = strongest('l∞')
  const winner = best(k)
  return renderPage({
    title: 'Classifiers that are stable by training',
    lead: 'A flow η′ = f(η, x) reads a digit when its state settles at the right answer. LyaNet trains it by a pointwise condition, that the cross entropy V falls at the rate κ, at random states and without solving; a neural ODE is trained through its solver.',
    verdict: {
      word: `${percent(winner.robust[k])} at ℓ∞ ${readable(attacks[k].radius, 2)}`,
      good: winner.name.startsWith('LyaNet'),
      statement: `The most robust of the four there is: ${winner.name}. Survivors of an attack are an upper bound; nothing is proved here.`,
    },
    numbers: models.map(({ name, test, training }) => ({
      value: percent(test),
      what: `${name}: test accuracy (training ${percent(training)})`,
    })),
    hero: decayFigure(models),
    figures: [
      satisfiedFigure(models),
      perturbedFigure(models),
      attackFigure('l∞', recipe, models),
      attackFigure('l₂', recipe, models),
    ],
    table: {
      head: [
        '',
        'test',
        'attacked',
        ...attacks.map((a) => `${a.norm} ${readable(a.radius, 2)}`),
        'trained in',
      ],
      rows: models.map((m) => [
        m.name,
        percent(m.test),
        percent(m.clean),
        ...m.robust.map(percent),
        duration(m.trainingTime),
      ]),
    },
    notes: [
      {
        title: 'The attack',
        text: `Projected gradient ascent of the cross entropy on the exact gradient of what is evaluated: ${effort.steps} steps of 2.5 ε/${effort.steps}, so that a ball can be crossed, from ${effort.restarts} random starts, within pixels in [0, 1], on the first ${attacked} test images. Every iterate counts. (The published attack takes 10 steps of 2/255 in an ℓ₂ ball of 127/255, which it cannot cross.)`,
      },
      {
        title: 'What is as in the paper, and what is not',
        text: `Rodriguez, Ames & Yue, ICML 2022: κ = ln(15√10) = ${readable(rate, 4)}, states uniform in direction and in radius up to 15√10, the curriculum along trajectories. The digits are 8×8 (1,000 to train, 797 to test), the network is small and Adam takes the place of Nero.`,
      },
    ],
  })
}

function decayFigure(models: readonly ModelResult[]): PageFigure {
  const flows = models.map((m, k) => [m, tones[k]] as const).filter(([m]) => m.decay !== undefined)
  const bound: Line = {
    curve: Array.from({ length: 41 }, (_, i) => [i / 40, Math.log(10) * Math.exp((-rate * i) / 40)]),
    name: 'V(0)e^(−κt)',
    tone: 'ink',
    dashed: true,
  }
  const lines = flows.flatMap(([{ decay = [] }, tone]): Line[] => [
    { curve: decay[0].filter(([, v]) => v > 1e-6), tone },
    { curve: decay[1], tone, dashed: true, weight: 1 },
  ])
  return {
    title: 'V along trajectories of test images',
    svg: linePlot({
      id: 'decay',
      label: 'cross entropy along trajectories',
      axes: ['t', 'V'],
      logarithmic: true,
      lines: [...lines, bound],
    }),
    caption: `${legend}. Median over 100 images (solid, cut at 10⁻⁶) and 90 % quantile (dashed). Below the bound V(0)e^(−κt) the state settles at least at the rate κ.`,
  }
}

function perturbedFigure(models: readonly ModelResult[]): PageFigure {
  return {
    title: 'Trajectories of perturbed inputs',
    svg: linePlot({
      id: 'perturbed',
      label: 'cross entropy along trajectories of one image, perturbed',
      axes: ['t', 'V'],
      logarithmic: true,
      lines: models.flatMap(({ perturbed = [] }, k) =>
        perturbed.map(
          (curve): Line => ({ curve: curve.filter(([, v]) => v > 1e-6), tone: tones[k], weight: 1 }),
        ),
      ),
    }),
    caption: `${legend}. V along the flow of one test image whose pixels were all moved by ${perturbation}, up or down, twelve times (cut at 10⁻⁶). At log 2 or above the label need not lead.`,
  }
}

function satisfiedFigure(models: readonly ModelResult[]): PageFigure {
  return {
    title: 'Where the condition holds in the state space',
    svg: linePlot({
      id: 'contraction',
      label: 'share of states where V falls at the rate',
      axes: ['|η|', 'share'],
      range: [0, 1],
      lines: models.flatMap((m, k): Line[] =>
        m.satisfied === undefined ? [] : [{ curve: m.satisfied, tone: tones[k] }],
      ),
    }),
    caption: `${legend}. Share of random states at distance |η| from 0, with images of the test, where V̇ ≤ −κV. Training through a solver asks for nothing off its trajectories.`,
  }
}

function attackFigure(norm: string, { attacks }: LyanetRecipe, models: readonly ModelResult[]): PageFigure {
  const chosen = attacks.map((a, k) => [a.radius, k] as const).filter(([, k]) => attacks[k].norm === norm)
  return {
    title: `Accuracy under attack in ${norm}`,
    svg: linePlot({
      id: norm === 'l∞' ? 'cube' : 'ball',
      label: `accuracy against the radius of an attack in ${norm}`,
      axes: ['radius', 'share told right'],
      range: [0, 1],
      lines: models.map(
        (m, k): Line => ({
          curve: [[0, m.clean], ...chosen.map(([radius, i]) => [radius, m.robust[i]] as const)],
          tone: tones[k],
        }),
      ),
    }),
    caption: `${legend}; grey: residual network. Pixels in [0, 1]; radii ${chosen.map(([radius]) => readable(radius, 2)).join(', ')}.`,
  }
}
