import {
  along,
  type Cursor,
  callCode,
  FunctionCode,
  type Gatherer,
  gatherer,
  type Id,
  type LaneValue,
  type Layout,
  type LoopPlan,
  type LoopPrinter,
  loopPrinter,
  type ModuleBuilder,
  memoryOperand,
  printStateLoops,
} from '@separatrix/field/core'
import type { StepControl } from '../control/adaptive.js'
import type { Tolerances } from '../control/tolerances.js'
import { slotCount } from '../state.js'
import type { ExplicitMethod } from './tableau.js'

/** Addresses of the numbers and vectors that steps work on. */
export interface StepMemory {
  /** the registers of a state */
  readonly registers: number
  /** t, h, t + h, and what a trial leaves: its squared error, times the weight of all components */
  readonly clock: number
  readonly y: number
  /** y¹ of a trial */
  readonly next: number
  /** the points of stages, by turns: one is read while the other is written */
  readonly points: readonly [number, number]
  readonly slopes: readonly number[]
  /** k₁ of the step that was accepted last */
  readonly lastFirst: number
  readonly rtol: number
  readonly atol: number
  readonly weights: number
}

/** Order of the numbers at `clock`. */
export const clockSlot = { t: 0, h: 1, end: 2, sum: 3 } as const

export function stepMemory(layout: Layout, method: ExplicitMethod, size: number): StepMemory {
  const vector = () => layout.take(size)
  return {
    registers: layout.take(slotCount),
    clock: layout.take(4),
    y: vector(),
    next: vector(),
    points: [vector(), vector()],
    slopes: Array.from({ length: method.stages }, vector),
    lastFirst: vector(),
    rtol: vector(),
    atol: vector(),
    weights: vector(),
  }
}

/** What is printed: a step of given size, or a trial that measures its error. */
export type StepForm =
  | { readonly kind: 'fixed'; readonly stages: number; readonly keepsSlopes: boolean }
  | {
      readonly kind: 'adaptive'
      readonly tolerances: Tolerances
      readonly control: StepControl
      readonly keepsSlopes: boolean
    }

interface StepPrinter {
  readonly module: ModuleBuilder
  readonly method: ExplicitMethod
  readonly size: number
  readonly plan: LoopPlan
  readonly at: StepMemory
}

/** Parameters of every function of stages. */
const parameter = { t: 0, h: 1, end: 2 } as const

/**
 * Prints step() of a module: with sizes given, y ← y¹; with sizes chosen, the trial from y with k₁ given, leaving
 * y¹, all slopes and the sum of squares; then also first(), k₁ = f(t, y), and accept(). The point of each
 * stage is formed in the loop that evaluates the one before, so that a stage is one pass through memory. Each
 * stage is a function of its own: the engine replaces its baseline code at the next call, and in a function
 * that runs on it would not. Returns the positions of step and accept.
 */
export function printVectorSteps(
  printer: StepPrinter,
  form: StepForm,
): { readonly step: number; readonly accept: number } {
  const { method } = printer
  if (form.kind === 'fixed') {
    const parts: number[] = []
    for (let j = 1; j < form.stages; j++) parts.push(printStage(printer, j))
    const step = exportCalls(printer, 'step', [...parts, printFixedEnd(printer, form)])
    return { step, accept: step }
  }
  const parts = [printBegin(printer)]
  for (let j = 2; j < method.stages; j++) parts.push(printStage(printer, j))
  const step = exportCalls(printer, 'step', [...parts, printTrialEnd(printer, form.tolerances)])
  const first = printFirst(printer)
  exportCalls(printer, 'first', [first])
  return {
    step,
    accept: exportCalls(printer, 'accept', [
      printMove(printer, form.keepsSlopes),
      ...(method.fsal ? [] : [first]),
    ]),
  }
}

/** y ← y¹, and k₁ ← kₛ where that is f at y¹. */
function printMove(printer: StepPrinter, keepsSlopes: boolean): number {
  const { method, at, size } = printer
  const [first, last] = [at.slopes[0], at.slopes.at(-1)] as [number, number]
  const moves: (readonly [number, number])[] = [[at.next, at.y]]
  if (keepsSlopes) moves.push([first, at.lastFirst])
  if (method.fsal) moves.push([last, first])
  return define(printer, (p) => {
    for (const [from, to] of moves)
      along(p, 0, size, (cursor) => {
        cursor.store(to, cursor.load(from))
      })
  })
}

const newFunction = () => new FunctionCode(['f64', 'f64', 'f64'])

/** Prints a function of a stage and returns its position. */
function define({ module }: StepPrinter, body: (p: LoopPrinter) => void): number {
  const code = newFunction()
  body(loopPrinter(code, module))
  const position = module.reserve()
  module.define(position, code.finish())
  return position
}

/** An exported function that passes the clock to others, in order. */
function exportCalls({ module, at }: StepPrinter, name: string, parts: readonly number[]): number {
  const code = new FunctionCode([])
  const zero = code.integer(0)
  const load = (slot: number) => code.value('f64', [0x2b, ...memoryOperand(3, at.clock + 8 * slot)], [zero])
  const clock = [load(clockSlot.t), load(clockSlot.h), load(clockSlot.end)]
  for (const position of parts) code.effect(callCode(position), clock)
  const position = module.reserve()
  module.define(position, code.finish({ exported: name }))
  return position
}

/** k₁ = f(t, y); after an accepted trial, at its end. */
function printFirst(printer: StepPrinter): number {
  const { plan, at } = printer
  return define(printer, (p) => {
    printStateLoops(p, plan, { state: at.y, time: parameter.end }, (cursor, slope) => {
      cursor.store(at.slopes[0] as number, slope)
    })
  })
}

/** The point of the second stage, from k₁. */
function printBegin(printer: StepPrinter): number {
  const { method, size, at } = printer
  return define(printer, (p) => {
    const row = scaledRow(p, method.a[1] ?? [])
    along(p, 0, size, (cursor) => {
      cursor.store(pointOf(printer, 2), combine(cursor, at, row, at.y))
    })
  })
}

/** Where the point of stage j (from 1) stands. */
function pointOf({ method, at }: StepPrinter, j: number): number {
  if (j === 1) return at.y
  return method.fsal && j === method.stages ? at.next : (at.points[j % 2] as number)
}

/** k_j = f(t_j, z_j), and the point of the next stage. */
function printStage(printer: StepPrinter, j: number): number {
  const { method, plan, at } = printer
  return define(printer, (p) => {
    const row = scaledRow(p, method.a[j] as readonly number[])
    const place = { state: pointOf(printer, j), time: stageTime(p, method, j) }
    printStateLoops(p, plan, place, (cursor, slope) => {
      cursor.store(at.slopes[j - 1] as number, slope)
      cursor.store(pointOf(printer, j + 1), combine(cursor, at, row, at.y, slope))
    })
  })
}

/** The last of the stages, and y ← y + h Σ bᵢkᵢ. */
function printFixedEnd(
  printer: StepPrinter,
  { stages, keepsSlopes }: Extract<StepForm, { kind: 'fixed' }>,
): number {
  const { method, plan, at } = printer
  return define(printer, (p) => {
    const row = scaledRow(p, method.b.slice(0, stages))
    const place = { state: pointOf(printer, stages), time: stageTime(p, method, stages) }
    // a method of one stage reads y for its slope: the new one must wait until all are read
    const target = stages === 1 ? at.next : at.y
    printStateLoops(p, plan, place, (cursor, slope) => {
      if (keepsSlopes) cursor.store(at.slopes[stages - 1] as number, slope)
      cursor.store(target, combine(cursor, at, row, at.y, slope))
    })
    if (target !== at.y)
      along(p, 0, printer.size, (cursor) => {
        cursor.store(at.y, cursor.load(at.next))
      })
  })
}

/** The last stage of a trial, y¹ where it is not the point of that stage, and the sum of squared errors. */
function printTrialEnd(printer: StepPrinter, tolerances: Tolerances): number {
  const { method, plan, at } = printer
  const { stages, bError, bErrorLow } = method
  return define(printer, (p) => {
    const { code } = p
    const solution = method.fsal ? [] : scaledRow(p, method.b)
    const rows = [bError as readonly number[], ...(bErrorLow === undefined ? [] : [bErrorLow])]
    const scaled = rows.map((row) => scaledRow(p, row))
    const sums = rows.map(() => gatherer(p, tolerances.norm === 'max' ? 'max' : 'add'))
    const place = { state: pointOf(printer, stages), time: stageTime(p, method, stages) }
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
    const total = low === undefined ? high : combinedError(code, high, low)
    code.effect([0x39, ...memoryOperand(3, at.clock + 8 * clockSlot.sum)], [code.integer(0), total])
  })
}

/** e₅² · e₅²/(e₅² + .01 e₃²), and 0 for no error. */
function combinedError(code: FunctionCode, high: Id, low: Id): Id {
  const number = (v: number) => code.value('f64', [0x44, ...new Uint8Array(Float64Array.of(v).buffer)])
  const op = (opcode: number, a: Id, b: Id) => code.value('f64', [opcode], [a, b])
  const quotient = op(0xa3, high, op(0xa0, high, op(0xa2, number(0.01), low)))
  const isZero = code.value('i32', [0x61], [high, number(0)])
  return code.value('f64', [0x1b], [high, op(0xa2, high, quotient), isZero])
}

type Row = readonly (LaneValue | undefined)[]

/** h·a in every lane, for a row of coefficients; zeros are left out. */
function scaledRow({ narrow: c }: LoopPrinter, row: readonly number[]): Row {
  const h = c.splat(parameter.h, 'f64', 'fixed')
  return row.map((a) => (a === 0 ? undefined : a === 1 ? h : c.op('mul', h, c.constant(a))))
}

/** start + Σ (h a_j) k_j, the newest slope last and in registers. */
function combine(
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

/** What divides an error: atol + rtol max(|y|, |y¹|), and the weight of its square. */
interface ErrorScale {
  readonly divisor: LaneValue
  readonly weight: LaneValue | undefined
}

function errorScale(p: LoopPrinter, at: StepMemory, { uniform, weights }: Tolerances) {
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

/** t + c_j h; the exact end of the step where c is 1. */
function stageTime({ code }: LoopPrinter, { c }: ExplicitMethod, j: number): Id {
  const node = c[j - 1] as number
  if (node === 0) return parameter.t
  if (node === 1) return parameter.end
  const factor = code.value('f64', [0x44, ...new Uint8Array(Float64Array.of(node).buffer)], [], true)
  const distance = code.value('f64', [0xa2], [factor, parameter.h], true)
  return code.value('f64', [0xa0], [parameter.t, distance], true)
}
