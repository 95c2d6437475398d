import type { Kernel } from './method.js'
import { makeState, type StepState } from './state.js'
import { makeTrace, type Trace, type TraceLevel } from './trace.js'

/** What a solve works in: allocating it would take longer than a short solve. */
export interface Workspace {
  readonly state: StepState
  /** the state before the last run of steps */
  readonly before: StepState
  readonly trace: Trace
}

/** Workspaces that no solve uses now, one for a kernel. */
const spare = new WeakMap<Kernel, Workspace>()

/** A workspace of this kernel alone until {@link returnWorkspace}; a solve within a solve gets another. */
export function takeWorkspace(kernel: Kernel, size: number, level: TraceLevel): Workspace {
  const found = spare.get(kernel)
  if (found === undefined)
    return {
      state: makeState(size, kernel.memorySize),
      before: makeState(size, kernel.memorySize),
      trace: makeTrace(size, kernel.stageCount, level),
    }
  spare.delete(kernel)
  found.state.registers.fill(0)
  found.state.memory.fill(0)
  return found
}

/** Large ones are let go: their allocation is nothing beside their solves, and they would live as long as the field. */
export function returnWorkspace(kernel: Kernel, workspace: Workspace): void {
  const { y, stages } = workspace.trace
  if (y.length + stages.length <= mostKept) spare.set(kernel, workspace)
}

/** 64 KB: a trace of 128 steps of a few dozen components. */
const mostKept = 8192
