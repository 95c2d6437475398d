import { type LaneCode, type LaneValue, simd } from '@separatrix/field/core'
import type { StepControl } from '../control/adaptive.js'
import { logOffset, logSlope } from '../control/power.js'
import { largestRejection } from '../control/printControl.js'

/** ln of the errors of the last trial and of the last accepted step; rejections since. */
export interface ErrorMemory {
  readonly logError: LaneValue
  readonly logError1: LaneValue
  readonly streak: LaneValue
}

/** Factor of the step after an accepted one: the controller of `printControl`, without its longer memories. */
export function acceptFactor(
  c: LaneCode,
  { beta, safety, minFactor, maxFactor }: StepControl,
  k: number,
  { logError, logError1, streak }: ErrorMemory,
): LaneValue {
  const [b1, b2] = beta
  const first = c.op('nmadd', c.constant(b1 / k), logError, c.constant(Math.log(safety)))
  const wanted = b2 === 0 ? first : c.op('nmadd', c.constant(b2 / k), logError1, first)
  const bounded = c.op(
    'pmin',
    c.op('pmax', wanted, c.constant(Math.log(minFactor))),
    c.constant(Math.log(maxFactor)),
  )
  const afterRejection = c.op('gt', streak, c.constant(0))
  return roughExp(c, c.select(afterRejection, c.op('pmin', bounded, c.constant(0)), bounded))
}

/** Factor after a rejected step: by the error alone, and the least where a value was not finite. */
export function rejectFactor(
  c: LaneCode,
  { safety, minFactor }: StepControl,
  k: number,
  logError: LaneValue,
  finite: LaneValue,
): LaneValue {
  const wanted = c.op('nmadd', c.constant(1 / k), logError, c.constant(Math.log(safety)))
  const bounded = c.op(
    'pmin',
    c.op('pmax', wanted, c.constant(Math.log(minFactor))),
    c.constant(largestRejection),
  )
  return c.select(finite, roughExp(c, bounded), c.constant(minFactor))
}

/** The same as `roughLog` of the single solver, from the bits of each lane. */
export function roughLog(c: LaneCode, x: LaneValue): LaneValue {
  if (c.type.scalar === 'f64') {
    const shift = 2 ** 52
    const word = c.op('sub', c.op('or', c.shift('right', x, 32), c.constant(shift)), c.constant(shift))
    return c.op('sub', c.op('mul', word, c.constant(logSlope)), c.constant(logOffset))
  }
  // f32x4.convert_i32x4_s; 23 − 20 = 3 more mantissa bits, and another bias
  const word: LaneValue = { spread: x.spread, ids: x.ids.map((id) => c.code.value('v128', simd(250), [id])) }
  const offset = logOffset - Math.LN2 * (1023 - 127)
  return c.op('sub', c.op('mul', word, c.constant(logSlope / 8)), c.constant(offset))
}

/** The same as `roughExp` of the single solver. */
function roughExp(c: LaneCode, x: LaneValue): LaneValue {
  const even = c.op('madd', x, x, c.constant(12))
  const odd = c.op('mul', c.constant(6), x)
  return c.op('div', c.op('add', even, odd), c.op('sub', even, odd))
}
