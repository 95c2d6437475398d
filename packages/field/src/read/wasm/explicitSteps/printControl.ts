import { FunctionCode, type Id } from '../functionCode.js'
import type { ModuleBuilder } from '../moduleBuilder.js'
import { type ScalarCode, scalarCode } from '../scalarCode.js'
import { clockSlot, type StepMemory } from './stepMemory.js'
import type { StepController, StepConventions } from './types.js'

/** What the loop over steps calls and decides by. */
export interface ControlParts {
  readonly control: StepController
  readonly conventions: StepConventions
  /** order of the error estimate, plus one */
  readonly k: number
  /** components that the error norm counts, by their weights */
  readonly count: number
  /** position of the function that tries a step */
  readonly trial: number
  /** position of the one that makes a trial the state */
  readonly accept: number
}

/**
 * Prints run(limit) → accepted: steps of chosen size until `limit` are accepted or the stretch ends, with the
 * decisions of `adaptiveAdvance`, operation by operation, on the registers in memory.
 */
export function printControl(module: ModuleBuilder, at: StepMemory, parts: ControlParts): void {
  const code = new FunctionCode(['i32'], ['i32'])
  const c = scalarCode(code)
  const limit = 0
  const { slot, code: codes, longestStreak } = parts.conventions
  const { op, is, number, select } = c
  const fixed = (which: number) => c.load(at.registers, which)
  const [stop, direction, minStep, maxStep] = [slot.stop, slot.direction, slot.minStep, slot.maxStep].map(
    fixed,
  ) as [Id, Id, Id, Id]
  const allowed = op('sub', op('sub', fixed(slot.maxSteps), fixed(slot.accepted)), fixed(slot.rejected))
  const keep = registers(code, c, at, parts.conventions)
  const { t, h0, streak, rejected, nonFinite } = keep
  const [accepted, status] = [code.variable('i32'), code.variable('i32')]
  const finish = (why: number) => code.set(status, code.integer(why))
  const running = () => code.value('i32', [0x45], [status])
  const count = (n: Id) => code.value('f64', [0xb7], [n])
  code.loop((again) => {
    const forward = (x: Id) => op('mul', x, direction)
    const last = is('ge', forward(op('sub', op('add', t, op('mul', number(1.01), h0)), stop)), number(0))
    const h = select(last, op('sub', stop, t), h0)
    const end = select(last, stop, op('add', t, h))
    const lost = is('eq', op('add', t, op('mul', number(0.1), h0)), t)
    const tooSmall = c.and(c.not(last), c.or(lost, is('lt', forward(h0), minStep)))
    code.when(tooSmall, () => finish(codes.underflow))
    const tried = op('add', count(accepted), rejected)
    code.when(c.and(running(), is('ge', tried, allowed)), () => finish(codes.maxSteps))
    code.when(running(), () => {
      for (const [which, value] of [
        [clockSlot.t, t],
        [clockSlot.h, h],
        [clockSlot.end, end],
      ] as const)
        c.store(at.clock, which, value)
      c.run(parts.trial)
      const error = op('div', c.load(at.clock, clockSlot.sum), number(parts.count))
      const finite = is('eq', op('sub', error, error), number(0))
      code.set(nonFinite, count(c.not(finite)))
      const good = is('le', error, number(1))
      code.when(c.not(good), () => {
        code.set(h0, op('mul', h, rejectFactor(c, parts, error, finite)))
        code.set(rejected, op('add', rejected, number(1)))
        code.set(streak, op('add', streak, number(1)))
        code.when(is('gt', streak, number(longestStreak)), () => finish(codes.underflow))
      })
      code.when(good, () => {
        c.run(parts.accept)
        code.set(t, end)
        const next = op('mul', h, acceptFactor(code, c, module, parts, { error, last, ...keep }))
        // a step cut short at the stop says little about the next: keep the longer proposal
        const shorter = c.and(last, is('le', forward(next), forward(h0)))
        const wanted = select(shorter, h0, next)
        const bounded = select(is('gt', forward(wanted), maxStep), forward(maxStep), wanted)
        code.set(h0, bounded)
        code.set(streak, number(0))
        code.set(accepted, code.value('i32', [0x6a], [accepted, code.integer(1)]))
        code.when(last, () => finish(codes.stop))
      })
    })
    again(c.and(running(), code.value('i32', [0x48], [accepted, limit])))
  })
  keep.store(count(accepted), count(status))
  module.define(module.reserve(), code.finish({ exported: 'run', result: [accepted] }))
}

/** Registers that change, as variables; `rejected` counts from 0. */
function registers(code: FunctionCode, c: ScalarCode, at: StepMemory, { slot }: StepConventions) {
  const loaded = (which: number) => {
    const variable = code.variable('f64')
    code.set(variable, c.load(at.registers, which))
    return variable
  }
  const kept = [
    [slot.time, loaded(slot.time)],
    [slot.step, loaded(slot.step)],
    [slot.streak, loaded(slot.streak)],
    [slot.nonFinite, loaded(slot.nonFinite)],
    [slot.logError1, loaded(slot.logError1)],
    [slot.logError2, loaded(slot.logError2)],
    [slot.logRatio1, loaded(slot.logRatio1)],
    [slot.logRatio2, loaded(slot.logRatio2)],
  ] as const
  const [t, h0, streak, nonFinite, logError1, logError2, logRatio1, logRatio2] = kept.map(
    ([, variable]) => variable,
  ) as [Id, Id, Id, Id, Id, Id, Id, Id]
  const rejected = code.variable('f64')
  return {
    t,
    h0,
    streak,
    nonFinite,
    logError1,
    logError2,
    logRatio1,
    logRatio2,
    rejected,
    store(accepted: Id, status: Id) {
      for (const [which, variable] of kept) c.store(at.registers, which, variable)
      for (const [which, more] of [
        [slot.accepted, accepted],
        [slot.rejected, rejected],
      ] as const)
        c.store(at.registers, which, c.op('add', c.load(at.registers, which), more))
      c.store(at.registers, slot.code, status)
    },
  }
}

type Registers = ReturnType<typeof registers>

/** ln x as in `roughLog`. */
function roughLog(
  { op, number, upperWord }: ScalarCode,
  { logSlope, logOffset }: StepConventions,
  x: Id,
): Id {
  return op('sub', op('mul', upperWord(x), number(logSlope)), number(logOffset))
}

/** eˣ as in `roughExp`. */
function roughExp({ op, number }: ScalarCode, x: Id): Id {
  const even = op('add', number(12), op('mul', x, x))
  const odd = op('mul', number(6), x)
  return op('div', op('add', even, odd), op('sub', even, odd))
}

function rejectFactor(c: ScalarCode, { control, k, conventions }: ControlParts, error: Id, finite: Id): Id {
  const { op, number } = c
  const wanted = op(
    'sub',
    number(Math.log(control.safety)),
    op('mul', number(0.5 / k), roughLog(c, conventions, error)),
  )
  const bounded = op('max', wanted, number(Math.log(control.minFactor)))
  const factor = roughExp(c, op('min', bounded, number(conventions.largestRejection)))
  return c.select(finite, factor, number(control.minFactor))
}

/** The factor of the next step, and the controller's memory. */
function acceptFactor(
  code: FunctionCode,
  c: ScalarCode,
  module: ModuleBuilder,
  { control, k, conventions }: ControlParts,
  at: Omit<Registers, 'store'> & { readonly error: Id; readonly last: Id },
): Id {
  const { op, number, select, is } = c
  const logError = op('mul', number(0.5), roughLog(c, conventions, at.error))
  const [b1, b2, b3] = control.beta
  const [a2, a3] = control.alpha
  const terms = [
    [b1 / k, logError],
    [b2 / k, at.logError1],
    [b3 / k, at.logError2],
    [a2, at.logRatio1],
    [a3, at.logRatio2],
  ] as const
  const wanted = terms.reduce(
    (sum, [weight, value]) => (weight === 0 ? sum : op('sub', sum, op('mul', number(weight), value))),
    number(Math.log(control.safety)),
  )
  const most = number(Math.log(control.maxFactor))
  const bounded = op('min', op('max', wanted, number(Math.log(control.minFactor))), most)
  const afterRejection = c.and(is('gt', at.streak, number(0)), is('gt', bounded, number(0)))
  const logFactor = select(afterRejection, number(0), bounded)
  code.set(at.logError2, at.logError1)
  code.set(at.logError1, op('max', logError, number(conventions.smallestLogError)))
  code.set(at.logRatio2, at.logRatio1)
  code.set(at.logRatio1, select(at.last, number(0), logFactor))
  const factor = roughExp(c, logFactor)
  if (!control.limiter) return factor
  return op('add', number(1), c.call(module.imported('atan'), op('sub', factor, number(1))))
}
