import { canCompileModules } from '../compileModule.js'
import { hasSimd, importsFor, type ModuleBuilder } from '../moduleBuilder.js'
import type { Layout } from './layout.js'
import type { LoopPlan } from './plan.js'

/** A module that runs, and views of its memory. */
export interface RunningLoops {
  readonly exports: WebAssembly.Exports
  view(address: number, length: number): Float64Array<ArrayBuffer>
}

/**
 * Starts a module of state loops over fresh memory, with the tables of its plan in place. Undefined where the
 * engine may not compile it at once: a page's policy forbids it, or an older browser's limit for the main thread.
 */
export function startLoops(module: ModuleBuilder, layout: Layout, plan: LoopPlan): RunningLoops | undefined {
  if (!canCompileVectors()) return undefined
  const compiled = compileAtOnce(module.finish())
  if (compiled === undefined) return undefined
  const memory = new WebAssembly.Memory({ initial: Math.ceil(layout.bytes() / 65_536) })
  for (const { at, values } of plan.tables)
    new Uint8Array(memory.buffer, at).set(new Uint8Array(values.buffer))
  const { exports } = new WebAssembly.Instance(compiled, importsFor(memory))
  return { exports, view: (address, length) => new Float64Array(memory.buffer, address, length) }
}

/** Whether this engine has 128-bit vectors and may compile modules that use them. */
export const canCompileVectors = (): boolean => hasSimd() && canCompileModules()

function compileAtOnce(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module | undefined {
  try {
    return new WebAssembly.Module(bytes)
  } catch (error) {
    // larger than the main thread of a page may compile; anything else would be a fault of the printer
    if (error instanceof RangeError) return undefined
    throw error
  }
}
