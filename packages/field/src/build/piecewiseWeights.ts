import { misuse, show } from '../error.js'
import { blockSize, expectField, type Field, type ThetaBlock } from '../field.js'
import { Builder, type Ref } from '../graph/builder.js'
import { embed } from '../graph/embed.js'
import { makeField } from '../makeField.js'

/**
 * The same field with weights that are constant between `times` and jump there: piece 0 until times[0], piece k
 * until times[k], the last one after. θ holds one copy of every weight per piece, as `block@k`, all starting at
 * the weights of `field`; parameters stay single. At a jump itself the earlier piece holds. Give the solver the
 * same times as `breakpoints`. Massaroli et al., "Dissecting Neural ODEs", NeurIPS 2020, section 3.1 (stacked
 * neural ODEs). Cost: one evaluation of `field`, and a product per weight and piece.
 * @example piecewiseWeights(network({ widths: [2, 16, 2], activation: 'tanh', seed: 0 }), [0.25, 0.5, 0.75])
 */
export function piecewiseWeights(field: Field, times: readonly number[]): Field {
  expectField('piecewiseWeights', field)
  if (times.length === 0 || !times.every((t, i) => Number.isFinite(t) && !(t <= times[i - 1])))
    throw misuse({
      where: 'piecewiseWeights',
      expected: 'ascending times of the jumps',
      got: show(times),
      try: '[0.25, 0.5, 0.75]',
    })
  const { theta, layout, starts } = copies(field, times.length + 1)
  const b = new Builder()
  const all = b.leaf('theta', theta.length)
  const masks = activity(b, times)
  const own = field.layout.map((block, i) => {
    const pieces = starts[i].map((start) =>
      b.gather(
        all,
        Array.from({ length: blockSize(block) }, (_, j) => start + j),
      ),
    )
    if (pieces.length === 1) return pieces[0]
    return pieces.map((piece, k) => b.mul(piece, masks[k])).reduce((sum, piece) => b.add(sum, piece))
  })
  const output = own.length === 0 ? embed(b, field) : embed(b, field, { theta: b.concat(own) })
  return makeField(b, output, { ...field, name: `piecewise(${field.name})`, theta, layout })
}

/** 1 while piece k is active, else 0: these are exact, so every weight is too. */
function activity(b: Builder, times: readonly number[]): Ref[] {
  const t = b.leaf('time', 1)
  const before = times.map((at) => b.unary('step', b.sub(b.constant(at), t)))
  return [
    before[0],
    ...before.map((step, k) => b.sub(k + 1 < before.length ? before[k + 1] : b.constant(1), step)),
  ]
}

/** Blocks of weights repeated per piece; `starts[i]` says where the pieces of block i lie. */
function copies(field: Field, count: number) {
  const values: number[] = []
  const layout: ThetaBlock[] = []
  const starts = field.layout.map((block) => {
    const pieces = block.kind === 'weight' ? count : 1
    return Array.from({ length: pieces }, (_, k) => {
      const offset = values.length
      values.push(...field.theta.subarray(block.offset, block.offset + blockSize(block)))
      layout.push({ ...block, offset, name: pieces === 1 ? block.name : `${block.name}@${k}` })
      return offset
    })
  })
  return { theta: Float64Array.from(values), layout, starts }
}
