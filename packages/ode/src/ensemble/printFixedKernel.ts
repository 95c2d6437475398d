import {
  type FunctionBody,
  FunctionCode,
  LaneCode,
  type LaneValue,
  type ModuleBuilder,
  rowsFrom,
} from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'
import { combine, type LaneField, loadTheta, scaleRow, type ThetaSpread } from './laneField.js'

/**
 * Prints fixed(first, end, scratch, base, index, h, count, stop, y, theta, stride) → 0: `count` equal steps of
 * trajectories first … end − 1 from t = base + index·h, the last of them to `stop` where that is a number. y is
 * [n][stride/bytes]; the state of a tile stays in registers over all steps.
 */
export function printFixedKernel(
  module: ModuleBuilder,
  method: ExplicitMethod,
  field: LaneField,
  theta: ThetaSpread,
): FunctionBody {
  const code = new FunctionCode(
    ['i32', 'i32', 'i32', 'f64', 'f64', 'f64', 'i32', 'f64', 'i32', 'i32', 'i32'],
    ['i32'],
  )
  const [first, end, scratch, base, index, h, count, y, parameters, stride] = [
    0, 1, 2, 3, 4, 5, 6, 8, 9, 10,
  ] as const
  const c = new LaneCode(code, module.settings)
  const { size: n, usesTime, parameterCount } = field
  // the last stage of a method with bₛ = 0 serves the error estimate and the next step only
  const stages = method.b[method.stages - 1] === 0 ? method.stages - 1 : method.stages
  const step = c.splat(h, 'f64', 'fixed')
  const rows = method.a.slice(0, stages).map((row) => scaleRow(c, step, row))
  const weights = scaleRow(c, step, method.b.slice(0, stages))
  const row = rowsFrom(code, stride)
  const [i, offset, taken] = [code.variable('i32'), code.variable('i32'), code.variable('i32')]
  const [tile, shift, one] = [
    code.integer(module.tile, true),
    code.integer(c.type.logBytes, true),
    code.integer(1, true),
  ]
  const state = Array.from({ length: n }, () => c.variable())
  code.set(i, first)
  code.countTo(i, end, tile, () => {
    code.set(offset, code.value('i32', [0x74], [i, shift]))
    const at = (start: number, k: number) => code.value('i32', [0x6a], [row(start, k), offset])
    state.forEach((v, k) => {
      c.assign(v, c.load(at(y, k)))
    })
    const parameter = loadTheta(c, parameters, theta, at)
    // loads stay outside of the loop over the steps
    if (theta === 'each') for (let k = 0; k < parameterCount; k++) parameter(k)
    const f = field.evaluator(c, { scratch, theta: parameters, parameter })
    code.set(taken, code.integer(0))
    code.countTo(taken, count, one, () => {
      const start = state.map((v) => c.snapshot(v))
      const times = usesTime ? stageTimes(c, method.c.slice(0, stages), { base, index, h, taken }) : []
      const slopes: LaneValue[][] = []
      for (let j = 0; j < stages; j++) {
        const point = start.map((v, k) => combine(c, rows[j] as LaneValue[], slopes, k, v))
        slopes.push(f(times[j] ?? step, point))
      }
      const next = start.map((v, k) => combine(c, weights, slopes, k, v))
      next.forEach((v, k) => {
        c.assign(state[k] as LaneValue, v)
      })
    })
    state.forEach((v, k) => {
      c.store(at(y, k), v)
    })
  })
  return code.finish({ exported: 'fixed', result: [code.integer(0)] })
}

interface Clock {
  readonly base: number
  readonly index: number
  readonly h: number
  readonly taken: number
}

/** t + cⱼh with t = base + (index + taken)·h, so that times do not accumulate rounding. */
function stageTimes(c: LaneCode, nodes: readonly number[], { base, index, h, taken }: Clock): LaneValue[] {
  const { code } = c
  const mulAdd = (factor: number) => code.value('f64', [0xa0], [base, code.value('f64', [0xa2], [factor, h])])
  const number = code.value('f64', [0xa0], [index, code.value('f64', [0xb7], [taken])])
  return nodes.map((node) => {
    if (node === 0) return c.splat(mulAdd(number), 'f64', 'common')
    const later = code.value('f64', [0xa0], [number, constant(code, node)])
    return c.splat(mulAdd(later), 'f64', 'common')
  })
}

function constant(code: FunctionCode, value: number): number {
  return code.value('f64', [0x44, ...new Uint8Array(Float64Array.of(value).buffer)], [], true)
}
