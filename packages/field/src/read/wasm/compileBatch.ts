import { scalarize } from '../../derive/scalarize.js'
import { misuse, show } from '../../error.js'
import type { Field } from '../../field.js'
import type { FunctionBody } from './encode.js'
import { FunctionCode, type Id } from './functionCode.js'
import { LaneCode, type LaneValue } from './laneCode.js'
import type { LaneKind } from './lanes.js'
import { hasSimd, instantiate, type ModuleBuilder, makeModule, mostPages } from './moduleBuilder.js'
import { printLanes } from './printLanes.js'

export interface BatchOptions {
  /** 'f64x2': double precision; 'f32x4': single, about twice as fast */
  readonly lanes: LaneKind
  /** most states that one call evaluates */
  readonly capacity: number
  /** 'shared': one θ for all; 'each': one for every state */
  readonly theta?: 'shared' | 'each'
}

type Numbers = Float64Array | Float32Array

/**
 * A field compiled for batches, its data resident in WebAssembly memory. Arrays are views on that memory,
 * state-major: entry k of state i stands at [k·stride + i].
 */
export interface BatchEvaluator {
  readonly lanes: LaneKind
  readonly capacity: number
  readonly stride: number
  readonly x: Numbers
  readonly out: Numbers
  /** [p], or [p][stride] */
  readonly theta: Numbers
  readonly input: Numbers
  /** evaluates states 0 … count − 1; allocates nothing */
  evaluate(count: number, t: number): void
}

/**
 * Distance of two rows, in numbers: whole tiles, and no multiple of 4 KiB, at which rows would share the same
 * few lines of an 8-way cache.
 */
export function rowStride(capacity: number, tile: number, bytes: number): number {
  const whole = Math.max(Math.ceil(capacity / tile), 1) * tile
  return (whole * bytes) % 4096 === 0 ? whole + 64 / bytes : whole
}

/** Prints a field as a module with one function: evaluate(first, end, t, x, out, theta, input, stride). */
export function printWasm(
  field: Field,
  { lanes, theta = 'shared' }: Omit<BatchOptions, 'capacity'>,
): Uint8Array<ArrayBuffer> {
  const module = makeModule({ lanes })
  module.define(module.reserve(), printEvaluate(module, field, theta))
  return module.finish()
}

function printEvaluate(module: ModuleBuilder, field: Field, theta: 'shared' | 'each'): FunctionBody {
  const code = new FunctionCode(['i32', 'i32', 'f64', 'i32', 'i32', 'i32', 'i32', 'i32'])
  const [first, end, t, x, out, parameters, input, stride] = [0, 1, 2, 3, 4, 5, 6, 7] as const
  const c = new LaneCode(code, module.settings)
  const { logBytes, bytes } = c.type
  const time = c.splat(t, 'f64', 'fixed')
  const rows = rowsFrom(code, stride)
  const i = code.variable('i32')
  code.set(i, first)
  const offset = code.variable('i32')
  const step = code.integer(module.tile, true)
  const shift = code.integer(logBytes, true)
  code.countTo(i, end, step, () => {
    code.set(offset, code.value('i32', [0x74], [i, shift]))
    const at = (base: Id, k: number) => code.value('i32', [0x6a], [rows(base, k), offset])
    const loads = new Map<string, LaneValue>()
    const load = (base: Id, k: number) => {
      const key = `${base}/${k}`
      const found = loads.get(key) ?? c.load(at(base, k))
      loads.set(key, found)
      return found
    }
    const values = printLanes(c, scalarize(field), {
      time: () => time,
      state: (k) => load(x, k),
      theta: (k) => (theta === 'each' ? load(parameters, k) : c.loadSplat(parameters, k * bytes, 'fixed')),
      input: (k) => c.loadSplat(input, k * bytes, 'fixed'),
    })
    values.forEach((v, k) => {
      c.store(at(out, k), v)
    })
  })
  return code.finish({ exported: 'evaluate' })
}

/** Addresses of rows, hoisted: base + k·stride. */
export function rowsFrom(code: FunctionCode, stride: Id): (base: Id, k: number) => Id {
  const known = new Map<string, Id>()
  return (base, k) => {
    if (k === 0) return base
    const key = `${base}/${k}`
    const found = known.get(key)
    if (found !== undefined) return found
    const factor = code.integer(k, true)
    const row = code.value('i32', [0x6a], [base, code.value('i32', [0x6c], [stride, factor], true)], true)
    known.set(key, row)
    return row
  }
}

/**
 * Compiles a field to WebAssembly for batches. Values agree with the interpreter to the errors in `ulps`.
 * @example
 * const f = await compileBatch(lorenz, { lanes: 'f64x2', capacity: 1000 })
 * f.x.set([1, 2], 0) // the first entry of two states; the second starts at f.stride
 * f.evaluate(2, 0)
 */
export async function compileBatch(field: Field, options: BatchOptions): Promise<BatchEvaluator> {
  const { lanes, capacity, theta = 'shared' } = options
  const where = `compileBatch(${field.name})`
  if (!Number.isInteger(capacity) || capacity < 1)
    throw misuse({ where, expected: 'a positive whole capacity', got: show(capacity), try: 'capacity: 1024' })
  if (!hasSimd())
    throw misuse({
      where,
      expected: 'an engine with 128-bit WebAssembly vectors',
      got: 'one without',
      try: "backend: 'js'",
      code: 'no-simd',
    })
  const module = await WebAssembly.compile(printWasm(field, { lanes, theta }))
  const View = lanes === 'f64x2' ? Float64Array : Float32Array
  const bytes = View.BYTES_PER_ELEMENT
  const stride = rowStride(capacity, 128 / bytes, bytes)
  const p = field.theta.length
  const counts = [
    field.stateSize * stride,
    field.outputSize * stride,
    theta === 'each' ? p * stride : p,
    field.inputSize,
  ]
  const starts = counts.map((_, k) => counts.slice(0, k).reduce((total, n) => total + align(n * bytes), 64))
  const size = (starts.at(-1) as number) + align((counts.at(-1) as number) * bytes) + 64
  if (size > mostPages * 65_536)
    throw misuse({
      where,
      expected: `at most ${mostPages * 65_536} bytes`,
      got: `${size} for ${capacity} states`,
      try: 'a smaller capacity, several times',
      code: 'too-large',
    })
  const memory = new WebAssembly.Memory({ initial: Math.ceil(size / 65_536) })
  const exports = await instantiate(module, memory)
  const run = exports['evaluate'] as (...args: number[]) => void
  const [x, out, parameters, input] = counts.map((n, k) => new View(memory.buffer, starts[k], n)) as [
    Numbers,
    Numbers,
    Numbers,
    Numbers,
  ]
  if (theta === 'shared') parameters.set(field.theta)
  const [xAt, outAt, thetaAt, inputAt] = starts as [number, number, number, number]
  return {
    lanes,
    capacity,
    stride,
    x,
    out,
    theta: parameters,
    input,
    evaluate(count, t) {
      if (!(count >= 0 && count <= capacity))
        throw misuse({
          where,
          expected: `a count up to ${capacity}`,
          got: show(count),
          try: 'a larger capacity',
        })
      if (count > 0) run(0, count, t, xAt, outAt, thetaAt, inputAt, stride * bytes)
    },
  }
}

const align = (bytes: number) => Math.ceil(bytes / 64) * 64
