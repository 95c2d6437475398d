import type { Id } from '../functionCode.js'
import type { LaneValue } from '../laneCode.js'
import { type ScalarCode, scalarCode } from '../scalarCode.js'
import { type Cursor, type Gatherer, gatherer, type LoopPrinter } from '../stateLoops/cursor.js'
import { printStateLoops } from '../stateLoops/printStateLoops.js'
import { combine, pointOf, type Row, type StepPrinter, scaledRow, stageTime } from './stages.js'
import { clockSlot, type StepMemory } from './stepMemory.js'
import type { StepNorm } from './types.js'

/** The last stage of a trial, y¹ where it is not the point of that stage, and the sum of squared errors. */
export function printTrialEnd(p: LoopPrinter, { method, plan, at }: StepPrinter, tolerances: StepNorm): void {
  const { stages, bError, bErrorLow } = method
  const c = scalarCode(p.code)
  const solution = method.fsal ? [] : scaledRow(p, method.b)
  const rows = [bError as readonly number[], ...(bErrorLow === undefined ? [] : [bErrorLow])]
  const scaled = rows.map((row) => scaledRow(p, row))
  const sums = rows.map(() => gatherer(p, tolerances.norm === 'max' ? 'max' : 'add'))
  const place = { state: pointOf(method, at, stages), time: stageTime(p, method, stages) }
  const scaleOf = errorScale(p, at, tolerances)
  printStateLoops(p, plan, place, (cursor, slope) => {
    cursor.store(at.slopes[stages - 1] as number, slope)
    const next = method.fsal ? cursor.load(at.next) : combine(cursor, at, solution, at.y, slope)
    if (!method.fsal) cursor.store(at.next, next)
    const scale = scaleOf(cursor, next)
    sums.forEach((sum, i) => {
      addSquare(cursor, sum, combine(cursor, at, scaled[i] as Row, undefined, slope), scale)
    })
  })
  const [high, low] = sums.map((sum) => sum.total()) as [Id, Id?]
  const total = low === undefined ? high : combinedError(c, high, low)
  c.store(at.clock, clockSlot.sum, total)
}

/** e₅² · e₅²/(e₅² + .01 e₃²), and 0 for no error. */
function combinedError({ op, number, is, select }: ScalarCode, high: Id, low: Id): Id {
  const quotient = op('div', high, op('add', high, op('mul', number(0.01), low)))
  return select(is('eq', high, number(0)), high, op('mul', high, quotient))
}

/** What divides an error: atol + rtol max(|y|, |y¹|), and the weight of its square. */
interface ErrorScale {
  readonly divisor: LaneValue
  readonly weight: LaneValue | undefined
}

function errorScale(p: LoopPrinter, at: StepMemory, { uniform, weights }: StepNorm) {
  const zero = p.code.integer(0, true)
  const fixed = (address: number) => p.narrow.loadSplat(zero, address, 'fixed')
  const shared = uniform ? { rtol: fixed(at.rtol), atol: fixed(at.atol) } : undefined
  return (cursor: Cursor, next: LaneValue): ErrorScale => {
    const { c } = cursor
    // a comparison with NaN is false, so pmax keeps a y¹ that is not a number
    const magnitude = c.op('pmax', c.op('abs', next), c.op('abs', cursor.load(at.y)))
    const rtol = shared?.rtol ?? cursor.load(at.rtol)
    const atol = shared?.atol ?? cursor.load(at.atol)
    const weight = weights === undefined ? undefined : cursor.load(at.weights)
    return { divisor: c.op('madd', rtol, magnitude, atol), weight }
  }
}

/** Adds (e/scale)² by its weight; a component of weight 0 is left out whatever its value. */
function addSquare(cursor: Cursor, sum: Gatherer, error: LaneValue, { divisor, weight }: ErrorScale): void {
  const { c } = cursor
  const r = c.op('div', error, divisor)
  const square = c.op('mul', r, r)
  if (weight === undefined) sum.add(cursor, square)
  else sum.add(cursor, c.op('and', c.op('mul', weight, square), c.op('gt', weight, c.constant(0))))
}
