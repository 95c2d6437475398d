import type { Field } from '../field.js'
import { FunctionCode } from '../read/wasm/functionCode.js'
import { LaneCode } from '../read/wasm/laneCode.js'
import type { ModuleBuilder } from '../read/wasm/moduleBuilder.js'
import { rowsFrom } from '../read/wasm/printWasm.js'
import { type AffineForm, type AffineForms, affineForms, type Ends } from './affineForms.js'
import { type LaneInterval, laneIntervals } from './laneIntervals.js'
import { type RingArithmetic, ringValues } from './ringArithmetic.js'
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

/** Greatest −floor, and what a product of as many sizes as the degree says should stay above, with room for constants. */
const [deepest, depth] = [500, 800]

/** How a scalarized polynomial is read in affine forms; undefined where powers or constants are beyond the bound of roundings. */
export function planAffine(field: Field): AffinePlan | undefined {
  const degree = Math.max(1, ...ringValues(degrees, field, () => 1))
  let below = Math.min(deepest, Math.floor(depth / degree))
  for (;;) {
    const floor = -below
    let operations = 0
    const dry: LineCode<string> = { constant: String, op: () => `v${operations++}` }
    const { forms, values } = readAffine(dry, field, { floor, ends: (k) => ({ lo: `lo${k}`, hi: `hi${k}` }) })
    values.forEach(forms.bounds)
    if (forms.holds()) return { floor, operations }
    if (below === 0) return undefined
    below >>= 1
  }
}

/** Degrees of polynomials, at most. */
const degrees: RingArithmetic<number> = {
  constant: () => 0,
  neg: (x) => x,
  add: Math.max,
  sub: Math.max,
  mul: (x, y) => x + y,
  div: (x) => x,
  power: (x, exponent) => x * exponent,
}

/** The outputs of a scalarized polynomial in affine forms. */
function readAffine<V>(
  code: LineCode<V>,
  field: Field,
  { floor, ends }: { readonly floor: number; readonly ends: (k: number) => Ends<V> },
): { readonly forms: AffineForms<V>; readonly values: readonly AffineForm<V>[] } {
  const forms = affineForms(sharedCode(code), sidesOf(field), floor)
  const side = once((k) => {
    const { lo, hi } = ends(k)
    return forms.side(k, lo, hi)
  })
  return { forms, values: ringValues(forms, field, side) }
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
    const affine = ({ floor }: AffinePlan) => {
      const { forms, values } = readAffine(c, field, { floor, ends })
      return values.map(forms.bounds)
    }
    const outputs = plan ? affine(plan) : natural()
    outputs.forEach((bounds, k) => {
      c.store(at(argument.outLo, k), bounds.lo)
      c.store(at(argument.outHi, k), bounds.hi)
    })
  })
  module.define(module.reserve(), code.finish({ exported: 'enclose' }))
  return module.finish()
}

const symbols = { add: '+', sub: '-', mul: '*', div: '/' } as const

/** JavaScript as it is printed: statements, and code that adds to them. */
function scriptLines(): {
  readonly lines: readonly string[]
  readonly load: (text: string) => string
  readonly code: LineCode<string>
} {
  const lines: string[] = []
  const load = (text: string) => {
    lines.push(`const v${lines.length} = ${text}`)
    return `v${lines.length - 1}`
  }
  const code: LineCode<string> = {
    constant: (v) => (v < 0 ? `(${v})` : `${v}`),
    op: (name, x, y) =>
      load(name === 'abs' ? `abs(${x})` : name === 'neg' ? `-${x}` : `${x} ${symbols[name]} ${y}`),
  }
  return { lines, load, code }
}

/** Prints the function (count, lo, hi, outLo, outHi) in JavaScript, for rows at a distance of `stride` numbers. */
export function printScript(field: Field, { floor }: AffinePlan, stride: number): string {
  const { lines, load, code } = scriptLines()
  const at = (array: string, k: number) => `${array}[i + ${k * stride}]`
  const ends = once((k) => ({ lo: load(at('lo', k)), hi: load(at('hi', k)) }))
  const { forms, values } = readAffine(code, field, { floor, ends })
  const stores = values
    .map(forms.bounds)
    .map(({ lo, hi }, k) => `${at('outLo', k)} = ${lo}; ${at('outHi', k)} = ${hi}`)
  return [
    'return (count, lo, hi, outLo, outHi) => {',
    'for (let i = 0; i < count; i++) {',
    ...lines,
    ...stores,
    '}',
    '}',
  ].join('\n')
}

/** Prints the function (lo, hi, out) in JavaScript, which writes the forms of all outputs: see LinearEnclosure. */
export function printForms(field: Field, { floor }: AffinePlan): string {
  const { lines, load, code } = scriptLines()
  const ends = once((k) => ({ lo: load(`lo[${k}]`), hi: load(`hi[${k}]`) }))
  const { forms, values } = readAffine(code, field, { floor, ends })
  const stores = values
    .map(forms.settled)
    .flatMap(({ centre, slopes, rest }, k) =>
      [centre, ...slopes, rest].map((v, p) => `out[${p * values.length + k}] = ${v}`),
    )
  return ['return (lo, hi, out) => {', ...lines, ...stores, '}'].join('\n')
}

/** Sides of a box: states, inputs, and time where the field has it. */
export function sidesOf({ stateSize, inputSize, nodes }: Field): number {
  return stateSize + inputSize + Number(nodes.some(({ op }) => op === 'time'))
}
