import type { Id, LaneCode, LaneValue } from '@separatrix/field/core'
import type { StepControl } from '../control/adaptive.js'
import type { ExplicitMethod } from '../explicit/tableau.js'
import type { LaneField, ThetaSpread } from './laneField.js'

/** What an adaptive kernel is printed for. */
export interface AdaptiveKernel {
  readonly method: ExplicitMethod
  readonly field: LaneField
  readonly theta: ThetaSpread
  readonly control: StepControl
  /** one pair of tolerances for all components */
  readonly uniform: boolean
}

/** Rows of numbers that are the whole state of a trajectory, each [stride]; a lane holds one trajectory's. */
export interface RowMap {
  readonly y: number
  /** f(t, y), for methods that are first same as last */
  readonly slope: number
  readonly time: number
  readonly step: number
  /** ln of the scaled error of the last accepted step */
  readonly logError: number
  readonly accepted: number
  readonly rejected: number
  readonly streak: number
  /** 0 on its way, 1 at the stop time, others as in `state.ts`; −1 marks a lane without a trajectory */
  readonly code: number
  /** 1 when the last rejection was for a value that is not finite */
  readonly nonFinite: number
  readonly theta: number
  readonly count: number
}

export function rowMap({
  method,
  field,
  theta,
}: {
  readonly method: ExplicitMethod
  readonly field: Pick<LaneField, 'size' | 'parameterCount'>
  readonly theta: ThetaSpread
}): RowMap {
  const n = field.size
  const after = n + (method.fsal ? n : 0)
  return {
    y: 0,
    slope: n,
    time: after,
    step: after + 1,
    logError: after + 2,
    accepted: after + 3,
    rejected: after + 4,
    streak: after + 5,
    code: after + 6,
    nonFinite: after + 7,
    theta: after + 8,
    count: after + 8 + (theta === 'each' ? field.parameterCount : 0),
  }
}

/** Bytes of the lanes' state between two runs of the inner loop: rows, trajectory numbers, next trajectory. */
export function scratchBytes(rows: RowMap, tile: number, bytes: number): number {
  return Math.ceil((rows.count * tile * bytes + 4 * tile + 4) / 64) * 64
}

/** Address of the field's own scratch memory, behind that of the lanes. */
export function behindLanes(c: LaneCode, kernel: AdaptiveKernel, scratch: Id): Id {
  const { type, groups } = c.settings
  const distance = c.code.integer(scratchBytes(rowMap(kernel), groups * type.width, type.bytes), true)
  return c.code.value('i32', [0x6a], [scratch, distance], true)
}

/** Tolerances by component, in every lane. */
export interface Tolerance {
  readonly rtol: (i: number) => LaneValue
  readonly atol: (i: number) => LaneValue
}

export function loadTolerances(c: LaneCode, base: Id, n: number, uniform: boolean): Tolerance {
  const { bytes } = c.type
  const known = new Map<number, LaneValue>()
  const at = (k: number) => {
    const found = known.get(k) ?? c.loadSplat(base, k * bytes, 'fixed')
    known.set(k, found)
    return found
  }
  return { rtol: (i) => at(uniform ? 0 : i), atol: (i) => at(uniform ? n : n + i) }
}
