// `pnpm acceptance [part of a name]`: every claim, with times, and a table by kind. Exits 1 where one is unsound or falls
// short of what is promised.
import { claims } from './claims.js'
import { judge } from './judge.js'

const part = process.argv[2] ?? ''
const table: Record<string, Record<string, number>> = {}
let bad = 0
for (const claim of claims.filter((c) => `${c.kind}: ${c.name}`.includes(part))) {
  await judge(claim, () => performance.now())
  const { kind, faults, message, milliseconds } = await judge(claim, () => performance.now())
  const isSlow = milliseconds > 1000
  if (faults.length > 0) bad++
  if (faults.length > 0 || isSlow)
    console.log(
      `${claim.kind}: ${claim.name}: ${[...faults, `${Math.round(milliseconds)} ms`].join('; ')}\n    ${message.slice(0, 200)}`,
    )
  table[claim.kind] ??= {
    true: 0,
    false: 0,
    proved: 0,
    refuted: 0,
    unknown: 0,
    threw: 0,
    faults: 0,
    ms: 0,
    'longest, ms': 0,
  }
  const row = table[claim.kind]
  row[String(claim.isTrue)]++
  row[kind]++
  row.faults += Number(faults.length > 0)
  row.ms = Math.round(row.ms + milliseconds)
  row['longest, ms'] = Math.max(row['longest, ms'], Math.round(milliseconds))
}
console.table(table)
process.exitCode = bad > 0 ? 1 : 0
