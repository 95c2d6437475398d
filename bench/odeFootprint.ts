import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { integrator, rk4 } from '@separatrix/ode'
import { build } from 'esbuild'
import { median, type Row } from './harness.js'
import { problems } from './odeProblems.js'

/** Ten million steps: what the heap grows by, end to end. */
export function flatMemory(rows: Row[]): void {
  const collect = (globalThis as { gc?: () => void }).gc
  if (collect === undefined) return
  const lorenz = problems[0]?.field
  if (lorenz === undefined) return
  const run = integrator(lorenz, 3, { method: rk4, step: 1e-3 })
  const state = run.initialize([1, 0, 0], [0, 1e9])
  const advance = (steps: number) => {
    for (let done = 0; done < steps; ) done += run.advance(state, 1000).count
  }
  advance(1e6)
  collect()
  const before = process.memoryUsage().heapUsed
  advance(1e7)
  collect()
  rows.push({
    figure: 'heap kept after 10⁷ steps',
    value: (process.memoryUsage().heapUsed - before) / 1024,
    unit: 'KiB',
    goal: { most: 64 },
  })
}

/** As installed: what a bundler makes of solve and tsit5, and a fresh process from import to first solution, in processor time. */
export async function coldStart(rows: Row[]): Promise<void> {
  const bundle = async (contents: string) => {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: 'bench' },
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
    })
    return (outputFiles[0] as { contents: Uint8Array }).contents
  }
  const size = gzipSync(await bundle("export { solve, tsit5 } from '@separatrix/ode'")).length
  rows.push({
    figure: 'solve and tsit5, minified and gzipped',
    value: size / 1000,
    unit: 'kB',
    goal: { most: 25 },
  })
  mkdirSync('out', { recursive: true })
  writeFileSync('out/cold-ode.mjs', await bundle("export * from '@separatrix/ode'"))
  const script = `
    const start = process.cpuUsage()
    const { solve, tsit5 } = await import('./out/cold-ode.mjs')
    const f = (t, y, d) => { d[0] = y[1]; d[1] = -y[0] }
    solve(f, [1, 0], [0, 1], { method: tsit5, rtol: 1e-6, atol: 1e-8 })
    const { user, system } = process.cpuUsage(start)
    console.log((user + system) / 1000)`
  const times = Array.from({ length: 9 }, () =>
    Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })),
  )
  rows.push({ figure: 'cold import to first solution', value: median(times), unit: 'ms', goal: { most: 50 } })
}
