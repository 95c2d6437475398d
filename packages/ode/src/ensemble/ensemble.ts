import { type Field, hasSimd, misuse, show } from '@separatrix/field/core'
import { chooseBackend } from './chooseBackend.js'
import { runLanes } from './laneRun.js'
import { type EnsemblePlan, planEnsemble, tableauOf } from './plan.js'
import { makeRecorder } from './recorder.js'
import { runGpu } from './runGpu.js'
import { runScalar } from './runScalar.js'
import { processorCount, threadPool } from './threadPool.js'
import type { EnsembleBackend, EnsembleOptions, EnsembleSolution, Rows } from './types.js'

/**
 * Solves y' = f(t, y, θ) from many initial states, with many parameters, or both: Y0 is [batch, n], θ [p] or
 * [batch, p]. Steps are equal, or chosen for each trajectory by itself; lanes of a vector do not wait for one
 * another. Every time of `saveAt` ends a step. A trajectory that fails has NaN from then on and says why in
 * `status`; the others finish.
 *
 * Errors are those of `solve`: on vectors the same method takes the same steps to rounding, with elementary
 * functions good to a few units in the last place. Memory: batch·(n + p) numbers, and what is kept.
 * @example
 * const lorenz = system({ state: ['x', 'y', 'z'], params: { s: 10, r: 28, b: 8 / 3 },
 *   dynamics: { x: 's*(y-x)', y: 'x*(r-z)-y', z: 'x*y-b*z' } })
 * const Y0 = [[1, 0, 0], [1.001, 0, 0]]
 * const { y, device } = await ensemble(lorenz, Y0, [0, 10], { method: dopri5, rtol: 1e-8, atol: 1e-10, backend: 'wasm' })
 */
export async function ensemble<R = never>(
  field: Field,
  Y0: Rows,
  span: readonly [number, number],
  options: EnsembleOptions<R>,
): Promise<EnsembleSolution<R>> {
  checkBackend(options.backend)
  const plan = planEnsemble(field, Y0, span, options)
  const { backend, reason } =
    options.backend === 'auto' ? chooseBackend(plan, options) : { backend: options.backend, reason: '' }
  const recorder = makeRecorder(plan, options)
  const device = await run(backend, plan, options, recorder)
  const results = recorder.results()
  return {
    ...results,
    reduced: results.reduced as readonly R[],
    accepted: recorder.accepted,
    rejected: recorder.rejected,
    backend,
    device,
    precision: plan.single || backend === 'gpu' ? 'single' : 'double',
    reason,
  }
}

/** Runs a backend; returns in words what ran. */
async function run(
  backend: EnsembleBackend,
  plan: EnsemblePlan,
  options: EnsembleOptions<unknown>,
  recorder: ReturnType<typeof makeRecorder>,
): Promise<string> {
  if (backend === 'js') {
    if (plan.single)
      throw misuse({
        where: 'ensemble(precision)',
        expected: "'double' on backend 'js'",
        got: "'single'",
        try: "backend: 'wasm'",
        code: 'no-single-in-js',
      })
    await runScalar(plan, options, recorder)
    return 'JavaScript (CPU, f64)'
  }
  if (backend === 'gpu') {
    if (options.precision === 'double')
      throw misuse({
        where: 'ensemble(precision)',
        expected: "'single' on the GPU",
        got: "'double'",
        try: "backend: 'wasm'",
        code: 'no-double-on-gpu',
      })
    return runGpu(plan, tableauOf(options), recorder, options)
  }
  if (!hasSimd())
    throw misuse({
      where: `backend: '${backend}'`,
      expected: 'an engine with 128-bit WebAssembly vectors',
      got: 'one without',
      try: "backend: 'js'",
      code: 'no-simd',
    })
  const method = tableauOf(options)
  const lanes = `WebAssembly (CPU, ${plan.single ? 'f32x4' : 'f64x2'}`
  const { signal } = options
  if (backend === 'wasm') {
    await runLanes(plan, method, recorder, { signal })
    return `${lanes})`
  }
  const given = typeof options.threads === 'object' ? options.threads : undefined
  const pool = given ?? threadPool({ threads: (options.threads as number | undefined) ?? processorCount() })
  try {
    await runLanes(plan, method, recorder, { pool, signal })
  } finally {
    if (given === undefined) await pool.close()
  }
  return `${lanes}, ${pool.threads} threads)`
}

const backends: readonly string[] = ['js', 'wasm', 'threads', 'gpu', 'auto']

function checkBackend(backend: string): void {
  if (backends.includes(backend)) return
  throw misuse({
    where: 'ensemble(backend)',
    expected: `one of ${backends.join(', ')}`,
    got: show(backend),
    try: "backend: 'auto'",
    code: 'unknown-backend',
  })
}
