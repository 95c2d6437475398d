// Runs the tests in two processes and fails when fewer ran than expected: uvu exits 0 when no file matched or
// `.run()` was forgotten. `pnpm test field` runs the files whose path contains `field`, in one process.
import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const floor = 3700
const filter = process.argv[2]
const files = readdirSync('tests', { recursive: true })
  .map(String)
  .filter((f) => f.endsWith('.test.ts') && !f.includes('node_modules') && f.includes(filter ?? ''))
const shards = await Promise.all(split(files, filter === undefined ? 2 : 1).map(run))
const sum = (key) => shards.reduce((total, shard) => total + shard[key], 0)
const [total, passed, bad] = [sum('total'), sum('passed'), sum('code')]
const expected = filter === undefined ? floor : 1
if (total < expected)
  console.error(`Only ${total} tests ran; at least ${expected} are expected. Is a file missing its .run()?`)
console.log(`${passed} passed, ${total - passed} failed`)
process.exit(bad !== 0 || total < expected || passed !== total ? 1 : 0)

/** Shares files out, large ones first, each to the process that has least so far. */
function split(names, count) {
  const loads = Array.from({ length: count }, () => ({ size: 0, names: [] }))
  const sized = names
    .map((name) => ({ name, size: statSync(join('tests', name)).size }))
    .sort((a, b) => b.size - a.size)
  for (const { name, size } of sized) {
    const least = loads.reduce((a, b) => (b.size < a.size ? b : a))
    least.names.push(name)
    least.size += size
  }
  return loads.filter((l) => l.names.length > 0).map((l) => l.names)
}

function run(names) {
  const escaped = names.map((n) =>
    n.replaceAll('\\', '/').replace(/[.+]/g, '\\$&').replaceAll('/', '[\\\\/]'),
  )
  const flags = ['--enable-source-maps', '--expose-gc', '--import', './scripts/register.mjs']
  const child = spawn(
    process.execPath,
    [...flags, 'node_modules/uvu/bin.js', 'tests', `^(${escaped.join('|')})$`, '-i', 'node_modules'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NO_COLOR: '1' },
    },
  )
  let output = ''
  child.stdout.on('data', (chunk) => {
    process.stdout.write(chunk)
    output += chunk
  })
  const count = (word) => Number(output.match(new RegExp(`${word}:\\s+(\\d+)`))?.[1] ?? 0)
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code: code ?? 1, total: count('Total'), passed: count('Passed') }))
  })
}
