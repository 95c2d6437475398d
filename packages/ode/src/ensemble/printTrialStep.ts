import type { LaneCode, LaneValue } from '@separatrix/field/core'
import { smallestLogError } from '../control/printControl.js'
import { longestStreak } from '../loops/adaptiveAdvance.js'
import { code as codes } from '../state.js'
import type { AdaptiveKernel, RowMap, Tolerance } from './adaptiveKernel.js'
import { acceptFactor, rejectFactor, roughLog } from './laneControl.js'
import { combine, type LaneField, scaleRow } from './laneField.js'

/** What the steps of one kernel share. */
export interface StepContext {
  readonly variables: readonly LaneValue[]
  readonly tolerance: Tolerance
  readonly f: ReturnType<LaneField['evaluator']>
  readonly stop: LaneValue
  readonly direction: LaneValue
  readonly maxSteps: LaneValue
}

/** One trial step of every lane; what a lane must not do is masked. Each call of the result prints one. */
export function printTrialStep(
  c: LaneCode,
  kernel: AdaptiveKernel,
  map: RowMap,
  context: StepContext,
): () => void {
  const { method, field, control } = kernel
  const { variables, tolerance, f, stop, direction, maxSteps } = context
  const n = field.size
  const number = (v: number) => c.constant(v)
  const zero = number(0)
  const set = (row: number, value: LaneValue) => c.assign(variables[row] as LaneValue, value)
  return () => {
    const now = (row: number) => c.snapshot(variables[row] as LaneValue)
    const y = Array.from({ length: n }, (_, k) => now(map.y + k))
    const [t, h0, logError1, accepted, rejected, streak, status] = [
      map.time, map.step, map.logError, map.accepted, map.rejected, map.streak, map.code,
    ].map(now) as [LaneValue, LaneValue, LaneValue, LaneValue, LaneValue, LaneValue, LaneValue] // biome-ignore format: one table
    const ahead = c.op('mul', c.op('sub', c.op('madd', number(1.01), h0, t), stop), direction)
    const last = c.op('ge', ahead, zero)
    const h = c.select(last, c.op('sub', stop, t), h0)
    const tooSmall = c.op('andnot', c.op('eq', c.op('madd', number(0.1), h0, t), t), last)
    const tooMany = c.op('ge', c.op('add', accepted, rejected), maxSteps)
    const { next, slope, sum } = trial(c, kernel, { t, y, h, f, tolerance, map, variables })
    const active = c.op('andnot', c.op('eq', status, zero), c.op('or', tooSmall, tooMany))
    const good = c.op('and', active, c.op('le', sum, number(n)))
    const bad = c.op('andnot', active, good)
    const k = (method.errorOrder as number) + 1
    const logError = c.op('sub', c.op('mul', number(0.5), roughLog(c, sum)), number(0.5 * Math.log(n)))
    const accept = acceptFactor(c, control, k, { logError, logError1, streak })
    const finite = c.op('eq', c.op('sub', sum, sum), zero)
    const shrink = rejectFactor(c, control, k, logError, finite)
    const proposed = c.op('mul', h, accept)
    // a step cut short at the stop says little about the next: keep the longer proposal
    const longer = c.op('gt', c.op('mul', proposed, direction), c.op('mul', h0, direction))
    const kept = c.select(c.op('andnot', last, longer), h0, proposed)
    y.forEach((v, i) => {
      set(map.y + i, c.select(good, next[i] as LaneValue, v))
    })
    slope.forEach((v, i) => {
      set(map.slope + i, c.select(good, v, variables[map.slope + i] as LaneValue))
    })
    set(map.time, c.select(good, c.select(last, stop, c.op('add', t, h)), t))
    set(map.step, c.select(good, kept, c.select(bad, c.op('mul', h, shrink), h0)))
    const memory = c.op('pmax', logError, number(smallestLogError))
    set(map.logError, c.select(good, memory, logError1))
    set(map.accepted, c.op('add', accepted, c.op('and', good, number(1))))
    set(map.rejected, c.op('add', rejected, c.op('and', bad, number(1))))
    const longerStreak = c.op('add', streak, number(1))
    set(map.streak, c.op('andnot', c.select(bad, longerStreak, streak), good))
    set(
      map.nonFinite,
      c.select(bad, c.op('andnot', number(1), finite), variables[map.nonFinite] as LaneValue),
    )
    const givenUp = c.op('and', bad, c.op('gt', longerStreak, number(longestStreak)))
    const failed = c.select(
      c.op('or', tooSmall, givenUp),
      number(codes.underflow),
      c.op('and', tooMany, number(codes.maxSteps)),
    )
    const reached = c.select(c.op('and', good, last), number(codes.stop), failed)
    set(map.code, c.select(c.op('eq', status, zero), reached, status))
  }
}

interface TrialContext {
  readonly t: LaneValue
  readonly y: readonly LaneValue[]
  readonly h: LaneValue
  readonly f: ReturnType<LaneField['evaluator']>
  readonly tolerance: Tolerance
  readonly map: RowMap
  readonly variables: readonly LaneValue[]
}

/** The stages, y¹, f at y¹ (first same as last), and Σ (e_i/scale_i)². */
function trial(c: LaneCode, { method }: AdaptiveKernel, context: TrialContext) {
  const { t, y, h, f, tolerance, map, variables } = context
  const slopes: LaneValue[][] = [
    method.fsal ? y.map((_, i) => c.snapshot(variables[map.slope + i] as LaneValue)) : f(t, y),
  ]
  let point: readonly LaneValue[] = y
  for (let j = 1; j < method.stages; j++) {
    const row = scaleRow(c, h, method.a[j] as readonly number[])
    point = y.map((v, i) => combine(c, row, slopes, i, v))
    const time = c.op('madd', c.constant(method.c[j] as number), h, t)
    slopes.push(f(time, point))
  }
  const weights = method.fsal ? undefined : scaleRow(c, h, method.b)
  const next = weights === undefined ? point : y.map((v, i) => combine(c, weights, slopes, i, v))
  const errors = (row: readonly number[]) => {
    const scaled = scaleRow(c, h, row)
    return y.map((v, i) => {
      const size = c.op('pmax', c.op('abs', v), c.op('abs', next[i] as LaneValue))
      const scale = c.op('madd', tolerance.rtol(i), size, tolerance.atol(i))
      const r = c.op('div', combine(c, scaled, slopes, i), scale)
      return c.op('mul', r, r)
    })
  }
  const total = (terms: readonly LaneValue[]) => terms.reduce((a, b) => c.op('add', a, b))
  const high = total(errors(method.bError as readonly number[]))
  if (method.bErrorLow === undefined)
    return { next, slope: method.fsal ? (slopes.at(-1) as LaneValue[]) : [], sum: high }
  const low = c.op('madd', c.constant(0.01), total(errors(method.bErrorLow)), high)
  const both = c.op('mul', high, c.op('div', high, low))
  const sum = c.select(c.op('eq', high, c.constant(0)), high, both)
  return { next, slope: method.fsal ? (slopes.at(-1) as LaneValue[]) : [], sum }
}
