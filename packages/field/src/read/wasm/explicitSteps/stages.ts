import type { Id } from '../functionCode.js'
import type { LaneValue } from '../laneCode.js'
import type { ModuleBuilder } from '../moduleBuilder.js'
import { scalarCode } from '../scalarCode.js'
import type { Cursor, LoopPrinter } from '../stateLoops/cursor.js'
import type { LoopPlan } from '../stateLoops/plan.js'
import type { StepMemory } from './stepMemory.js'
import type { StepMethod } from './types.js'

/** What the printers of one module share. */
export interface StepPrinter {
  readonly module: ModuleBuilder
  readonly method: StepMethod
  readonly size: number
  readonly plan: LoopPlan
  readonly at: StepMemory
}

/** Parameters of every function of stages. */
export const parameter = { t: 0, h: 1, end: 2 } as const

/** Where the point of stage j (from 1) stands. */
export function pointOf({ fsal, stages }: StepMethod, at: StepMemory, j: number): number {
  if (j === 1) return at.y
  return fsal && j === stages ? at.next : (at.points[j % 2] as number)
}

export type Row = readonly (LaneValue | undefined)[]

/** h·a in every lane, for a row of coefficients; zeros are left out. */
export function scaledRow({ narrow: c }: LoopPrinter, row: readonly number[]): Row {
  const h = c.splat(parameter.h, 'f64', 'fixed')
  return row.map((a) => (a === 0 ? undefined : a === 1 ? h : c.op('mul', h, c.constant(a))))
}

/** start + Σ (h a_j) k_j, the newest slope last and in registers. */
export function combine(
  cursor: Cursor,
  at: StepMemory,
  row: Row,
  start: number | undefined,
  newest?: LaneValue,
): LaneValue {
  const { c } = cursor
  let sum = start === undefined ? undefined : cursor.load(start)
  row.forEach((weight, j) => {
    if (weight === undefined) return
    const isNewest = newest !== undefined && j === row.length - 1
    const slope = isNewest ? newest : cursor.load(at.slopes[j] as number)
    sum = sum === undefined ? c.op('mul', weight, slope) : c.op('madd', weight, slope, sum)
  })
  return sum ?? c.constant(0)
}

/** t + c_j h; the exact end of the step where c is 1. */
export function stageTime({ code }: LoopPrinter, { c }: StepMethod, j: number): Id {
  const node = c[j - 1] as number
  if (node === 0) return parameter.t
  if (node === 1) return parameter.end
  const { op, number } = scalarCode(code)
  return op('add', parameter.t, op('mul', number(node), parameter.h))
}
