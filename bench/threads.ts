import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { buildSync } from 'esbuild'
import { type Row, report } from './harness.js'
import type { ThreadTimes } from './threadsJob.js'

const folder = 'bench/results/threads'

/**
 * `pnpm bench threads`: proofs by two threads beside one. Bundled first: from TypeScript sources a thread takes seconds to
 * start, from JavaScript a tenth. It needs two idle cores.
 */
export async function bench(): Promise<boolean> {
  mkdirSync(folder, { recursive: true })
  buildSync({
    entryPoints: ['bench/threadsJob.ts', 'packages/lyapunov/src/certify/boxThread.ts'],
    entryNames: '[name]',
    outdir: folder,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  })
  writeFileSync(`${folder}/package.json`, '{ "type": "module" }\n')
  const output = execFileSync(process.execPath, [`${folder}/threadsJob.js`], { encoding: 'utf8' })
  const found = output
    .trim()
    .split('\n')
    .map((line): ThreadTimes => JSON.parse(line))
  const goals = [{}, { goal: { least: 1.3 } }]
  const rows = found.flatMap(({ case: name, boxes, times: [one, two], helped }, k): Row[] => [
    { figure: `${name}: one thread`, value: one, unit: 'ms', note: `${boxes} boxes` },
    { figure: `${name}: two threads`, value: two, unit: 'ms', note: `${helped} took part` },
    { figure: `${name}: one / two`, value: one / two, ...goals[k], note: `${availableParallelism()} cores` },
  ])
  return report('threads', rows, found)
}
