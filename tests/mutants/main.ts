// `pnpm mutants`: spoils the prover in many small ways, and tells which of them no test notices.
//   --of checker                  the checker instead
//   --files boxBounds,originBox   only sources whose path contains one of these
//   --operator 'end swapped'      only this operator
//   --limit 300 --seed 1          a random sample of what is left to do
//   --each 15                     as many as each source lacks of 15, instead of --limit in all
//   --except boxQueue             without sources whose path contains one of these
//   --targets                     those placed by hand, see targets.ts
//   --again                       only the survivors of earlier runs, once more
//   --suites prover               only tests whose path contains one of these
//   --report                      only the figures of earlier runs
// Results are kept in out/mutants/results.json, so that a run goes on where the last one stopped.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '@separatrix/field/core'
import { build } from 'esbuild'
import type { Reached } from './runner.js'
import { mutantsOf, type Numbered, withMutants } from './sites.js'
import { targetKinds, targetsOf } from './targets.js'

/** What is spoilt, and the tests that should notice. Acceptance by the checker is part of most of those of the prover. */
const subjects = {
  prover: {
    folders: ['packages/lyapunov/src/certify', 'packages/field/src/enclose'],
    suites: [
      'field/enclose', 'field/encloseBatch', 'field/encloseLinear', 'lyapunov/attacks', 'lyapunov/certify',
      'lyapunov/counterexamples', 'lyapunov/discrete', 'lyapunov/equilibrium', 'lyapunov/flowCertifier', 'lyapunov/global',
      'lyapunov/lastBits', 'lyapunov/lipschitz', 'lyapunov/nearMisses', 'lyapunov/prover', 'lyapunov/quadraticForm',
      'lyapunov/sets', 'lyapunov/stability', 'lyapunov/uncertainty',
    ],
  },
  checker: {
    folders: ['packages/lyapunov/src/check'],
    suites: ['lyapunov/check', 'lyapunov/checkerIntervals', 'lyapunov/forged', 'lyapunov/lies', 'lyapunov/mutations'],
  },
} as const // biome-ignore format: lists
const folder = 'out/mutants'
const resultsFile = join(folder, 'results.json')

/** In front of every bundle: which mutant is on, or, without one, which are met. */
const banner = `
import { createRequire as mutantRequire } from 'node:module'
import { writeFileSync as mutantWrite } from 'node:fs'
const require = mutantRequire(import.meta.url)
const activeMutant = Number(process.env.MUTANT ?? -1)
const reachedMutants = new Uint8Array(Number(process.env.MUTANTS ?? 0))
const mutant = activeMutant >= 0 ? (k) => k === activeMutant : (k) => ((reachedMutants[k] = 1), false)
const mutantHooks = {
  only: process.env.MUTANT_TESTS && JSON.parse(process.env.MUTANT_TESTS),
  takeReached: () => {
    const list = [...reachedMutants.keys()].filter((k) => reachedMutants[k])
    reachedMutants.fill(0)
    return list
  },
  report: (reached) => { if (activeMutant < 0) mutantWrite(process.env.MUTANTS_REACHED, JSON.stringify(reached)) },
}
`

interface Outcome {
  readonly status: 'killed' | 'timeout' | 'survived' | 'unreached'
  /** the test file that noticed */
  readonly by?: string
}
interface Suite {
  readonly name: string
  readonly program: string
  /** of processor time to load it */
  readonly milliseconds: number
  readonly reached: Reached
}

const { values: flags } = parseArgs({
  options: {
    of: { type: 'string', default: 'prover' },
    files: { type: 'string', default: '' },
    operator: { type: 'string', default: '' },
    except: { type: 'string' },
    limit: { type: 'string', default: '100' },
    each: { type: 'string' },
    seed: { type: 'string', default: '1' },
    targets: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
    suites: { type: 'string', default: '' },
    report: { type: 'boolean', default: false },
  },
})
const subject = subjects[flags.of as keyof typeof subjects]
if (subject === undefined) throw new Error(`--of ${Object.keys(subjects).join(' or ')}`)
const suites = subject.suites.filter((name) => flags.suites.split(',').some((part) => name.includes(part)))
mkdirSync(folder, { recursive: true })
const results: Record<string, Outcome> = existsSync(resultsFile)
  ? JSON.parse(readFileSync(resultsFile, 'utf8'))
  : {}
const sources = new Map(
  subject.folders
    .flatMap((dir) => readdirSync(dir).map((name) => `${dir}/${name}`))
    .filter((file) => flags.files.split(',').some((part) => file.includes(part)))
    .filter((file) => flags.except?.split(',').some((part) => file.includes(part)) !== true)
    .map((file) => [file, readFileSync(file, 'utf8')] as const),
)
const all = [...sources].flatMap(([file, text]) => [...targetsOf(file, text), ...mutantsOf(file, text)])
const left = all.filter(
  ({ id, operator }) =>
    operator.includes(flags.operator) &&
    (flags.again
      ? results[id] !== undefined && !isDead(results[id])
      : results[id] === undefined && targetKinds.has(operator) === flags.targets),
)
const chosen = (
  flags.report ? [] : flags.each === undefined ? sample(left, Number(flags.limit)) : sampleEach()
).map((m, number) => ({ ...m, number }))
console.log(`${all.length} mutants, ${chosen.length} of them now`)
const tests = chosen.length === 0 ? [] : await prepare()
for (const m of chosen) {
  const outcome = await trial(m)
  // a survivor that some suites do not notice either is what it was
  if (!flags.again || isDead(outcome)) results[m.id] = outcome
  writeFileSync(resultsFile, JSON.stringify(results, null, 1))
  const change = `${m.before} → ${m.after}`.replace(/\s+/g, ' ')
  const by = outcome.by === undefined ? '' : ` by ${outcome.by}`
  console.log(
    `${m.number + 1}/${chosen.length} ${outcome.status}${by}: ${m.file}:${m.line} ${m.operator}: ${change}`,
  )
}
report()

function isDead({ status }: Outcome): boolean {
  return status === 'killed' || status === 'timeout'
}

/** As many of each source as it lacks of `--each`. */
function sampleEach(): typeof left {
  return [...sources.keys()].flatMap((file) => {
    const own = all.filter(
      (m) => m.file === file && m.operator.includes(flags.operator) && !targetKinds.has(m.operator),
    )
    const done = own.filter(({ id }) => results[id] !== undefined)
    return sample(
      left.filter((m) => m.file === file),
      Math.max(0, Number(flags.each) - done.length),
    )
  })
}

/** A seeded sample without repetition, in the order of the sources. */
function sample<T>(list: readonly T[], size: number): T[] {
  const random = seededRandom(Number(flags.seed))
  return list
    .map((item, at) => ({ item, at, key: random.uniform() }))
    .sort((p, q) => p.key - q.key)
    .slice(0, size)
    .sort((p, q) => p.at - q.at)
    .map(({ item }) => item)
}

/** Bundles the suites with all chosen mutants in them, and runs each once without any, to see which it meets. */
async function prepare(): Promise<Suite[]> {
  const spoilt = new Map(
    [...sources].map(([file, text]) => [
      join(process.cwd(), file),
      withMutants(
        text,
        chosen.filter((m) => m.file === file),
      ),
    ]),
  )
  await build({
    entryPoints: Object.fromEntries(suites.map((name) => [name.replace('/', '.'), `tests/${name}.test.ts`])),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    banner: { js: banner },
    plugins: [
      {
        name: 'mutants',
        setup: ({ onLoad, onResolve }) => {
          onResolve({ filter: /^uvu$/ }, () => ({ path: join(process.cwd(), 'tests/mutants/runner.ts') }))
          onLoad({ filter: /packages.*\.ts$/ }, ({ path }) => {
            const contents = spoilt.get(path)
            return contents === undefined ? undefined : { contents, loader: 'ts' }
          })
        },
      },
    ],
  })
  const prepared: Suite[] = []
  for (const name of suites) {
    const program = join(folder, `${name.replace('/', '.')}.mjs`)
    const reachedFile = join(folder, 'reached.json')
    const status = await runProgram(
      program,
      { MUTANTS_REACHED: reachedFile, MUTANTS: String(chosen.length) },
      600_000,
    )
    if (status !== 'passed') throw new Error(`${name} fails without any mutant`)
    const reached = JSON.parse(readFileSync(reachedFile, 'utf8')) as Reached
    const inTests = reached.tests.reduce((sum, t) => sum + t.milliseconds, 0)
    const { milliseconds } = reached
    const met = new Set([reached.loading, ...reached.tests.map((t) => t.mutants)].flat()).size
    console.log(
      `${name}: ${(milliseconds / 1000).toFixed(1)} + ${(inTests / 1000).toFixed(1)} s, meets ${met}`,
    )
    prepared.push({ name, program, milliseconds, reached })
  }
  return prepared
}

/** Runs the tests that meet a mutant, those of suites first that noticed others in the same source, until one fails. */
async function trial(m: Numbered): Promise<Outcome> {
  const kills = (name: string) =>
    all.filter(({ id, file }) => file === m.file && results[id]?.by === name).length
  const meeting = tests
    .map(({ name, program, milliseconds, reached }) => {
      const isLoading = reached.loading.includes(m.number)
      const only = [...reached.tests.keys()].filter(
        (k) => isLoading || reached.tests[k]?.mutants.includes(m.number),
      )
      const time = only.reduce((sum, k) => sum + (reached.tests[k]?.milliseconds ?? 0), milliseconds)
      return { name, program, only, time, worth: (1 + kills(name)) / time }
    })
    .filter(({ only }) => only.length > 0)
    .sort((p, q) => q.worth - p.worth)
  for (const { name, program, only, time } of meeting) {
    const environment = { MUTANT: String(m.number), MUTANT_TESTS: JSON.stringify(only) }
    const status = await runProgram(program, environment, 4 * time + 5000)
    if (status !== 'passed') return { status: status === 'timeout' ? 'timeout' : 'killed', by: name }
  }
  return { status: meeting.length === 0 ? 'unreached' : 'survived' }
}

/** Runs one bundle, until its first failure or so many milliseconds of processor time: others may use the machine as well. */
function runProgram(
  program: string,
  environment: Record<string, string>,
  limit: number,
): Promise<'passed' | 'failed' | 'timeout'> {
  const limited = `ulimit -t ${Math.ceil(limit / 1000)}; exec "$0" "$@"`
  const child = spawn('sh', ['-c', limited, process.execPath, '--expose-gc', program], {
    env: { ...process.env, NO_COLOR: '1', ...environment },
    stdio: 'ignore',
  })
  return new Promise((resolve) => {
    child.on('close', (code, signal) =>
      resolve(signal === null ? (code === 0 ? 'passed' : 'failed') : 'timeout'),
    )
  })
}

/** Kill rates by operator and by source over all results of the sources as they are, and the survivors. */
function report(): void {
  const known = all.flatMap((m) =>
    results[m.id] === undefined ? [] : [{ ...m, ...(results[m.id] as Outcome) }],
  )
  const rate = (list: readonly Outcome[]) => `${list.filter(isDead).length} of ${list.length}`
  for (const operator of [...new Set(known.map((m) => m.operator))].sort())
    console.log(`${operator.padEnd(22)} ${rate(known.filter((m) => m.operator === operator))}`)
  for (const file of sources.keys()) {
    const own = known.filter((m) => m.file === file)
    const drawn = `${own.length} of ${all.filter((m) => m.file === file).length} drawn`
    console.log(`${file.replace(/^packages/, '').padEnd(48)} ${rate(own).padEnd(12)} ${drawn}`)
  }
  console.log(`all                    ${rate(known)}`)
  for (const m of known.filter((k) => !isDead(k)))
    console.log(
      `${m.status} ${m.file}:${m.line} ${m.operator}: ${`${m.before} → ${m.after}`.replace(/\s+/g, ' ')}`,
    )
}
