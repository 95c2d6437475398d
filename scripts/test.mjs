// Runs the tests and fails when fewer ran than expected: uvu exits 0 when no file matched or `.run()` was
// forgotten. `pnpm test field` runs the files whose path contains `field`.
import { spawn } from 'node:child_process'

const floor = 0
const filter = process.argv[2]
const pattern = filter === undefined ? '\\.test\\.ts$' : `${filter}.*\\.test\\.ts$`
const child = spawn(
  process.execPath,
  [
    '--enable-source-maps',
    '--expose-gc',
    '--import',
    './scripts/register.mjs',
    'node_modules/uvu/bin.js',
    'tests',
    pattern,
    '-i',
    'node_modules',
  ],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NO_COLOR: '1', TS_NODE_TRANSPILE_ONLY: 'true' },
  },
)
let output = ''
child.stdout.on('data', (chunk) => {
  process.stdout.write(chunk)
  output += chunk
})
child.on('close', (code) => {
  const count = (word) => Number(output.match(new RegExp(`${word}:\\s+(\\d+)`))?.[1] ?? 0)
  const [total, passed] = [count('Total'), count('Passed')]
  const expected = filter === undefined ? floor : 1
  if (total < expected)
    console.error(`Only ${total} tests ran; at least ${expected} are expected. Is a file missing its .run()?`)
  console.log(`${passed} passed, ${total - passed} failed`)
  process.exit(code !== 0 || total < expected || passed !== total ? 1 : 0)
})
