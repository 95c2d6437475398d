import type { NodeOf } from '../../graph/node.js'
import type { Id } from './functionCode.js'
import type { LaneValue } from './laneCode.js'
import { forEach, type Index, parameter, type Source, type TilePrinter } from './tileRows.js'

/** Accumulators of a matrix product: four outputs by two vectors; twelve would spill (measured). */
const outputsAtOnce = 4

/** The operands of W·x + b; `transposed` for Wᵀ·x. */
export interface Product {
  readonly weight: Source
  readonly vector: Source
  readonly bias: Source | undefined
  readonly transposed: boolean
}

/** W·x (+ b) or Wᵀ·x, several outputs at a time in accumulators. */
export function product(p: TilePrinter, node: NodeOf<'affine'> | NodeOf<'matvec'>, spec: Product): Source {
  const [outputs, inner] = spec.transposed ? [node.cols, node.rows] : [node.rows, node.cols]
  const out = p.rows(outputs)
  const { step } = spec.weight
  // bytes from one output's weights to the next one's, and from one factor's to the next
  const [acrossOutputs, along] = spec.transposed ? [step, node.cols * step] : [node.cols * step, step]
  const shape = { inner, acrossOutputs, along }
  const whole = Math.floor(outputs / outputsAtOnce)
  if (whole > 0)
    forEach(p, whole, (block) => {
      productBlock(p, spec, out, { ...shape, block, outputs: outputsAtOnce, first: 0 })
    })
  if (outputs % outputsAtOnce > 0)
    productBlock(p, spec, out, {
      ...shape,
      block: 0,
      outputs: outputs % outputsAtOnce,
      first: whole * outputsAtOnce,
    })
  return out
}

interface Block {
  readonly inner: number
  readonly acrossOutputs: number
  readonly along: number
  /** which block of `outputsAtOnce`, counted from output `first` */
  readonly block: Index
  readonly outputs: number
  readonly first: number
}

function productBlock(p: TilePrinter, { weight, vector, bias }: Product, out: Source, b: Block): void {
  const { c } = p
  const { code } = c
  /** pointer + block·stride, static where the block is known */
  const shifted = (source: Source, stride: number): { base: Id; at: number } => {
    const base = parameter[source.base]
    if (typeof b.block === 'number') return { base, at: source.at + b.block * stride }
    const distance = code.value('i32', [0x6c], [b.block.variable, code.integer(stride, true)])
    return { base: code.value('i32', [0x6a], [base, distance]), at: source.at }
  }
  const outputAt = (source: Source, k: number) => {
    const { base, at } = shifted(source, outputsAtOnce * source.step)
    return { base, offset: at + (b.first + k) * source.step }
  }
  const range = Array.from({ length: b.outputs }, (_, k) => k)
  const sums = range.map((k) => {
    const sum = c.variable()
    if (bias === undefined) {
      c.assign(sum, c.constant(0))
    } else {
      const { base, offset } = outputAt(bias, k)
      c.assign(sum, bias.base === 'scratch' ? c.load(base, offset) : c.loadSplat(base, offset, 'common'))
    }
    return sum
  })
  const weights = shifted(weight, outputsAtOnce * b.acrossOutputs)
  const [w, x, left] = [0, 1, 2].map(() => code.variable('i32')) as [Id, Id, Id]
  code.set(w, weights.base)
  code.set(x, parameter[vector.base])
  const factor = (j: number) =>
    vector.base === 'scratch'
      ? c.load(x, vector.at + j * vector.step)
      : c.loadSplat(x, vector.at + j * vector.step, 'common')
  const accumulate = (j: number) => {
    const value = factor(j)
    const start = range.map((k) => {
      const offset = weights.at + (b.first + k) * b.acrossOutputs + j * b.along
      return weight.base === 'scratch' ? c.load(w, offset) : c.loadSplat(w, offset, 'common')
    })
    range.forEach((k) => {
      const sum = sums[k] as LaneValue
      c.assign(sum, c.op('madd', start[k] as LaneValue, value, c.snapshot(sum)))
    })
  }
  const unroll = [4, 2, 1].find((u) => b.inner % u === 0) as number
  const turns = b.inner / unroll
  const turn = () => {
    for (let j = 0; j < unroll; j++) accumulate(j)
  }
  if (turns === 1) {
    turn()
  } else {
    const advance = (variable: Id, bytes: number) =>
      code.set(variable, code.value('i32', [0x6a], [variable, code.integer(bytes, true)]))
    code.set(left, code.integer(0))
    code.countTo(left, code.integer(turns), code.integer(1), () => {
      turn()
      advance(w, unroll * b.along)
      advance(x, unroll * vector.step)
    })
  }
  range.forEach((k) => {
    const { base, offset } = outputAt(out, k)
    c.store(base, c.snapshot(sums[k] as LaneValue), offset)
  })
}
