import { mkdirSync, writeFileSync } from 'node:fs'

/** One measured figure, with the goal beside it where there is one. */
export interface Row {
  readonly figure: string
  readonly value: number
  readonly unit?: string
  /** at most, or at least, this */
  readonly goal?: { readonly most: number } | { readonly least: number }
  readonly note?: string
}

export const isMet = ({ value, goal }: Row): boolean =>
  goal === undefined || ('most' in goal ? value <= goal.most : value >= goal.least)

/** Prints a table, writes bench/results/<name>.json, and says whether all goals were met. */
export function report(name: string, rows: readonly Row[], raw: unknown = {}): boolean {
  const cells = rows.map((row) => {
    const { figure, value, unit = '', goal, note = '' } = row
    const wanted = goal === undefined ? '' : 'most' in goal ? `≤ ${goal.most}` : `≥ ${goal.least}`
    const verdict = goal === undefined ? '' : isMet(row) ? 'met' : 'MISSED'
    return [figure, `${format(value)} ${unit}`.trim(), wanted, verdict, note]
  })
  const widths = [0, 1, 2, 3, 4].map((c) => Math.max(...cells.map((row) => (row[c] as string).length)))
  for (const row of cells)
    console.log(
      row
        .map((text, c) => text.padEnd(widths[c] as number))
        .join('  ')
        .trimEnd(),
    )
  mkdirSync('bench/results', { recursive: true })
  writeFileSync(`bench/results/${name}.json`, `${JSON.stringify({ name, rows, raw }, null, 1)}\n`)
  return rows.every(isMet)
}

function format(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value)
  return Math.abs(value) >= 0.01 && Math.abs(value) < 1e6 ? value.toPrecision(3) : value.toExponential(2)
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/**
 * Processor time of a job in nanoseconds, like the C programs measure theirs: what other processes on the
 * machine do counts little. Short jobs are repeated for two milliseconds; the clock ticks in microseconds.
 */
export function processorTime(job: () => void): number {
  for (let repeats = 1; ; repeats *= 4) {
    const start = process.cpuUsage()
    for (let i = 0; i < repeats; i++) job()
    const { user, system } = process.cpuUsage(start)
    if (user + system >= 2000) return ((user + system) * 1000) / repeats
  }
}

/** Median milliseconds of processor time of a few runs, after some to warm up. */
export function milliseconds(job: () => void, runs = 5, warmUp = 1): number {
  for (let i = 0; i < warmUp; i++) job()
  return median(Array.from({ length: runs }, () => processorTime(job) / 1e6))
}

/**
 * Times several jobs in turn, so that a busy moment of the machine falls on all of them, and returns the
 * median of each in nanoseconds of processor time. Each job runs until it is warm first.
 */
export function interleaved(
  jobs: Readonly<Record<string, () => void>>,
  { rounds = 15, warmUp = 10 }: { readonly rounds?: number; readonly warmUp?: number } = {},
): Record<string, number> {
  const names = Object.keys(jobs)
  const times = new Map<string, number[]>(names.map((name) => [name, []]))
  for (const name of names) for (let i = 0; i < warmUp; i++) jobs[name]?.()
  for (let round = 0; round < rounds; round++)
    for (const name of names) times.get(name)?.push(processorTime(jobs[name] as () => void))
  return Object.fromEntries(names.map((name) => [name, median(times.get(name) ?? [])]))
}

/** Refuses to time what computes something else, beyond what single precision explains. */
export function agree(what: string, found: number, expected: number): void {
  if (Math.abs(found - expected) <= 1e-4 * Math.abs(expected)) return
  throw new Error(`${what} computes ${found}, not ${expected}`)
}

/** Least of several measurements of each job, taken in turn, in µs of processor time. */
export function inTurn<K extends string>(jobs: Readonly<Record<K, () => void>>): Record<K, number> {
  const names = Object.keys(jobs) as K[]
  const least = Object.fromEntries(names.map((name) => [name, Number.POSITIVE_INFINITY])) as Record<K, number>
  // engines optimise what has run for some tenths of a second, a thousand short iterations
  for (const name of names) for (const end = performance.now() + 700; performance.now() < end; ) jobs[name]()
  for (let round = 0; round < 9; round++)
    for (const name of names) least[name] = Math.min(least[name], processorTime(jobs[name]) / 1000)
  return least
}

/** Error and time of one solve at one setting. */
export interface WorkPoint {
  readonly error: number
  readonly time: number
}

/** Time at which a work–precision curve reaches an error, by interpolation of logarithms. */
export function timeAt(error: number, points: readonly WorkPoint[]): number {
  const sorted = points
    .filter((p) => p.error > 0 && Number.isFinite(p.error))
    .sort((a, b) => b.error - a.error)
  for (let i = 1; i < sorted.length; i++) {
    const [a, b] = [sorted[i - 1] as WorkPoint, sorted[i] as WorkPoint]
    if (a.error >= error && b.error <= error) {
      const part = Math.log(a.error / error) / Math.log(a.error / b.error)
      return Math.exp(Math.log(a.time) + part * Math.log(b.time / a.time))
    }
  }
  return Number.NaN
}
