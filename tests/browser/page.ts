// What a page runs, by name; main.ts calls it and prints the outcomes.
import { compile, type GpuMode } from '@separatrix/field'
import { checkCertificate } from '@separatrix/lyapunov'
import { dopri5, ensemble, rk4, solve } from '@separatrix/ode'
import { type BackendCase, difference, ensembleCases, evaluationCases } from '../conformance/backendCases.js'
import { lorenz } from '../field/fields.js'
import { checkEdge, edges } from '../field/gpuEdges.js'
import { type Outcome, outcomeOf, refused, within } from './outcome.js'

/** What main.ts computed in Node before. */
interface Given {
  /** by the keys of the cases */
  readonly references: Readonly<Record<string, readonly number[]>>
  readonly certificates: Readonly<Record<string, string>>
  readonly refutable: string
  /** Lorenz from `start` at t = 1: in double precision by rk4 with step 0.01, and by dopri5 */
  readonly lorenz: { readonly start: readonly number[]; readonly rk4: number[]; readonly dopri5: number[] }
}

const given = async () => (await (await fetch('/given.json')).json()) as Given

/** In a page, the first two are devices of Chromium and the others plain WebAssembly and JavaScript. */
const devices = ['webgl2', 'webgpu', 'webasm', 'cpu'] as const satisfies readonly GpuMode[]

const cases = (): readonly BackendCase[] => [
  ...evaluationCases(devices, { derivatives: false }),
  ...ensembleCases(devices),
]

/** Every backend against the numbers of Node. */
async function backends(): Promise<Outcome[]> {
  const { references } = await given()
  const outcomes: Outcome[] = []
  for (const { name, key, tolerance, run } of cases())
    outcomes.push(
      await outcomeOf(`${key.split(' ')[0]} of ${name}`, async () =>
        within(difference(await run(), references[key] as readonly number[]), tolerance),
      ),
    )
  return outcomes
}

/** Certificates that Node proved are checked here, and altered ones refused. */
async function certificates(): Promise<Outcome[]> {
  const { certificates, refutable } = await given()
  const all = [...Object.entries(certificates), ['vanDerPol with a level too high', refutable] as const]
  return Promise.all(
    all.map(([name, text]) =>
      outcomeOf(`certificate of ${name}`, async () => {
        const { valid, reason } = checkCertificate(text)
        if (valid !== (text !== refutable)) throw new Error(`valid: ${valid} (${reason})`)
        return valid ? 'valid' : `refused: ${reason}`
      }),
    ),
  )
}

const steps = { method: rk4, step: 0.01 } as const

/** Lorenz on one backend, against Node. */
function lorenzOn(backend: 'js' | 'wasm' | 'threads' | 'gpu' | 'auto', device?: GpuMode) {
  return async () => {
    const { start, rk4: expected } = (await given()).lorenz
    const { y, device: ran } = await ensemble(lorenz, [start], [0, 1], {
      ...steps,
      backend,
      device,
      threads: 2,
    })
    return `${ran}: ${within(difference(y.data, expected), backend === 'gpu' ? 1e-3 : 1e-11)}`
  }
}

/** A page without isolation headers: no threads, and said so; all else works. */
async function withoutIsolation(): Promise<Outcome[]> {
  const one = ensemble(lorenz, [[1, 2, 3]], [0, 1], { ...steps, backend: 'threads', threads: 2 })
  return [
    await outcomeOf('threads are refused', () => refused(one, 'no-shared-memory')),
    await outcomeOf('vectors work', lorenzOn('wasm')),
    await outcomeOf("'auto' takes something else", lorenzOn('auto')),
  ]
}

/** Values and a solve by interpreted paths. */
async function interpreted(): Promise<Outcome[]> {
  const { start, dopri5: expected } = (await given()).lorenz
  return [
    await outcomeOf('generated code is forbidden here', async () => {
      try {
        new Function('return 1')()
      } catch (error) {
        return String(error).split('.')[0] as string
      }
      throw new Error('it is not')
    }),
    await outcomeOf('a field is interpreted', async () => {
      const out = new Float64Array(3)
      compile(lorenz)(0, [1, 2, 3], out)
      return within(difference(out, [10, 23, -6]), 1e-15)
    }),
    await outcomeOf('a solve runs in plain loops', async () => {
      const { y } = solve(lorenz, start, [0, 1], { method: dopri5, rtol: 1e-9, atol: 1e-9 })
      const last = Array.from({ length: 3 }, (_, k) => y.get(y.shape[0]! - 1, k))
      return within(difference(last, expected), 1e-11)
    }),
    await outcomeOf('an ensemble in JavaScript', lorenzOn('js')),
  ]
}

type Losable = { readonly loseContext: () => void }

/** Remembers how to lose every context and device that is opened from now on. */
function watchDevices(): (() => void)[] {
  const lose: (() => void)[] = []
  for (const canvas of [HTMLCanvasElement.prototype, OffscreenCanvas.prototype]) {
    const open = canvas.getContext as (...args: unknown[]) => WebGL2RenderingContext | null
    canvas.getContext = function (this: unknown, ...args: unknown[]) {
      const context = open.apply(this, args)
      lose.push(() => (context?.getExtension?.('WEBGL_lose_context') as Losable | null)?.loseContext())
      return context
    } as typeof canvas.getContext
  }
  const { GPUAdapter } = globalThis as unknown as {
    GPUAdapter?: { prototype: { requestDevice(options: object): Promise<{ destroy(): void }> } }
  }
  if (GPUAdapter === undefined) return lose
  const request = GPUAdapter.prototype.requestDevice
  GPUAdapter.prototype.requestDevice = async function (options) {
    const device = await request.call(this, options)
    lose.push(() => device.destroy())
    return device
  }
  return lose
}

/** Functions where drivers are known to differ. */
async function hazards(): Promise<void> {
  for (const device of ['webgl2', 'webgpu'] as const)
    for (const edge of edges)
      await outcomeOf(`${edge[0]} at its edges on ${device}`, async () => {
        await checkEdge(edge, device)
        return `${edge[1].length} values`
      })
}

/** A device that is taken away in the middle of a run. */
async function lostContext(): Promise<void> {
  const lose = watchDevices()
  for (const device of ['webgl2', 'webgpu'] as const) {
    const run = ensemble(lorenz, [[1, 2, 3]], [0, 1], {
      ...steps,
      backend: 'gpu',
      device,
      saveAt: [0.5, 1],
      reduce: ({ t }) => {
        if (t === 0.5) for (const one of lose.splice(0)) one()
      },
    })
    await outcomeOf(`${device} lost between two kernels`, () => refused(run, 'lost-context'))
    await outcomeOf(`${device} opened again`, lorenzOn('gpu', device))
  }
}

/** A content security policy without 'unsafe-eval'. */
async function withoutEval(): Promise<Outcome[]> {
  return [
    ...(await interpreted()),
    await outcomeOf('an ensemble on vectors', lorenzOn('wasm')),
    await outcomeOf('an ensemble on threads', lorenzOn('threads')),
    await outcomeOf('an ensemble by WebGL', lorenzOn('gpu', 'webgl2')),
    await outcomeOf("gpu.js's device of plain JavaScript", () =>
      refused(lorenzOn('gpu', 'cpu')(), 'no-eval'),
    ),
  ]
}

/** A policy that forbids worker threads of plain text. */
async function withoutWorkers(): Promise<Outcome[]> {
  return [
    await outcomeOf('threads are refused', () => refused(lorenzOn('threads')(), 'thread-failed')),
    await outcomeOf('vectors work', lorenzOn('wasm')),
  ]
}

/** A policy that forbids WebAssembly and worker threads as well. */
async function strict(): Promise<Outcome[]> {
  return [
    ...(await interpreted()),
    await outcomeOf('vectors are refused', () => refused(lorenzOn('wasm')(), 'no-wasm')),
    await outcomeOf('threads are refused', () => refused(lorenzOn('threads')(), 'no-wasm')),
    await outcomeOf("'auto' takes JavaScript", lorenzOn('auto')),
  ]
}

Object.assign(globalThis, {
  sections: {
    backends,
    hazards,
    lostContext,
    certificates,
    withoutIsolation,
    withoutEval,
    withoutWorkers,
    strict,
  },
})
