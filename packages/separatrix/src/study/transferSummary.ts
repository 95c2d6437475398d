import type { Architecture, ContenderName } from './transferRecipe.js'
import type { TransferRun } from './transferTraining.js'

/** What stays the same from network to network: the rate, the rate times layers, or nothing where there is no rate. */
export type TransferReading = 'rate' | 'rate × layers' | 'none'

/** One setting of an optimiser for networks of all sizes. */
export interface TransferSetting {
  readonly contender: ContenderName
  readonly reading: TransferReading
  /** of the rate, or of the rate times layers; undefined where there is none */
  readonly value: number | undefined
  /** least training accuracy over all networks on which it was chosen */
  readonly worst: number
  /** greatest over least of the values that are best for each network alone */
  readonly spread: number
}

/** The rate that a setting means for a network. */
export function rateOf(
  { reading, value }: Pick<TransferSetting, 'reading' | 'value'>,
  { depth }: Architecture,
): number | undefined {
  if (value === undefined) return undefined
  return reading === 'rate × layers' ? value / depth : value
}

const sameNetwork = (a: Architecture, b: Architecture) => a.depth === b.depth && a.width === b.width

export function networksOf(runs: readonly TransferRun[]): Architecture[] {
  const all = runs.map((r) => r.architecture)
  return all.filter((a, i) => all.findIndex((b) => sameNetwork(a, b)) === i)
}

/** The run with the least loss of each network. */
export function bestRuns<Run extends TransferRun>(runs: readonly Run[]): Run[] {
  return networksOf(runs).map((a) =>
    runs
      .filter((r) => sameNetwork(r.architecture, a))
      .reduce((best, run) => (run.loss < best.loss ? run : best)),
  )
}

const heldOf = (reading: TransferReading, { rate, architecture }: TransferRun) =>
  rate === undefined ? undefined : reading === 'rate × layers' ? rate * architecture.depth : rate

/**
 * For every optimiser, in the order in which they were tried, and both readings of its rate: the one value whose
 * worst training accuracy over all networks is greatest. Only values that every network was tried at count.
 */
export function bestSettings(runs: readonly TransferRun[]): TransferSetting[] {
  const names = [...new Set(runs.map((r) => r.contender))]
  return names.flatMap((contender) => {
    const own = runs.filter((r) => r.contender === contender)
    const readings: readonly TransferReading[] = own.some((r) => r.rate !== undefined)
      ? ['rate', 'rate × layers']
      : ['none']
    return readings.flatMap((reading) => bestSetting(own, { contender, reading }))
  })
}

/** The better of both readings of every optimiser; the plain rate where they are level. */
export function chosenSettings(runs: readonly TransferRun[]): TransferSetting[] {
  const settings = bestSettings(runs)
  return settings.filter(
    (s) =>
      !settings.some(
        (other) =>
          other.contender === s.contender &&
          other !== s &&
          (other.worst > s.worst || (other.worst === s.worst && other.reading === 'rate')),
      ),
  )
}

function bestSetting(
  runs: readonly TransferRun[],
  { contender, reading }: Pick<TransferSetting, 'contender' | 'reading'>,
): TransferSetting[] {
  const count = networksOf(runs).length
  const settings = [...new Set(runs.map((run) => heldOf(reading, run)))].flatMap((value) => {
    const group = runs.filter((run) => heldOf(reading, run) === value)
    return group.length < count ? [] : [{ value, worst: Math.min(...group.map((r) => r.training)) }]
  })
  if (settings.length === 0) return []
  const best = settings.reduce((a, b) => (b.worst > a.worst ? b : a))
  const values = bestRuns(runs).map((run) => heldOf(reading, run) ?? 1)
  return [{ contender, reading, ...best, spread: Math.max(...values) / Math.min(...values) }]
}

/** How the chosen setting of one optimiser did on seeds that had no part in the choice. */
export interface ContenderSummary extends Pick<TransferSetting, 'contender' | 'reading' | 'value'> {
  /** least accuracies over all networks and seeds */
  readonly worstTraining: number
  readonly worstTest: number
  /** greatest over least of the best rates of all networks; of the best rates times layers; 1 without rates */
  readonly rateSpread: number
  readonly sharedSpread: number
}

/** Summaries in the order in which the optimisers were tried. */
export function summarise({
  runs,
  tests,
}: {
  readonly runs: readonly TransferRun[]
  readonly tests: readonly TransferRun[]
}): ContenderSummary[] {
  const settings = bestSettings(runs)
  const spread = (contender: ContenderName, reading: TransferReading) =>
    settings.find((s) => s.contender === contender && s.reading === reading)?.spread ?? 1
  return chosenSettings(runs).map(({ contender, reading, value }) => {
    const own = tests.filter((r) => r.contender === contender)
    return {
      contender,
      reading,
      value,
      worstTraining: Math.min(...own.map((r) => r.training)),
      worstTest: Math.min(...own.map((r) => r.test)),
      rateSpread: spread(contender, 'rate'),
      sharedSpread: spread(contender, 'rate × layers'),
    }
  })
}
