// `pnpm browser`: the conformance suite and what only a page can show, in a Chromium that is installed.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { certify } from '@separatrix/lyapunov'
import { dopri5, ensemble, rk4, solve } from '@separatrix/ode'
import { chromium } from 'playwright-core'
import { ensembleCases, evaluationCases } from '../conformance/backendCases.js'
import { lorenz } from '../field/fields.js'
import { rehashed, vanDerPol } from '../lyapunov/cases.js'
import { bundle, isBuilt } from './bundle.js'
import type { Outcome } from './outcome.js'
import { runSection } from './section.js'
import { type Page, serve } from './server.js'

const candidates = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/** Software drivers, so that WebGL and WebGPU are there on a machine without graphics hardware. */
const flags = [
  '--no-sandbox',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
]

/** Which page runs which section of which script. */
const plan: readonly {
  readonly page: Page
  readonly script: 'page' | 'installed'
  readonly section: string
}[] = [
  ...(process.argv[2] === 'quick'
    ? []
    : [{ page: 'isolated', script: 'page', section: 'backends' } as const]),
  { page: 'isolated', script: 'page', section: 'hazards' },
  { page: 'isolated', script: 'page', section: 'lostContext' },
  { page: 'isolated', script: 'page', section: 'certificates' },
  { page: 'plain', script: 'page', section: 'withoutIsolation' },
  { page: 'withoutEval', script: 'page', section: 'withoutEval' },
  { page: 'withoutWorkers', script: 'page', section: 'withoutWorkers' },
  { page: 'strict', script: 'page', section: 'strict' },
  { page: 'isolated', script: 'installed', section: 'installed' },
]

const executable = candidates.find((path) => path !== undefined && existsSync(path))
if (executable === undefined) {
  console.log('skipped: no Chromium was found. Try CHROMIUM=<path>, or installing the package chromium.')
  process.exit(0)
}
process.exit((await run(executable)) ? 0 : 1)

async function run(executablePath: string): Promise<boolean> {
  const scripts = await Promise.all([
    bundle('page', 'sources'),
    ...(isBuilt() ? [bundle('installed', 'built')] : []),
  ])
  const files = new Map<string, string | Uint8Array>(scripts.flatMap((script) => [...script]))
  files.set('given.json', JSON.stringify(await compute()))
  const server = await serve(files)
  const browser = await chromium.launch({ executablePath, args: flags })
  console.log(`Chromium ${browser.version()}`)
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const take = ({ name, result, detail }: Outcome) => {
    counts[result]++
    console.log(`  ${result.padEnd(8)}${name}: ${detail}`)
  }
  for (const { page, script, section } of plan) {
    console.log(`\n${section} (page ${page})`)
    if (!files.has(`${script}.js`))
      take({ name: script, result: 'skipped', detail: 'the packages are not built: pnpm build' })
    else if (!(await runSection(browser, server.address(page, `${script}.js`), section, take))) return false
  }
  await browser.close()
  await server.close()
  console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  return counts.failed === 0
}

/** What the pages compare with. */
async function compute() {
  const references: Record<string, number[]> = {}
  for (const { key, reference } of [...evaluationCases([], { derivatives: false }), ...ensembleCases([])])
    references[key] ??= Array.from(await reference())
  const { field, V, domain, critical } = vanDerPol
  const verdict = certify({ field, V, domain, level: 0.9 * critical })
  if (verdict.kind !== 'proved') throw new Error(verdict.message)
  const certificates: Record<string, string> = { vanDerPol: JSON.stringify(verdict.certificate) }
  const file = 'out/pendulum/certificate.json'
  if (existsSync(file)) certificates['the pendulum study'] = await readFile(file, 'utf8')
  const one = JSON.parse(certificates['vanDerPol'] as string)
  const raised = rehashed({ ...one, claim: { ...one.claim, level: 2 * critical } })
  const start = [1, 2, 3]
  const fixed = await ensemble(lorenz, [start], [0, 1], { method: rk4, step: 0.01, backend: 'js' })
  const { y } = solve(lorenz, start, [0, 1], { method: dopri5, rtol: 1e-9, atol: 1e-9 })
  return {
    references,
    certificates,
    refutable: JSON.stringify(raised),
    lorenz: { start, rk4: Array.from(fixed.y.data), dopri5: Array.from(y.data).slice(-3) },
  }
}
