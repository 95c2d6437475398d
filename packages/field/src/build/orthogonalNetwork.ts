import { misuse, show } from '../error.js'
import type { Field } from '../field.js'
import { Builder } from '../graph/builder.js'
import { makeField } from '../makeField.js'
import type { Random } from '../random.js'
import { groupSort } from './groupSort.js'
import { checkWidths, type WeightBlock, weights } from './weights.js'

export interface OrthogonalNetworkOptions {
  /** widths of the layers, input first; those in between are even */
  readonly widths: readonly number[]
  readonly seed: number
  readonly name?: string
}

/**
 * A network of layers Wₖx + bₖ with orthonormal rows or columns, whichever is fewer, and GroupSort of pairs in between:
 * at its start its Lipschitz constant is 1 in the Euclidean norm, in all of its inputs together. The weights are plain
 * matrices, `name.weight1`, … : steps of an optimiser leave the group unless the loss is one of {@link cayley}
 * parameters, as `onOrthogonalGroup` makes it. What a trained network's constant is, `lipschitzConstant` proves.
 * Anil, Lucas & Grosse, ICML 2019; Trockman & Kolter, ICLR 2021.
 * @example orthogonalNetwork({ widths: [2, 8, 8, 3], seed: 0 })
 */
export function orthogonalNetwork({
  widths,
  seed,
  name = 'orthogonalNetwork',
}: OrthogonalNetworkOptions): Field {
  const where = `orthogonalNetwork(${name})`
  checkWidths(where, widths)
  const last = widths.length - 1
  if (widths.slice(1, last).some((w) => w % 2 !== 0))
    throw misuse({
      where,
      expected: 'even widths between input and output, sorted in pairs',
      got: show(widths),
      try: 'widths: [2, 8, 8, 3]',
    })
  const blocks = widths.slice(1).flatMap((rows, k): WeightBlock[] => [
    { name: `weight${k + 1}`, shape: [rows, widths[k]], start: orthonormalStart(rows, widths[k]) },
    { name: `bias${k + 1}`, shape: [rows] },
  ])
  const { theta, layout, place } = weights(name, blocks, seed)
  const b = new Builder()
  let x = b.leaf('state', widths[0])
  for (let k = 1; k <= last; k++) {
    x = b.affine(place(b, `weight${k}`), x, place(b, `bias${k}`), widths[k], widths[k - 1])
    if (k < last) x = groupSort(b, x)
  }
  const stateNames = Array.from({ length: widths[0] }, (_, i) => `x${i + 1}`)
  return makeField(b, x, { name, stateNames, inputNames: [], theta, layout })
}

/** Entries of a random matrix with orthonormal rows or columns, whichever is fewer, uniform on all of them. */
function orthonormalStart(rows: number, cols: number): (random: Random, i: number) => number {
  const [count, length] = [Math.min(rows, cols), Math.max(rows, cols)]
  let basis: readonly Float64Array[] = []
  return (random, i) => {
    if (i === 0) basis = orthonormalVectors(count, length, random)
    const [row, col] = [Math.floor(i / cols), i % cols]
    return rows <= cols ? basis[row][col] : basis[col][row]
  }
}

/** Gram–Schmidt of normal vectors, each made orthogonal twice, so that only rounding is left. */
function orthonormalVectors(count: number, length: number, random: Random): readonly Float64Array[] {
  const basis: Float64Array[] = []
  for (let k = 0; k < count; k++) {
    const v = Float64Array.from({ length }, () => random.normal())
    for (let pass = 0; pass < 2; pass++) {
      for (const q of basis) {
        const along = q.reduce((sum, value, i) => sum + value * v[i], 0)
        for (let i = 0; i < length; i++) v[i] -= along * q[i]
      }
      const size = Math.hypot(...v)
      for (let i = 0; i < length; i++) v[i] /= size
    }
    basis.push(v)
  }
  return basis
}
