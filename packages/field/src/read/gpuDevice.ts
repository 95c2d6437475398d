import { misuse, SeparatrixError } from '../error.js'
import { canGenerateCode } from './canGenerateCode.js'

/** Where gpu.js may run a kernel. Only the first four can be graphics hardware. */
export const gpuModes = ['webgpu', 'webgl2', 'webgl', 'headlessgl', 'webasm', 'cpu'] as const
export type GpuMode = (typeof gpuModes)[number]

/** A device that runs scalar kernels, and says what it is. */
export interface GpuDevice {
  readonly mode: GpuMode
  /** whether graphics hardware stands behind it, as far as the driver's name tells */
  readonly hardware: boolean
  /** e.g. `gpu.js webasm (CPU SIMD, f32)`; graphics devices are named by their drivers */
  readonly description: string
  /** compiles `source` for calls on `size` threads; each call returns one number per thread */
  compile(
    source: string,
    size: number,
  ): (x: Float32Array, coefficients: Float32Array) => Promise<ArrayLike<number>>
  /** frees kernels, textures and contexts */
  destroy(): Promise<void>
}

/** The little of gpu.js that is used; its own types stay out of the public declarations. */
interface GpuJs {
  readonly GPU: GpuConstructor
  readonly HeadlessGLKernel: KernelClass
  readonly WebGL2Kernel: KernelClass
  readonly WebGLKernel: KernelClass
}
interface GpuConstructor {
  new (settings: { mode?: string }): GpuInstance
  isWebGPUAvailable(): Promise<boolean>
}
interface KernelClass {
  readonly mode?: string
  readonly isSupported?: boolean
}
interface GpuInstance {
  readonly Kernel: KernelClass
  readonly context?: RenderingContext | null
  createKernel(source: string, settings: object): RunnableKernel
  destroy(): Promise<void>
}
interface RunnableKernel {
  (...args: Float32Array[]): ArrayLike<number> | Promise<ArrayLike<number>>
  readonly kernel: { readonly constructor: KernelClass }
}
interface RenderingContext {
  getExtension(name: string): { readonly UNMASKED_RENDERER_WEBGL: number } | null
  getParameter(name: number): unknown
  isContextLost?(): boolean
  readonly RENDERER: number
}

/** What kind of machine stands behind a mode, for people. */
const kinds: { readonly [M in GpuMode]: string } = {
  webgpu: 'f32',
  webgl2: 'f32',
  webgl: 'f32',
  headlessgl: 'f32',
  webasm: 'CPU SIMD, f32',
  cpu: 'CPU, JavaScript on f32 arrays',
}

/** Names of the software drivers of Chromium, Mesa and Windows. */
const softwareDriver = /swiftshader|llvmpipe|softpipe|lavapipe|basic render|software/i

/**
 * Opens a device through gpu.js, which is an optional peer and is imported here and nowhere else. Without
 * `mode` the best that this machine has: WebGPU, OpenGL, else WebAssembly on the CPU, which the description
 * then says.
 */
export async function openGpu(mode?: GpuMode): Promise<GpuDevice> {
  const library = await importGpuJs()
  const wanted = mode ?? ((await library.GPU.isWebGPUAvailable()) ? 'webgpu' : undefined)
  let gpu: GpuInstance
  try {
    gpu = new library.GPU(wanted === undefined ? {} : { mode: wanted })
  } catch {
    throw misuse({
      where: 'openGpu',
      expected: 'a device that this machine has',
      got: `'${wanted}', which gpu.js cannot open here`,
      try: "device: 'webasm' or 'cpu', or no device, which takes the best there is",
      code: 'no-device',
    })
  }
  const actual = modeOf(library, gpu.Kernel)
  if (actual === 'cpu' && !canGenerateCode())
    throw misuse({
      where: 'openGpu',
      expected: 'permission to run generated JavaScript',
      got: 'a content security policy that forbids it',
      try: "backend: 'js', which then interprets the field",
      code: 'no-eval',
    })
  const renderer = actual === 'webgpu' ? await adapterName() : rendererOf(gpu)
  return {
    mode: actual,
    hardware: actual !== 'webasm' && actual !== 'cpu' && !softwareDriver.test(renderer),
    description: `gpu.js ${actual} (${[renderer, kinds[actual]].filter((s) => s !== '').join(', ')})`,
    compile: (source, size) => compileKernel(library, gpu, { source, size, mode: actual }),
    destroy: () => gpu.destroy(),
  }
}

async function importGpuJs(): Promise<GpuJs> {
  try {
    const module = (await import('gpu.js')) as unknown as { default?: GpuJs } & GpuJs
    return module.default ?? module
  } catch (error) {
    throw misuse({
      where: "backend: 'gpu'",
      expected: 'the optional package gpu.js',
      got: `none (${(error as Error).message.split('\n')[0]})`,
      try: "npm install gpu.js, or backend: 'js'",
      code: 'gpu.js-missing',
    })
  }
}

function modeOf(library: GpuJs, kernel: KernelClass): GpuMode {
  if (kernel === library.HeadlessGLKernel) return 'headlessgl'
  if (kernel === library.WebGL2Kernel) return 'webgl2'
  if (kernel === library.WebGLKernel) return 'webgl'
  return kernel.mode as GpuMode
}

/** The name that an OpenGL driver gives itself; creating a kernel opens the context. */
function rendererOf(gpu: GpuInstance): string {
  gpu.createKernel('function () { return 1; }', { output: [1] })
  const { context } = gpu
  if (context === null || context === undefined || typeof context.getParameter !== 'function') return ''
  const info = context.getExtension('WEBGL_debug_renderer_info')
  return String(context.getParameter(info === null ? context.RENDERER : info.UNMASKED_RENDERER_WEBGL))
}

interface AdapterInfo {
  readonly vendor?: string
  readonly architecture?: string
  readonly description?: string
}

/** The name of WebGPU's default adapter, which is the one that gpu.js takes. */
async function adapterName(): Promise<string> {
  const { gpu } = navigator as unknown as {
    gpu: { requestAdapter(): Promise<{ readonly info?: AdapterInfo } | null> }
  }
  const { vendor, architecture, description } = (await gpu.requestAdapter())?.info ?? {}
  return [vendor, architecture, description].filter((s) => s !== undefined && s !== '').join(' ')
}

/** What a kernel answers; gpu.js's own errors about lost devices have no code. */
async function answered(
  run: RunnableKernel,
  args: Float32Array[],
  mode: GpuMode,
): Promise<ArrayLike<number>> {
  try {
    return await run(...args)
  } catch (error) {
    throw /\blost\b/i.test(String(error)) ? lostContext(mode) : error
  }
}

function lostContext(mode: GpuMode): SeparatrixError {
  return misuse({
    where: `gpu.js ${mode}`,
    expected: 'a device that stays',
    got: 'one that the driver or the browser has taken away (another page, a long kernel, sleep)',
    try: "again, with a smaller batch, or backend: 'wasm'",
    code: 'lost-context',
  })
}

interface KernelText {
  readonly source: string
  readonly size: number
  readonly mode: GpuMode
}

function compileKernel(library: GpuJs, gpu: GpuInstance, { source, size, mode }: KernelText) {
  const run = gpu.createKernel(source, {
    // one dimension: two-dimensional outputs stop at 16384 a side on GL
    output: [size],
    precision: 'single',
    tactic: 'precision',
    // gpu.js would go on silently on its CPU backend
    onRequestFallback: () => {
      throw new SeparatrixError('no-device', `gpu.js ${mode} refused a kernel that it should run:\n${source}`)
    },
  })
  return async (x: Float32Array, coefficients: Float32Array) => {
    const result = await answered(run, [x, coefficients], mode)
    // a lost context answers with zeros
    if (gpu.context?.isContextLost?.()) throw lostContext(mode)
    const ran = modeOf(library, run.kernel.constructor)
    if (ran !== mode)
      throw new SeparatrixError('no-device', `gpu.js ran on ${ran} where ${mode} was asked for`)
    return result
  }
}
