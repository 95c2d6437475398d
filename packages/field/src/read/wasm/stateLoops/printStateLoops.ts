import { type Binary, type Unary, unary } from '../../../graph/node.js'
import { binaryLanes, halfIntegerPower, integerPower, unaryLanes } from '../elementary.js'
import { type Id, memoryOperand } from '../functionCode.js'
import type { LaneCode, LaneValue } from '../laneCode.js'
import { along, type Cursor, gatherer, type LoopPrinter } from './cursor.js'
import type { Base, LoopPlan, Piece, Task, Term } from './plan.js'
import { printOuter, printProduct } from './printProduct.js'
import { printScatter } from './printScatter.js'

/** Where the loops of one evaluation find their arguments. */
export interface EvaluationPlace {
  /** address of the state */
  readonly state: number
  /** a double computed before the loops */
  readonly time: Id
}

/**
 * Prints one evaluation of a planned field: its tasks, then a loop over each piece of its output, whose values
 * are handed on where they arise, so that what is done with them needs no loop of its own.
 */
export function printStateLoops(
  p: LoopPrinter,
  plan: LoopPlan,
  place: EvaluationPlace,
  consume: (cursor: Cursor, value: LaneValue) => void,
): void {
  for (const task of plan.tasks) printTask(p, task, place)
  printPieces(p, plan.output, place, (cursor, [value]) => consume(cursor, value as LaneValue))
}

function printTask(p: LoopPrinter, task: Task, place: EvaluationPlace): void {
  const resolve = (base: Base) => (base === 'state' ? place.state : base)
  switch (task.kind) {
    case 'store':
      printPieces(p, task.pieces, place, (cursor, [value]) => {
        cursor.store(task.target, value as LaneValue)
      })
      break
    case 'sum':
      printSum(p, task, place)
      break
    case 'product':
      printProduct(p, task, resolve)
      break
    case 'outer':
      printOuter(p, task, resolve)
      break
    case 'scatter':
      printScatter(p, task, resolve)
      break
  }
}

function printSum(
  p: LoopPrinter,
  { pieces, target }: Extract<Task, { kind: 'sum' }>,
  place: EvaluationPlace,
): void {
  const sum = gatherer(p, 'add')
  printPieces(p, pieces, place, (cursor, [x, y]) => {
    sum.add(cursor, y === undefined ? (x as LaneValue) : cursor.c.op('mul', x as LaneValue, y))
  })
  const zero = p.code.integer(0, true)
  p.code.effect([0x39, ...memoryOperand(3, target)], [zero, sum.total()])
}

function printPieces(
  p: LoopPrinter,
  pieces: readonly Piece[],
  place: EvaluationPlace,
  consume: (cursor: Cursor, values: readonly LaneValue[]) => void,
): void {
  for (const piece of pieces) {
    const common = commonTerms(p, piece, place)
    along(p, piece.first, piece.end, (cursor) => {
      const values: LaneValue[] = []
      piece.terms.forEach((term, i) => {
        values.push(common[i] ?? printTerm(cursor, piece.terms, term, values, place))
      })
      consume(
        cursor,
        piece.results.map((r) => values[r] as LaneValue),
      )
    })
  }
}

/** The terms that are the same for all entries, computed before the loop. */
function commonTerms(p: LoopPrinter, { terms }: Piece, place: EvaluationPlace): (LaneValue | undefined)[] {
  const c = p.narrow
  const values: (LaneValue | undefined)[] = []
  const zero = p.code.integer(0, true)
  for (const term of terms) {
    if (term.kind === 'constant') values.push(c.constant(term.value))
    else if (term.kind === 'time') values.push(c.splat(place.time, 'f64', 'common'))
    else if (term.kind === 'even' && term.stride === 0) {
      const address = (term.base === 'state' ? place.state : term.base) + 8 * term.start
      values.push(c.loadSplat(zero, address, 'common'))
    } else if (term.kind === 'operation' && term.args.every((a) => values[a] !== undefined))
      values.push(operation(c, terms, term, values as LaneValue[]))
    else values.push(undefined)
  }
  return values
}

function printTerm(
  cursor: Cursor,
  terms: readonly Term[],
  term: Term,
  values: readonly LaneValue[],
  place: EvaluationPlace,
): LaneValue {
  const resolve = (base: Base) => (base === 'state' ? place.state : base)
  switch (term.kind) {
    case 'even':
      return cursor.loadEven(resolve(term.base), term.start, term.stride)
    case 'table':
      return cursor.loadTable(resolve(term.base), term.table)
    case 'operation':
      return operation(cursor.c, terms, term, values)
    default:
      throw new Error(`unreachable: ${term.kind} is common`)
  }
}

const unaryOps: ReadonlySet<string> = new Set(unary)

function operation(
  c: LaneCode,
  terms: readonly Term[],
  { node, args }: Extract<Term, { kind: 'operation' }>,
  values: readonly LaneValue[],
): LaneValue {
  const [x, y] = args.map((a) => values[a]) as [LaneValue, LaneValue]
  if (node.op === 'powi') return integerPower(c, x, node.exponent)
  if (unaryOps.has(node.op)) return unaryLanes[node.op as Unary](c, x)
  const exponent = node.op === 'pow' ? terms[args[1] as number] : undefined
  const twice = exponent?.kind === 'constant' ? halves(exponent.value) : undefined
  return twice === undefined ? binaryLanes[node.op as Binary](c, x, y) : halfIntegerPower(c, x, twice)
}

/** 2k of an odd number of halves k that is worth a root and products. */
function halves(k: number): number | undefined {
  const twice = 2 * k
  return Number.isInteger(twice) && twice % 2 !== 0 && Math.abs(twice) < 64 ? twice : undefined
}
