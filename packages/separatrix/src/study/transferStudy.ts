import { hasSimd, misuse } from '@separatrix/field'
import type { Progress, Terminal } from '../terminal/terminal.js'
import type { Architecture, TransferRecipe } from './transferRecipe.js'
import { chosenSettings, rateOf } from './transferSummary.js'
import { transferThreads } from './transferThreads.js'
import type { TransferJob, TransferRun } from './transferTraining.js'

export interface TransferResult {
  /** every rate on networks of growing depth and of growing width, one seed */
  readonly runs: readonly TransferRun[]
  /** what that chose, on all networks, other seeds */
  readonly tests: readonly TransferRun[]
}

/**
 * Trains networks of many depths and widths on handwritten digits with every optimiser at every rate: relu·√2 without
 * biases, orthogonal starts, cross entropy, minibatches. Then takes for each optimiser the one rate, or rate times
 * layers, that served all networks best, and tests it on other seeds. What a run does depends on the recipe alone,
 * whatever the threads.
 */
export async function transferStudy(recipe: TransferRecipe, terminal: Terminal): Promise<TransferResult> {
  if (!hasSimd())
    throw misuse({
      where: 'separatrix study transfer',
      expected: 'an engine with 128-bit WebAssembly vectors',
      got: 'one without, on which this would take hours',
      try: 'Node 20 or newer',
      code: 'no-simd',
    })
  const threads = transferThreads(recipe.threads)
  try {
    const carryOut = (jobs: readonly TransferJob[], what: string) => {
      const { onDone, stop } = reporter(jobs, terminal.progress(`training on digits, ${what}`))
      return threads.run(jobs, onDone).finally(stop)
    }
    const runs = await carryOut(sweepJobs(recipe), 'all rates')
    const tests = await carryOut(testJobs(recipe, runs), 'the chosen ones')
    return { runs, tests }
  } finally {
    await threads.close()
  }
}

function reporter(jobs: readonly TransferJob[], progress: Progress) {
  const cost = ({ architecture, rates }: TransferJob) => weightCount(architecture) * Math.max(1, rates.length)
  const total = jobs.reduce((sum, job) => sum + cost(job), 0)
  let done = 0
  return {
    onDone(job: TransferJob) {
      done += cost(job)
      progress.update(done / total, job.contender)
    },
    stop: () => progress.stop(),
  }
}

/** All networks on which all rates are tried; depth 4 and width 64 stand in both lists. */
export function sweptNetworks({ depths, widths }: TransferRecipe): Architecture[] {
  const list = [...depths, ...widths]
  return list.filter((a, i) => list.findIndex((b) => b.depth === a.depth && b.width === a.width) === i)
}

const weightCount = ({ depth, width }: Architecture) => (depth - 2) * width ** 2 + 74 * width

/** Large networks first, so that no thread is left with one at the end. */
const largeFirst = (list: readonly Architecture[]) =>
  [...list].sort((a, b) => weightCount(b) - weightCount(a))

function sweepJobs(recipe: TransferRecipe): TransferJob[] {
  const { contenders, seed, batch, epochs } = recipe
  return largeFirst(sweptNetworks(recipe)).flatMap((architecture) =>
    contenders.map(({ name, rates }) => ({ architecture, seed, contender: name, rates, batch, epochs })),
  )
}

function testJobs(recipe: TransferRecipe, runs: readonly TransferRun[]): TransferJob[] {
  const { both, testSeeds, batch, epochs } = recipe
  const swept = sweptNetworks(recipe)
  const settings = chosenSettings(runs)
  return largeFirst([...swept, ...both]).flatMap((architecture) => {
    const seeds = swept.includes(architecture) ? testSeeds : testSeeds.slice(0, 1)
    return seeds.flatMap((seed) =>
      settings.map((setting) => {
        const rate = rateOf(setting, architecture)
        const rates = rate === undefined ? [] : [rate]
        return { architecture, seed, contender: setting.contender, rates, batch, epochs }
      }),
    )
  })
}
