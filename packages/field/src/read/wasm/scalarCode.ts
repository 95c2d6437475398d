import { float64Bytes } from './encode.js'
import { callCode, type FunctionCode, type Id, memoryOperand } from './functionCode.js'

const binary = {
  add: 0xa0,
  sub: 0xa1,
  mul: 0xa2,
  div: 0xa3,
  min: 0xa4,
  max: 0xa5,
} as const

const comparisons = { eq: 0x61, lt: 0x63, gt: 0x64, le: 0x65, ge: 0x66 } as const

/** Arithmetic on single doubles, printed into a function, so that formulas read as formulas. */
export function scalarCode(code: FunctionCode) {
  const number = (value: number): Id => code.value('f64', [0x44, ...float64Bytes(value)])
  const op = (name: keyof typeof binary, a: Id, b: Id): Id => code.value('f64', [binary[name]], [a, b])
  const is = (name: keyof typeof comparisons, a: Id, b: Id): Id =>
    code.value('i32', [comparisons[name]], [a, b])
  return {
    number,
    op,
    is,
    and: (a: Id, b: Id): Id => code.value('i32', [0x71], [a, b]),
    or: (a: Id, b: Id): Id => code.value('i32', [0x72], [a, b]),
    not: (a: Id): Id => code.value('i32', [0x45], [a]),
    select: (condition: Id, a: Id, b: Id): Id => code.value('f64', [0x1b], [a, b, condition]),
    /** the double in slot `slot` of an array */
    load: (array: number, slot: number): Id =>
      code.value('f64', [0x2b, ...memoryOperand(3, array + 8 * slot)], [code.integer(0, true)]),
    store: (array: number, slot: number, value: Id): void =>
      code.effect([0x39, ...memoryOperand(3, array + 8 * slot)], [code.integer(0, true), value]),
    call: (position: number, x: Id): Id => code.value('f64', callCode(position), [x]),
    /** calls a function that returns nothing */
    run: (position: number, args: readonly Id[] = []): void => code.effect(callCode(position), args),
    /** the upper 32 bits, as a signed integer */
    upperWord(x: Id): Id {
      const bits = code.value('i64', [0xbd], [x])
      const word = code.value('i64', [0x87], [bits, code.value('i64', [0x42, 32])])
      return code.value('f64', [0xb9], [word])
    },
  }
}

export type ScalarCode = ReturnType<typeof scalarCode>
