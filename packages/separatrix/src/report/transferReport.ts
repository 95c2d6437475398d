import type { Architecture, TransferRecipe } from '../study/transferRecipe.js'
import type { TransferRun } from '../study/transferStudy.js'
import { bestRuns, type ContenderSummary, summarise } from '../study/transferSummary.js'
import { readable } from './format.js'
import { type PageFigure, renderPage } from './page.js'
import { transferFigure } from './transferFigure.js'

/** Optimisers whose steps know layers; the others are what they are compared with. */
const aware: ReadonlySet<string> = new Set(['Fromage', 'Nero', 'AGD'])

const percent = (share: number) => `${readable(100 * share, 3)} %`

/** The report of the transfer study, one self-contained page. */
export function transferReport(recipe: TransferRecipe, runs: readonly TransferRun[]): string {
  const summaries = summarise(runs)
  const [plainBest, awareBest] = [false, true].map((wanted) =>
    summaries
      .filter((s) => aware.has(s.name) === wanted)
      .reduce((a, b) => (b.worstTraining > a.worstTraining ? b : a)),
  ) as [ContenderSummary, ContenderSummary]
  const good = awareBest.worstTraining > plainBest.worstTraining
  const count = bestRuns(runs).length
  return renderPage({
    title: 'One learning rate for networks of all sizes',
    lead: `Networks of ${span(recipe.depths, 'depth')} layers and of ${span(recipe.widths, 'width')} units learn to read handwritten digits, each with every optimiser at every rate. An optimiser whose steps are measured per layer should need one rate only.`,
    verdict: {
      word: good ? `${awareBest.name} transfers` : 'No advantage here',
      good,
      statement: `With one ${awareBest.rate === undefined ? 'setting' : `rate (${awareBest.rate})`} for all ${count} networks ${awareBest.name} tells at least ${percent(awareBest.worstTraining)} of the training digits right; ${plainBest.name} at its best single rate (${plainBest.rate}) ${percent(plainBest.worstTraining)}.`,
    },
    numbers: summaries.map((s) => ({
      value: percent(s.worstTraining),
      what: `${s.name}${s.rate === undefined ? ', which has no rate' : ` at ${s.rate}`}: worst training accuracy over all networks`,
    })),
    hero: sweepFigure('depth', recipe.depths, runs),
    figures: [sweepFigure('width', recipe.widths, runs)],
    table: table(recipe, runs, summaries),
    notes: notes(recipe),
  })
}

const span = (list: readonly Architecture[], what: keyof Architecture) =>
  `${list[0]?.[what]} to ${list.at(-1)?.[what]}`

function sweepFigure(
  what: keyof Architecture,
  sweep: readonly Architecture[],
  runs: readonly TransferRun[],
): PageFigure {
  const fixed = what === 'depth' ? `width ${sweep[0]?.width}` : `depth ${sweep[0]?.depth}`
  return {
    title: `Loss after training against the rate, by ${what}`,
    svg: transferFigure({
      id: what,
      label: `training loss against learning rate for networks of growing ${what}`,
      runs,
      sweep,
      grows: (a) => String(a[what]),
    }),
    caption: `Stronger curves are ${what === 'depth' ? 'deeper' : 'wider'} networks (${sweep.map((a) => a[what]).join(', ')}; ${fixed}). A dot marks the best rate of each: dots above one another mean that the rate carries over. A loss of 2.3 is guessing.`,
  }
}

function table(
  { depths, widths }: TransferRecipe,
  runs: readonly TransferRun[],
  summaries: readonly ContenderSummary[],
) {
  const columns = [
    ...depths,
    ...widths.filter((w) => depths.every((d) => d.width !== w.width || d.depth !== w.depth)),
  ]
  const name = ({ depth, width }: Architecture) => `${depth} × ${width}`
  return {
    head: ['best rate (test accuracy), layers × units', ...columns.map(name), 'spread'],
    rows: summaries.map((s) => {
      const best = bestRuns(runs.filter((r) => r.contender === s.name))
      const cells = columns.map((a) => {
        const run = best.find((r) => name(r.architecture) === name(a))
        if (run === undefined) return '–'
        return `${run.rate ?? '–'} (${percent(run.test)})`
      })
      return [s.name, ...cells, s.rate === undefined ? '–' : `${readable(s.spread, 2)}×`]
    }),
  }
}

function notes({ batch, epochs, seed }: TransferRecipe) {
  return [
    {
      title: 'What was done',
      text: `Perceptrons with √2·relu and no biases, cross entropy, ${epochs} epochs of batches of ${batch}, the first 1,000 digits to train and 797 to test, every image scaled to length 8, seed ${seed}, no schedule, single precision on vectors. The loss is the mean of the last epoch. SGD has momentum 0.9; AGD has no rate, and starts orthogonal.`,
    },
    {
      title: 'What the authors measured',
      text: 'Fromage (Bernstein, Vahdat, Yue & Liu 2020), MNIST, 784 units: SGD with momentum trains 10 layers and fails at 11 (training accuracy 1.00, 0.11), Adam 22 and fails at 23; Fromage at its rate 0.01 serves 1 to 27 layers (0.98 at 25). Nero (Liu, Bernstein, Meister & Yue 2021), 100 layers: training accuracy 0.87 to 0.97, SGD and Adam 0.11. Automatic gradient descent (Bernstein et al. 2023), CIFAR-10, depths 2 to 32 and widths 64 to 2048 in one setting: test accuracy 42.6 to 63.7 %; at depth 16 and width 512 52.7 %, Adam 53.5 %.',
    },
    {
      title: 'Data',
      text: '“Optical Recognition of Handwritten Digits”, test part; E. Alpaydin and C. Kaynak 1998, UCI Machine Learning Repository, CC BY 4.0.',
    },
    {
      title: 'Again',
      text: 'The study depends on its recipe alone and can be run again:',
      code: 'separatrix study transfer',
    },
  ]
}
