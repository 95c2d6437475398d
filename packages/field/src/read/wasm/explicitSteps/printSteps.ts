import { FunctionCode } from '../functionCode.js'
import { scalarCode } from '../scalarCode.js'
import { along, type LoopPrinter, loopPrinter } from '../stateLoops/cursor.js'
import { printStateLoops } from '../stateLoops/printStateLoops.js'
import { printTrialEnd } from './printTrialEnd.js'
import { combine, parameter, pointOf, type StepPrinter, scaledRow, stageTime } from './stages.js'
import { clockSlot } from './stepMemory.js'
import type { StepForm } from './types.js'

/**
 * Prints step() of a module: with sizes given, y ← y¹; with sizes chosen, the trial from y with k₁ given, leaving
 * y¹, all slopes and the sum of squares; then also first(), k₁ = f(t, y), and accept(). The point of each
 * stage is formed in the loop that evaluates the one before, so that a stage is one pass through memory. Each
 * stage is a function of its own: the engine replaces its baseline code at the next call, and in a function
 * that runs on it would not. Returns the positions of step and accept.
 */
export function printSteps(
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
  const step = exportCalls(printer, 'step', [
    ...parts,
    define(printer, (p) => printTrialEnd(p, printer, form.tolerances)),
  ])
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
  const c = scalarCode(code)
  const clock = [clockSlot.t, clockSlot.h, clockSlot.end].map((which) => c.load(at.clock, which))
  for (const position of parts) c.run(position, clock)
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
      cursor.store(pointOf(method, at, 2), combine(cursor, at, row, at.y))
    })
  })
}

/** k_j = f(t_j, z_j), and the point of the next stage. */
function printStage(printer: StepPrinter, j: number): number {
  const { method, plan, at } = printer
  return define(printer, (p) => {
    const row = scaledRow(p, method.a[j] as readonly number[])
    const place = { state: pointOf(method, at, j), time: stageTime(p, method, j) }
    printStateLoops(p, plan, place, (cursor, slope) => {
      cursor.store(at.slopes[j - 1] as number, slope)
      cursor.store(pointOf(method, at, j + 1), combine(cursor, at, row, at.y, slope))
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
    const place = { state: pointOf(method, at, stages), time: stageTime(p, method, stages) }
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
