import { importsFor, type ModuleBuilder } from '../moduleBuilder.js'
import type { Layout } from './layout.js'
import type { LoopPlan } from './plan.js'

/** A module that runs, and views of its memory. */
export interface RunningLoops {
  readonly exports: WebAssembly.Exports
  view(address: number, length: number): Float64Array<ArrayBuffer>
}

/** Starts a module of state loops over fresh memory, with the tables of its plan in place. */
export function startLoops(module: ModuleBuilder, layout: Layout, plan: LoopPlan): RunningLoops {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(layout.bytes() / 65_536) })
  for (const { at, values } of plan.tables)
    new Uint8Array(memory.buffer, at).set(new Uint8Array(values.buffer))
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), importsFor(memory))
  return { exports, view: (address, length) => new Float64Array(memory.buffer, address, length) }
}
