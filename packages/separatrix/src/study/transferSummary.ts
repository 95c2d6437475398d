import type { TransferRun } from './transferStudy.js'

/** How one optimiser did over all networks. */
export interface ContenderSummary {
  readonly name: string
  /** the one rate for which the worst training accuracy over all networks is greatest; undefined without rates */
  readonly rate: number | undefined
  /** that accuracy, and the least test accuracy at that rate */
  readonly worstTraining: number
  readonly worstTest: number
  /** greatest over least of the rates that are best for each network alone */
  readonly spread: number
}

/** The run with the least loss of each network. */
export function bestRuns(runs: readonly TransferRun[]): TransferRun[] {
  const best = new Map<string, TransferRun>()
  for (const run of runs) {
    const { depth, width } = run.architecture
    const key = `${depth} ${width}`
    const before = best.get(key)
    if (before === undefined || run.loss < before.loss) best.set(key, run)
  }
  return [...best.values()]
}

/** Summaries in the order in which the optimisers were tried. */
export function summarise(runs: readonly TransferRun[]): ContenderSummary[] {
  const names = [...new Set(runs.map((r) => r.contender))]
  return names.map((name) => {
    const own = runs.filter((r) => r.contender === name)
    const rates = [...new Set(own.map((r) => r.rate))]
    const at = rates.map((rate) => {
      const group = own.filter((r) => r.rate === rate)
      return {
        rate,
        worstTraining: Math.min(...group.map((r) => r.training)),
        worstTest: Math.min(...group.map((r) => r.test)),
      }
    })
    const one = at.reduce((a, b) => (b.worstTraining > a.worstTraining ? b : a))
    const best = bestRuns(own).map((r) => r.rate ?? 1)
    return { name, ...one, spread: Math.max(...best) / Math.min(...best) }
  })
}
