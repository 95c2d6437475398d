import { freeze } from '../build/compose.js'
import { scalarize } from '../derive/scalarize.js'
import { misuse, show } from '../error.js'
import { expectField, type Field } from '../field.js'
import { canGenerateCode } from '../read/canGenerateCode.js'
import { rowStride } from '../read/wasm/compileBatch.js'
import { compileModuleNow } from '../read/wasm/compileModule.js'
import { hasSimd, importsFor, makeModule, mostPages } from '../read/wasm/moduleBuilder.js'
import { type AffinePlan, type BoxForm, planAffine, printModule, printScript } from './batchPrograms.js'
import { beyondRing } from './ringArithmetic.js'

/**
 * Enclosures of many boxes at once, with 'wasm' resident in its memory. Arrays are side by side: side k of box i stands at
 * [k·stride + i], states first, then inputs, then time; so do outputs.
 */
export interface BatchEnclosure {
  readonly capacity: number
  readonly stride: number
  readonly lo: Float64Array
  readonly hi: Float64Array
  readonly outLo: Float64Array
  readonly outHi: Float64Array
  /** encloses boxes 0 … count − 1; allocates nothing */
  evaluate(count: number): void
}

/** How boxes are enclosed, and by what. */
export interface EncloseBatchForm {
  /** 'natural': interval by interval; 'affine': with first-order forms, half as wide and without minima */
  readonly form?: BoxForm
  /** 'wasm': two boxes to a vector; 'js': generated JavaScript, of affine forms only */
  readonly backend?: 'wasm' | 'js'
}

export interface EncloseBatchOptions extends EncloseBatchForm {
  readonly capacity: number
}

/** How a field is read, or why it is not. */
export type Reading = { readonly plan?: AffinePlan } | { readonly why: string; readonly try: string }

const bytes = 8

/**
 * Operations beyond which a straight-line function takes the engine seconds to compile; in JavaScript, which V8 does not
 * optimise at all above 60 KB of bytecode.
 */
const limits = { natural: 4000, wasm: 40_000, js: 4000 } as const

/**
 * Whether {@link encloseBatch} reads a field: constants, +, −, ×, powers with whole exponents ≥ 1 and quotients by
 * constants, on an engine with 128-bit vectors ('wasm') or one that may generate code ('js'). Of a natural form at most
 * 4000 operations; affine forms print some ten numbers for each, of which there may be 40 000, and 4000 in JavaScript.
 */
export function canEncloseBatch(field: Field, options: EncloseBatchForm = {}): boolean {
  return !('why' in readingOf(scalarized(field), options))
}

/**
 * The interval reading of a polynomial field for batches of boxes: every real value that f(x) can take for an x in the box
 * lies within the bounds, rounding included.
 *
 * 'natural' has the bounds of {@link enclose}, rounded outward by the same steps. 'affine' evaluates c + Σ gᵢεᵢ ± r in
 * round-to-nearest (affine arithmetic) and adds once, at the end, what all roundings together can have cost, relative to
 * the sizes of the box's own terms. Its excess is of second order in the width: narrower than natural bounds as soon as
 * variables occur more than once and boxes are not large; by some ulps more at points. Where anything overflows, bounds
 * are NaN, which satisfy no inequality, or infinite and outward. Speeds: `pnpm bench certify`.
 * @example
 * const f = encloseBatch(expression('x^2 - y', ['x', 'y']), { capacity: 100 })
 * f.lo.set([-1, 0]) // x of two boxes
 * f.hi.set([2, 1])
 * f.hi.set([1, 1], f.stride) // y of them: [0, 1]
 * f.evaluate(2)
 * const [least, most] = [f.outLo[0], f.outHi[0]] // ≤ −1 and ≥ 4, both by an ulp or two
 */
export function encloseBatch(field: Field, options: EncloseBatchOptions): BatchEnclosure {
  expectField('encloseBatch', field)
  const { capacity, backend = 'wasm' } = options
  const where = `encloseBatch(${field.name})`
  if (!Number.isInteger(capacity) || capacity < 1)
    throw misuse({ where, expected: 'a positive whole capacity', got: show(capacity), try: 'capacity: 1024' })
  const scalar = scalarized(field)
  const reading = readingOf(scalar, options)
  if ('why' in reading)
    throw misuse({
      where,
      expected: 'a polynomial of moderate length, and an engine for the backend',
      got: reading.why,
      try: reading.try,
      code: 'no-simd',
    })
  const sides = field.stateSize + field.inputSize + 1
  const place = { where, capacity, rows: [sides, sides, field.outputSize, field.outputSize] }
  const { run, ...rows } =
    backend === 'js'
      ? scriptOf(scalar, reading.plan as AffinePlan, place)
      : moduleOf(scalar, reading.plan, place)
  return {
    capacity,
    ...rows,
    evaluate(count) {
      if (!(Number.isInteger(count) && count >= 0 && count <= capacity))
        throw misuse({
          where,
          expected: `a whole count up to ${capacity}`,
          got: show(count),
          try: 'a larger capacity',
        })
      if (count > 0) run(count)
    },
  }
}

const scalarized = (field: Field) => scalarize(field.theta.length === 0 ? field : freeze(field))

/** How a scalarized field is read. */
export function readingOf(scalar: Field, { form = 'natural', backend = 'wasm' }: EncloseBatchForm): Reading {
  const oneByOne = 'enclose(field), one box at a time'
  const odd = beyondRing(scalar)
  if (odd !== undefined)
    return {
      why: odd.op === 'powi' ? `the power ${odd.exponent}` : `the operation ${show(odd.op)}`,
      try: oneByOne,
    }
  if (backend === 'js' && form !== 'affine')
    return { why: `form: ${show(form)} in JavaScript`, try: "form: 'affine'" }
  if (backend === 'js' && !canGenerateCode())
    return { why: 'a content security policy against generated code', try: "backend: 'wasm'" }
  if (backend === 'wasm' && !hasSimd())
    return { why: 'an engine without 128-bit vectors', try: "form: 'affine', backend: 'js'" }
  if (form === 'natural')
    return scalar.nodes.length <= limits.natural
      ? {}
      : { why: `${scalar.nodes.length} operations`, try: oneByOne }
  const plan = planAffine(scalar)
  if (plan === undefined)
    return {
      why: 'powers or constants beyond 2⁻⁹⁰⁰, of which roundings cannot be bounded',
      try: "form: 'natural'",
    }
  if (plan.operations > limits[backend])
    return { why: `${plan.operations} operations of affine forms`, try: oneByOne }
  return { plan }
}

/** Where a program keeps its boxes, and how it runs. */
type Program = Omit<BatchEnclosure, 'capacity' | 'evaluate'> & { readonly run: (count: number) => void }

interface Place {
  readonly where: string
  readonly capacity: number
  /** of lo, hi, outLo and outHi */
  readonly rows: readonly number[]
}

type Four = readonly [Float64Array, Float64Array, Float64Array, Float64Array]

function scriptOf(scalar: Field, plan: AffinePlan, { capacity, rows }: Place): Program {
  const stride = rowStride(capacity, 128 / bytes, bytes)
  const text = printScript(scalar, plan, stride)
  const run = new Function('abs', `'use strict'\n${text}`)(Math.abs) as (
    count: number,
    ...arrays: Four
  ) => void
  const [lo, hi, outLo, outHi] = rows.map((n) => new Float64Array(n * stride)) as unknown as Four
  return { stride, lo, hi, outLo, outHi, run: (count) => run(count, lo, hi, outLo, outHi) }
}

function moduleOf(scalar: Field, plan: AffinePlan | undefined, { where, capacity, rows }: Place): Program {
  const module = makeModule({ lanes: 'f64x2', ...(plan && { groups: 1 }) })
  const stride = rowStride(capacity, Math.max(module.tile, 128 / bytes), bytes)
  const starts = rows.map((_, k) => rows.slice(0, k).reduce((total, n) => total + n * stride * bytes, 64))
  const pages = Math.ceil((64 + rows.reduce((total, n) => total + n * stride * bytes, 0)) / 65_536)
  if (pages > mostPages)
    throw misuse({
      where,
      expected: `at most ${mostPages} pages of memory`,
      got: `${pages} for ${capacity} boxes`,
      try: 'a smaller capacity, several times',
      code: 'too-large',
    })
  const memory = new WebAssembly.Memory({ initial: pages })
  const bits = printModule(module, scalar, plan)
  const instance = new WebAssembly.Instance(compileModuleNow(bits), importsFor(memory))
  const run = instance.exports['enclose'] as (...args: number[]) => void
  const [lo, hi, outLo, outHi] = rows.map(
    (n, k) => new Float64Array(memory.buffer, starts[k], n * stride),
  ) as unknown as Four
  return { stride, lo, hi, outLo, outHi, run: (count) => run(count, ...starts, stride * bytes) }
}
