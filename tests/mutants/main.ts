// `pnpm mutants`: spoils the prover in many small ways, and tells which of them no test notices.
//   --files boxBounds,originBox   only sources whose path contains one of these
//   --operator 'end swapped'      only this operator
//   --limit 300 --seed 1          a random sample of what is left to do
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
import { mutantsOf, type Numbered, withMutants } from './sites.js'

const targets = ['packages/lyapunov/src/certify', 'packages/field/src/enclose']
/** The tests of these; acceptance by the checker is part of most. */
const known = [
  'field/affineForms', 'field/enclose', 'field/encloseBatch', 'field/encloseLinear', 'lyapunov/attacks', 'lyapunov/certify', 'lyapunov/discrete',
  'lyapunov/equilibrium', 'lyapunov/global', 'lyapunov/lipschitz', 'lyapunov/prover', 'lyapunov/quadraticForm',
  'lyapunov/sets', 'lyapunov/stability', 'lyapunov/uncertainty',
] // biome-ignore format: a list
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
if (activeMutant < 0) process.on('exit', () =>
  mutantWrite(process.env.MUTANTS_REACHED, JSON.stringify([...reachedMutants.keys()].filter((k) => reachedMutants[k]))))
`

interface Outcome {
  readonly status: 'killed' | 'timeout' | 'survived' | 'unreached'
  /** the test file that noticed */
  readonly by?: string
}
interface Suite {
  readonly name: string
  readonly program: string
  readonly milliseconds: number
  readonly reached: ReadonlySet<number>
}

const { values: flags } = parseArgs({
  options: {
    files: { type: 'string', default: '' },
    operator: { type: 'string', default: '' },
    limit: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    again: { type: 'boolean', default: false },
    suites: { type: 'string', default: '' },
    report: { type: 'boolean', default: false },
  },
})
const suites = known.filter((name) => flags.suites.split(',').some((part) => name.includes(part)))
mkdirSync(folder, { recursive: true })
const results: Record<string, Outcome> = existsSync(resultsFile)
  ? JSON.parse(readFileSync(resultsFile, 'utf8'))
  : {}
const sources = new Map(
  targets
    .flatMap((dir) => readdirSync(dir).map((name) => `${dir}/${name}`))
    .filter((file) => flags.files.split(',').some((part) => file.includes(part)))
    .map((file) => [file, readFileSync(file, 'utf8')] as const),
)
const all = [...sources].flatMap(([file, text]) => mutantsOf(file, text))
const chosen = sample(
  all.filter(
    ({ id, operator }) =>
      operator.includes(flags.operator) &&
      (flags.again ? results[id] !== undefined && !isDead(results[id]) : results[id] === undefined),
  ),
  flags.report ? 0 : Number(flags.limit),
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
        setup: ({ onLoad }) =>
          onLoad({ filter: /packages.*\.ts$/ }, ({ path }) => {
            const contents = spoilt.get(path)
            return contents === undefined ? undefined : { contents, loader: 'ts' }
          }),
      },
    ],
  })
  const prepared: Suite[] = []
  for (const name of suites) {
    const program = join(folder, `${name.replace('/', '.')}.mjs`)
    const reachedFile = join(folder, 'reached.json')
    const start = performance.now()
    const status = await runProgram(
      program,
      { MUTANTS_REACHED: reachedFile, MUTANTS: String(chosen.length) },
      300_000,
    )
    if (status !== 'passed') throw new Error(`${name} fails without any mutant`)
    const reached = new Set<number>(JSON.parse(readFileSync(reachedFile, 'utf8')))
    const milliseconds = performance.now() - start
    console.log(`${name}: ${(milliseconds / 1000).toFixed(1)} s, meets ${reached.size}`)
    prepared.push({ name, program, milliseconds, reached })
  }
  return prepared
}

/** Runs the suites that meet a mutant, those first that noticed others in the same source, until one fails. */
async function trial(m: Numbered): Promise<Outcome> {
  const kills = (name: string) =>
    all.filter(({ id, file }) => file === m.file && results[id]?.by === name).length
  const meeting = tests
    .filter(({ reached }) => reached.has(m.number))
    .map((suite) => ({ ...suite, worth: (1 + kills(suite.name)) / suite.milliseconds }))
    .sort((p, q) => q.worth - p.worth)
  for (const { name, program, milliseconds } of meeting) {
    const status = await runProgram(program, { MUTANT: String(m.number) }, 4 * milliseconds + 5000)
    if (status !== 'passed') return { status: status === 'timeout' ? 'timeout' : 'killed', by: name }
  }
  return { status: meeting.length === 0 ? 'unreached' : 'survived' }
}

/** Runs one bundle, until its first failure or the limit. */
function runProgram(
  program: string,
  environment: Record<string, string>,
  limit: number,
): Promise<'passed' | 'failed' | 'timeout'> {
  const child = spawn(process.execPath, ['--expose-gc', program], {
    env: { ...process.env, NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return new Promise((resolve) => {
    let hasFailed = false
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      child.kill('SIGKILL')
    }, limit)
    child.stdout.on('data', (text) => {
      // uvu prints a cross for each test that fails
      if (!String(text).includes('✘')) return
      hasFailed = true
      child.kill('SIGKILL')
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve(hasFailed ? 'failed' : isLate ? 'timeout' : code === 0 ? 'passed' : 'failed')
    })
  })
}

/** Kill rates by operator over all results of the sources as they are, and the survivors. */
function report(): void {
  const known = all.flatMap((m) =>
    results[m.id] === undefined ? [] : [{ ...m, ...(results[m.id] as Outcome) }],
  )
  const rate = (list: readonly Outcome[]) => `${list.filter(isDead).length} of ${list.length}`
  for (const operator of [...new Set(known.map((m) => m.operator))].sort())
    console.log(`${operator.padEnd(22)} ${rate(known.filter((m) => m.operator === operator))}`)
  console.log(`all                    ${rate(known)}`)
  for (const m of known.filter((k) => !isDead(k)))
    console.log(
      `${m.status} ${m.file}:${m.line} ${m.operator}: ${`${m.before} → ${m.after}`.replace(/\s+/g, ' ')}`,
    )
}
