import type { Field } from '../field.js'
import { FunctionCode } from '../read/wasm/functionCode.js'
import { LaneCode } from '../read/wasm/laneCode.js'
import type { ModuleBuilder } from '../read/wasm/moduleBuilder.js'
import { rowsFrom } from '../read/wasm/printWasm.js'
import { affineForms, type Ends } from './affineForms.js'
import { type LaneInterval, laneIntervals } from './laneIntervals.js'
import { ringValues } from './ringArithmetic.js'
import { type LineCode, sharedCode } from './roundedCode.js'

/** What stands for the values of a field: intervals, or affine forms in the sides of the box. */
export type BoxForm = 'natural' | 'affine'

/** Affine forms of a scalarized polynomial. */
export interface AffinePlan {
  /** see affineForms: the exponent below which a size is rounded up */
  readonly floor: number
  /** numbers that are computed for a box */
  readonly operations: number
}

/** Exponents of sizes that are rounded up; powers and small constants want larger ones. */
const floors = [-500, -250, -120, -60, -30, -15, 0]

/** How a scalarized polynomial is read in affine forms; undefined where powers or constants are beyond the bound of roundings. */
export function planAffine(field: Field): AffinePlan | undefined {
  for (const floor of floors) {
    let operations = 0
    const dry: LineCode<string> = { constant: String, op: () => `v${operations++}` }
    const { holds } = printAffine(dry, field, { floor, ends: (k) => ({ lo: `lo${k}`, hi: `hi${k}` }) })
    if (holds) return { floor, operations }
  }
  return undefined
}

/** Bounds of the outputs of a scalarized polynomial by affine forms. */
function printAffine<V>(
  code: LineCode<V>,
  field: Field,
  { floor, ends }: { readonly floor: number; readonly ends: (k: number) => Ends<V> },
): { readonly outputs: readonly Ends<V>[]; readonly holds: boolean } {
  const forms = affineForms(sharedCode(code), field.stateSize + field.inputSize + 1, floor)
  const side = once((k) => {
    const { lo, hi } = ends(k)
    return forms.side(k, lo, hi)
  })
  const outputs = ringValues(forms, field, side).map(forms.bounds)
  return { outputs, holds: forms.holds() }
}

function once<X>(make: (k: number) => X): (k: number) => X {
  const made = new Map<number, X>()
  return (k) => {
    const found = made.get(k) ?? make(k)
    made.set(k, found)
    return found
  }
}

/** Positions of the arguments of the exported function. */
const argument = { end: 0, lo: 1, hi: 2, outLo: 3, outHi: 4, stride: 5 } as const

/** Prints the module with the function enclose(end, lo, hi, outLo, outHi, stride); `plan` for affine forms. */
export function printModule(module: ModuleBuilder, field: Field, plan?: AffinePlan): Uint8Array<ArrayBuffer> {
  const code = new FunctionCode(['i32', 'i32', 'i32', 'i32', 'i32', 'i32'])
  const c = new LaneCode(code, module.settings)
  const rows = rowsFrom(code, argument.stride)
  const [i, offset] = [code.variable('i32'), code.variable('i32')]
  const [step, shift] = [code.integer(module.tile, true), code.integer(c.type.logBytes, true)]
  const at = (base: number, k: number) => code.value('i32', [0x6a], [rows(base, k), offset])
  code.countTo(i, argument.end, step, () => {
    code.set(offset, code.value('i32', [0x74], [i, shift]))
    const ends = once((k) => ({ lo: c.load(at(argument.lo, k)), hi: c.load(at(argument.hi, k)) }))
    const natural = () => {
      const intervals = laneIntervals(c)
      const side = once((k): LaneInterval => ({ ...ends(k), sign: 0 }))
      return ringValues(intervals, field, side).map(intervals.settled)
    }
    const outputs = plan ? printAffine(c, field, { ...plan, ends }).outputs : natural()
    outputs.forEach((bounds, k) => {
      c.store(at(argument.outLo, k), bounds.lo)
      c.store(at(argument.outHi, k), bounds.hi)
    })
  })
  module.define(module.reserve(), code.finish({ exported: 'enclose' }))
  return module.finish()
}

const symbols = { add: '+', sub: '-', mul: '*', div: '/' } as const

/** Prints the function (count, lo, hi, outLo, outHi) in JavaScript, for rows at a distance of `stride` numbers. */
export function printScript(field: Field, plan: AffinePlan, stride: number): string {
  const lines: string[] = []
  const value = (text: string) => {
    lines.push(`const v${lines.length} = ${text}`)
    return `v${lines.length - 1}`
  }
  const code: LineCode<string> = {
    constant: (v) => (v < 0 ? `(${v})` : `${v}`),
    op: (name, x, y) =>
      value(name === 'abs' ? `abs(${x})` : name === 'neg' ? `-${x}` : `${x} ${symbols[name]} ${y}`),
  }
  const at = (array: string, k: number) => `${array}[i + ${k * stride}]`
  const ends = once((k) => ({ lo: value(at('lo', k)), hi: value(at('hi', k)) }))
  const { outputs } = printAffine(code, field, { ...plan, ends })
  const stores = outputs.map(({ lo, hi }, k) => `${at('outLo', k)} = ${lo}; ${at('outHi', k)} = ${hi}`)
  return [
    'return (count, lo, hi, outLo, outHi) => {',
    'for (let i = 0; i < count; i++) {',
    ...lines,
    ...stores,
    '}',
    '}',
  ].join('\n')
}
