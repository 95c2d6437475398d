import type { Architecture, TransferRecipe } from '../study/transferRecipe.js'
import { sweptNetworks, type TransferResult } from '../study/transferStudy.js'
import { bestSettings, type ContenderSummary, networksOf, summarise } from '../study/transferSummary.js'
import type { TransferRun } from '../study/transferTraining.js'
import { readable } from './format.js'
import { type PageFigure, renderPage } from './page.js'
import { transferFigure } from './transferFigure.js'

/** Optimisers whose steps know layers; the others are what they are compared with. */
const aware: ReadonlySet<string> = new Set(['Fromage', 'Nero', 'AGD'])

/** A setting serves where it tells so many training digits right on every network. */
const served = 0.95

const percent = (share: number) => `${readable(100 * share, 3)} %`

const setting = ({ reading, value }: ContenderSummary) =>
  value === undefined ? 'no rate' : `${reading} = ${readable(value, 2)}`

/** The report of the transfer study, one self-contained page. */
export function transferReport(recipe: TransferRecipe, { runs, tests }: TransferResult): string {
  const summaries = summarise({ runs, tests })
  const [layered, plain] = [true, false].map((wanted) =>
    summaries
      .filter((s) => aware.has(s.contender) === wanted)
      .reduce((a, b) => (b.worstTraining > a.worstTraining ? b : a)),
  ) as [ContenderSummary, ContenderSummary]
  const rated = summaries.filter((s) => s.value !== undefined)
  const most = (of: (s: ContenderSummary) => number) => readable(Math.max(...rated.map(of)), 2)
  const good = layered.worstTraining >= served
  return renderPage({
    title: 'One learning rate for networks of all sizes',
    lead: `Networks of ${span([...recipe.depths, ...recipe.widths, ...recipe.both], 'depth')} layers and of ${span([...recipe.depths, ...recipe.widths, ...recipe.both], 'width')} units learn to read handwritten digits, with five optimisers at many rates. Those whose steps are measured per layer (Fromage, Nero, automatic gradient descent) are said to need one rate only.`,
    verdict: {
      word: good ? 'One setting serves all' : 'No setting serves all',
      good,
      statement: `${layered.contender} (${setting(layered)}) tells at least ${percent(layered.worstTraining)} of the training digits right on each of ${networksOf(tests).length} networks, on seeds that had no part in its choice; ${plain.contender}, which knows no layers, ${percent(plain.worstTraining)} (${setting(plain)}). The best rate of an optimiser differs up to ${most((s) => s.rateSpread)}× from network to network; times the number of layers, up to ${most((s) => s.sharedSpread)}×.`,
    },
    numbers: summaries.map((s) => ({
      value: percent(s.worstTraining),
      what: `${s.contender}, ${setting(s)}: worst training accuracy over all networks and seeds`,
    })),
    hero: sweepFigure({ what: 'depth', sweep: recipe.depths, runs, shared: false }),
    figures: [
      sweepFigure({ what: 'width', sweep: recipe.widths, runs, shared: false }),
      sweepFigure({ what: 'depth', sweep: recipe.depths, runs, shared: true }),
    ],
    table: table(recipe, { runs, tests }, summaries),
    notes: notes(recipe),
  })
}

const span = (list: readonly Architecture[], what: keyof Architecture) =>
  `${Math.min(...list.map((a) => a[what]))} to ${Math.max(...list.map((a) => a[what]))}`

interface Sweep {
  readonly what: keyof Architecture
  readonly sweep: readonly Architecture[]
  readonly runs: readonly TransferRun[]
  /** against the rate times layers */
  readonly shared: boolean
}

function sweepFigure({ what, sweep, runs, shared }: Sweep): PageFigure {
  const fixed = what === 'depth' ? `width ${sweep[0]?.width}` : `depth ${sweep[0]?.depth}`
  const across = shared ? 'rate × layers' : 'rate'
  return {
    title: `Loss after training against the ${shared ? 'rate times layers' : 'rate'}, by ${what}`,
    svg: transferFigure({
      id: shared ? `${what}-shared` : what,
      label: `training loss against ${across} for networks of growing ${what}`,
      runs,
      sweep,
      grows: (a) => String(a[what]),
      across: {
        label: across,
        of: (rate, a) => (shared ? rate * a.depth : rate),
        ticks: shared ? [0.01, 0.1] : [1e-3, 0.1],
      },
    }),
    caption: `Stronger curves are ${what === 'depth' ? 'deeper' : 'wider'} networks (${sweep.map((a) => a[what]).join(', ')}; ${fixed}). A dot marks the best of each: dots above one another mean that it carries over. ${
      shared
        ? 'The same runs as above: what is held is how far all layers together go in a step, as automatic gradient descent does by itself.'
        : 'A loss of 2.3 is guessing, and losses below 10⁻⁵ are drawn there; a curve ends where rates diverge; AGD has no rate.'
    }`,
  }
}

/** What each optimiser's one setting gives, on every network: the worse of the seeds; and how it was chosen. */
function table(
  recipe: TransferRecipe,
  { runs, tests }: TransferResult,
  summaries: readonly ContenderSummary[],
) {
  const settings = bestSettings(runs)
  const columns = [...sweptNetworks(recipe), ...recipe.both]
  const name = ({ depth, width }: Architecture) => `${depth} × ${width}`
  return {
    head: [
      'worst training (test) accuracy, layers × units',
      ...columns.map(name),
      'choosing one rate: worst, best rates differ',
      'one rate × layers',
    ],
    rows: summaries.map((s) => {
      const cells = columns.map((a) => {
        const own = tests.filter((r) => r.contender === s.contender && name(r.architecture) === name(a))
        const worst = (of: (run: TransferRun) => number) => percent(Math.min(...own.map(of)))
        return `${worst((r) => r.training)} (${worst((r) => r.test)})`
      })
      const choices = (['rate', 'rate × layers'] as const).map((reading) => {
        const own = settings.find((c) => c.contender === s.contender && c.reading === reading)
        return own === undefined ? '–' : `${percent(own.worst)}, ${readable(own.spread, 2)}×`
      })
      return [`${s.contender}, ${setting(s)}`, ...cells, ...choices]
    }),
  }
}

function notes({ batch, epochs, seed, testSeeds }: TransferRecipe) {
  return [
    {
      title: 'What was done',
      text: `Perceptrons with √2·relu and no biases that start orthogonal, as automatic gradient descent prescribes, for every optimiser; cross entropy, ${epochs} epochs of batches of ${batch}, rates that fall along half a cosine; the first 1,000 digits to train and 797 to test, every image scaled to length 8; single precision on vectors. The loss is the mean of the last epoch. SGD has momentum 0.9. Rates are powers of 2, tried upwards on seed ${seed} until two in succession leave most digits wrong. Of each optimiser one setting is taken, the rate or the rate times layers whose worst network reads best, and tested on seeds ${testSeeds.join(' and ')}; networks on which not all rates were tried see the first of them only.`,
    },
    {
      title: 'What the authors measured',
      text: 'Fromage (Bernstein, Vahdat, Yue & Liu 2020), MNIST, 784 units, the initialisation of their framework, which lets signals fade, 100 epochs of batches of 250: SGD with momentum trains 10 layers and fails at 11 (training accuracy 1.00, 0.11), Adam 22 and fails at 23; Fromage at its rate 0.01 serves 1 to 27 layers (0.98 at 25) and fails at 30; their rate 0.1 serves 11 layers and fails from 12 on, their 0.001 is at 0.97 with one layer and 0.65 with 50. So its best rate falls with depth there as well. Nero (Liu, Bernstein, Meister & Yue 2021), 100 layers: training accuracy 0.87 to 0.97 at 0.001, 0.21 at 0.01; SGD and Adam 0.11. Automatic gradient descent (Bernstein et al. 2023), CIFAR-10, depths 2 to 32 and widths 64 to 2048 in one setting: test accuracy 42.6 to 63.7 %; at depth 16 and width 512 52.7 %, Adam 53.5 %.',
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
