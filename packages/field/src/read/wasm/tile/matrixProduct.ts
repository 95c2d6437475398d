import type { NodeOf } from '../../../graph/node.js'
import { FunctionCode, type Id } from '../functionCode.js'
import { LaneCode } from '../laneCode.js'
import type { ModuleBuilder } from '../moduleBuilder.js'
import { shift, vectorBytes, walk, walkLanes, withGroups } from './source.js'

/**
 * Vectors of lanes that a product handles at a time, by its number of outputs, so that there are about eight sums: fewer
 * wait for each other, more do not fit into registers. Measured in GFLOP/s, f32x4, outputs × vectors: 4×2 61, 2×4 62,
 * 5×2 46 to 52; 8×1, 6×2 and 3×4 below 38 at 256×256. The innermost loop handles one factor: two or four written out
 * have their loads moved together, which spills registers, and run at 34 to 38.
 */
const vectorsAtOnce = (outputs: number) => [8, 8, 4, 3][outputs] ?? 2
const sumsAtOnce = 8

/** A part of so many, at most `most`, when divided into the fewest equal parts. */
const evenly = (count: number, most: number) => Math.ceil(count / Math.ceil(count / most))

/** Y = W·X (+ b) on a tile: W numbers, [rows][cols] or its transpose; X and Y rows of lanes. */
export interface ProductShape {
  readonly outputs: number
  readonly inner: number
  /** numbers from one output's weights to the next one's, and from one factor's to the next */
  readonly acrossOutputs: number
  readonly along: number
  readonly bias: boolean
  readonly rowBytes: number
}

/** Outputs and factors of a node's product, and the distances of its weights. */
export function strides(node: NodeOf<'affine'> | NodeOf<'matvec'>) {
  const { rows, cols } = node
  return node.op === 'matvec' && node.transposed
    ? { outputs: cols, inner: rows, acrossOutputs: 1, along: cols }
    : { outputs: rows, inner: cols, acrossOutputs: cols, along: 1 }
}

/** Pointers that a product's function is given. */
const argument = { weight: 0, x: 1, bias: 2, y: 3 } as const

/**
 * Prints a product as a function (weight, x, bias, y) of its own, once per shape: small functions that are called
 * often are optimised early. Two vectors of lanes at a time, whose part of X stays in the first-level cache while
 * the weights stream by.
 */
export function productFunction(module: ModuleBuilder, shape: ProductShape): number {
  const code = new FunctionCode(['i32', 'i32', 'i32', 'i32'])
  const c = new LaneCode(code, module.settings)
  const { outputs, acrossOutputs, bias, rowBytes } = shape
  const { bytes } = c.type
  const lanes = { x: argument.x, y: argument.y }
  walkLanes(
    withGroups(c, evenly(rowBytes / vectorBytes, vectorsAtOnce(outputs))),
    rowBytes,
    lanes,
    (c, { x, y }) => {
      const outputsAtOnce = Math.ceil(sumsAtOnce / c.settings.groups)
      const whole = Math.floor(outputs / outputsAtOnce)
      const down = {
        y: { start: y, bytes: outputsAtOnce * rowBytes },
        weight: { start: argument.weight, bytes: outputsAtOnce * acrossOutputs * bytes },
        bias: { start: argument.bias, bytes: bias ? outputsAtOnce * bytes : 0 },
      }
      walk(c, whole, down, (at) => block(c, shape, { ...at, x, outputs: outputsAtOnce }))
      const done = whole * outputsAtOnce
      if (done === outputs) return
      block(c, shape, {
        x,
        y: shift(c, y, done * rowBytes),
        weight: shift(c, argument.weight, done * acrossOutputs * bytes),
        bias: shift(c, argument.bias, done * bytes),
        outputs: outputs - done,
      })
    },
  )
  const position = module.reserve()
  module.define(position, code.finish())
  return position
}

interface Block {
  readonly weight: Id
  readonly x: Id
  readonly bias: Id
  readonly y: Id
  readonly outputs: number
}

/** A few outputs of two vectors, in accumulators. */
function block(
  c: LaneCode,
  { inner, acrossOutputs, along, bias: hasBias, rowBytes }: ProductShape,
  { x, weight, bias, y, outputs }: Block,
): void {
  const { bytes } = c.type
  const sums = Array.from({ length: outputs }, (_, k) => {
    const sum = c.variable()
    c.assign(sum, hasBias ? c.loadSplat(bias, k * bytes, 'common') : c.constant(0))
    return sum
  })
  const inwards = { w: { start: weight, bytes: along * bytes }, v: { start: x, bytes: rowBytes } }
  walk(c, inner, inwards, ({ w, v }) => {
    const factor = c.load(v)
    sums.forEach((sum, k) => {
      const entry = c.loadSplat(w, k * acrossOutputs * bytes, 'common')
      c.assign(sum, c.op('madd', entry, factor, c.snapshot(sum)))
    })
  })
  sums.forEach((sum, k) => {
    c.store(y, c.snapshot(sum), k * rowBytes)
  })
}
