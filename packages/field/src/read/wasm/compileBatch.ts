import { misuse, show } from '../../error.js'
import type { Field } from '../../field.js'
import { compileModule } from './compileModule.js'
import { expectVectors } from './expectVectors.js'
import type { LaneKind } from './lanes.js'
import { instantiate, mostPages } from './moduleBuilder.js'
import { printWasm, type WasmFieldOptions } from './printWasm.js'
import { tileShape } from './tile/compileTiles.js'

export interface BatchOptions extends WasmFieldOptions {
  /** most states that one call evaluates */
  readonly capacity: number
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

/**
 * Compiles a field to WebAssembly for batches. Values agree with the interpreter to the errors in `ulps`.
 * @example
 * const swing = system({ state: ['q', 'p'], dynamics: { q: 'p', p: '-sin(q)' } })
 * const f = await compileBatch(swing, { lanes: 'f64x2', capacity: 1000 })
 * f.x.set([0.1, 0.2], 0) // q of two states
 * f.x.set([3, 4], f.stride) // p of them
 * f.evaluate(2, 0) // f.out begins with 3, 4
 */
export async function compileBatch(field: Field, options: BatchOptions): Promise<BatchEvaluator> {
  const { lanes, capacity, theta = 'shared' } = options
  const where = `compileBatch(${field.name})`
  if (!Number.isInteger(capacity) || capacity < 1)
    throw misuse({ where, expected: 'a positive whole capacity', got: show(capacity), try: 'capacity: 1024' })
  expectVectors(where, options.fused)
  const View = lanes === 'f64x2' ? Float64Array : Float32Array
  const bytes = View.BYTES_PER_ELEMENT
  const { width } = tileShape(lanes, capacity)
  const printed = printWasm(field, { ...options, rowBytes: width * bytes })
  const module = await compileModule(printed.bytes)
  const stride = rowStride(capacity, Math.max(width, 128 / bytes), bytes)
  const p = field.theta.length
  const counts = [
    field.stateSize * stride,
    field.outputSize * stride,
    theta === 'each' ? p * stride : p + printed.constants.length,
    field.inputSize,
    printed.scratchBytes / bytes,
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
  const view = (k: number, length = counts[k]) => new View(memory.buffer, starts[k], length)
  const [x, out, parameters, input] = [0, 1, 2, 3].map((k) => view(k)) as [Numbers, Numbers, Numbers, Numbers]
  if (theta === 'shared') parameters.set([...field.theta, ...printed.constants])
  const [xAt, outAt, thetaAt, inputAt, scratchAt] = starts as [number, number, number, number, number]
  return {
    lanes,
    capacity,
    stride,
    x,
    out,
    theta: theta === 'shared' ? view(2, p) : parameters,
    input,
    evaluate(count, t) {
      if (!(count >= 0 && count <= capacity))
        throw misuse({
          where,
          expected: `a count up to ${capacity}`,
          got: show(count),
          try: 'a larger capacity',
        })
      if (count > 0) run(0, count, scratchAt, t, xAt, outAt, thetaAt, inputAt, stride * bytes)
    },
  }
}

const align = (bytes: number) => Math.ceil(bytes / 64) * 64
