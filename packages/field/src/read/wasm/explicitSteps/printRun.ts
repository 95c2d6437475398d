import { FunctionCode } from '../functionCode.js'
import type { ModuleBuilder } from '../moduleBuilder.js'
import { scalarCode } from '../scalarCode.js'
import { clockSlot, type StepMemory } from './stepMemory.js'
import type { StepConventions } from './types.js'

/** Prints run(count) → count: equal steps from t = base + index·h in the registers, none of them the last. */
export function printRun(
  module: ModuleBuilder,
  at: StepMemory,
  step: number,
  { slot }: StepConventions,
): void {
  const code = new FunctionCode(['i32'], ['i32'])
  const c = scalarCode(code)
  const count = 0
  const h = c.load(at.clock, clockSlot.h)
  const base = c.load(at.registers, slot.base)
  const index = c.load(at.registers, slot.index)
  const time = (number: number) => c.op('add', base, c.op('mul', c.op('add', index, number), h))
  const i = code.variable('i32')
  const one = code.integer(1)
  code.countTo(i, count, one, () => {
    const done = code.value('f64', [0xb7], [i])
    c.store(at.clock, clockSlot.t, time(done))
    c.store(at.clock, clockSlot.end, time(c.op('add', done, c.number(1))))
    c.run(step)
  })
  module.define(module.reserve(), code.finish({ exported: 'run', result: [count] }))
}
