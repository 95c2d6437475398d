import type { Node, Op } from '../graph/node.js'
import {
  add,
  count,
  type Form,
  grown,
  type LinearRule,
  magnitudeOf,
  type Place,
  type Step,
} from './linearForm.js'

/** Numbers of a product beside its form. */
interface Product {
  /** δ before roundings */
  error: number
  /** S */
  magnitude: number
}

/**
 * Entry i of `out` = x[j]·y[k] in forms. εᵢ² lies in [0, 1], hence half of Σ gᵢhᵢ goes to the centre; |gᵢhⱼ + gⱼhᵢ| for
 * i < j, and what d of one does with the rest of the other, is left over.
 */
function multiplyForms(
  out: Form,
  i: number,
  [x, j]: readonly [Form, number],
  [y, k]: readonly [Form, number],
  found: Product,
): void {
  const [xd, yd] = [x.data, y.data]
  const last = out.data.length / out.size - 1
  const [xc, yc] = [xd[j] as number, yd[k] as number]
  const [xr, yr] = [xd[last * x.size + j] as number, yd[last * y.size + k] as number]
  let [bend, blur, xs, ys, cross] = [0, 0, 0, 0, 0]
  for (let p = 1; p < last; p++) {
    const [g, h] = [xd[p * x.size + j] as number, yd[p * y.size + k] as number]
    out.data[p * out.size + i] = xc * h + yc * g
    bend += g * h
    blur += Math.abs(g * h)
    xs += Math.abs(g)
    ys += Math.abs(h)
    if (g === 0 && h === 0) continue
    for (let q = p + 1; q < last; q++)
      cross += Math.abs(g * (yd[q * y.size + k] as number) + h * (xd[q * x.size + j] as number))
  }
  out.data[i] = xc * yc + bend / 2
  found.error = xs * yr + ys * xr + xr * yr + blur / 2 + cross
  found.magnitude = (Math.abs(xc) + xs + xr) * (Math.abs(yc) + ys + yr)
  out.data[last * out.size + i] = Math.abs(xc) * yr + Math.abs(yc) * xr
}

/** An entry is made of at most `sides` products and sums, what is left over of half their square. */
const roundingsOf = (sides: number) => sides * (sides + 4) + 4

/** Entrywise products; `at` tells which entries of the arguments make entry i. */
export const products =
  <K extends Op>(at: (place: Place<K>) => readonly (readonly [number, number])[]): LinearRule<K> =>
  (place) => {
    const { out, args, sides, slack } = place
    const [x, y = x] = args as [Form, Form | undefined]
    const pairs = at(place)
    const found: Product = { error: 0, magnitude: 0 }
    const last = (1 + sides) * out.size
    return {
      run() {
        for (let i = 0; i < pairs.length; i++) {
          const [j, k] = pairs[i] as readonly [number, number]
          multiplyForms(out, i, [x, j], [y, k], found)
          out.error[i] = grown(found.error, roundingsOf(sides) + slack, found.magnitude)
          out.data[last + i] = grown((out.data[last + i] as number) + (out.error[i] as number), 4, 0)
        }
      },
      back() {
        for (let i = 0; i < pairs.length; i++) {
          const [j, k] = pairs[i] as readonly [number, number]
          add(x.adjoint, j, (y.data[k] as number) * (out.adjoint[i] as number))
          add(y.adjoint, k, (x.data[j] as number) * (out.adjoint[i] as number))
        }
      },
    }
  }

export type Bilinear = 'dot' | 'matvec' | 'affine'

/** Sums of products x[j]·y[k], one list of pairs (j, k) per entry, and b. */
export function productSums(
  { out, args, sides, slack, form }: Place<Bilinear>,
  lists: readonly (readonly (readonly [number, number])[])[],
): Step {
  const [x, y, b] = args as [Form, Form, Form | undefined]
  const term = form(1)
  const found: Product = { error: 0, magnitude: 0 }
  const last = 1 + sides
  return {
    run() {
      lists.forEach((list, i) => {
        let [error, magnitude] = [0, b === undefined ? 0 : magnitudeOf(b, i)]
        const at = (p: number) => p * out.size + i
        for (let p = 0; p <= last; p++)
          out.data[at(p)] = b === undefined ? 0 : (b.data[p * b.size + i] as number)
        for (const [j, k] of list) {
          multiplyForms(term, 0, [x, j], [y, k], found)
          error += found.error
          magnitude += found.magnitude
          for (let p = 0; p <= last; p++) add(out.data, at(p), term.data[p] as number)
        }
        const roundings = roundingsOf(sides) + list.length + 1
        out.error[i] = grown(error, roundings + slack, magnitude)
        out.data[at(last)] = grown((out.data[at(last)] as number) + (out.error[i] as number), roundings, 0)
      })
    },
    back() {
      lists.forEach((list, i) => {
        const lambda = out.adjoint[i] as number
        for (const [j, k] of list) {
          add(x.adjoint, j, (y.data[k] as number) * lambda)
          add(y.adjoint, k, (x.data[j] as number) * lambda)
        }
        if (b !== undefined) add(b.adjoint, i, lambda)
      })
    },
  }
}

/**
 * W·x + b with constant weights: the same sums for the centres and each coefficient. Of the roundings two are for what a
 * weight that means a decimal may be beside its double.
 */
export const weighted: LinearRule<'matvec' | 'affine'> = (place) => {
  const { node, nodes, out, args, sides, slack } = place
  const [, x, b] = args as [Form, Form, Form | undefined]
  const isTurned = 'transposed' in node && node.transposed === true
  const [rows, cols] = isTurned ? [node.cols, node.rows] : [node.rows, node.cols]
  const entryOf = (i: number, j: number) => (isTurned ? j * node.cols + i : i * node.cols + j)
  const matrix = nodes[0] as Node
  if (matrix.op !== 'const')
    return productSums(
      place as Place<Bilinear>,
      count(rows).map((i) => count(cols).map((j) => [entryOf(i, j), j] as const)),
    )
  const { values } = matrix
  const list = (height: number, width: number, entry: (i: number, j: number) => number) =>
    Float64Array.from(
      { length: height * width },
      (_, at) => values[entry(Math.floor(at / width), at % width)] as number,
    )
  const w = list(rows, cols, entryOf)
  const turned = list(cols, rows, (j, i) => entryOf(i, j))
  // a subnormal decimal is known to η only
  const sizes = w.map((v) => (v === 0 ? 0 : Math.max(Math.abs(v), 2 ** -1022)))
  const k = cols + 6 + slack
  const [magnitudes, spread, moves] = [new Float64Array(cols), new Float64Array(rows), new Float64Array(cols)]
  const last = 1 + sides
  return {
    run() {
      for (let j = 0; j < cols; j++) magnitudes[j] = magnitudeOf(x, j)
      for (let p = 0; p <= sides; p++) multiply(w, x.data, p * x.size, out.data, p * out.size, rows)
      multiply(sizes, x.data, last * x.size, out.data, last * out.size, rows)
      multiply(sizes, magnitudes, 0, spread, 0, rows)
      for (let i = 0; i < rows; i++) {
        if (b !== undefined)
          for (let p = 0; p <= last; p++) add(out.data, p * out.size + i, b.data[p * b.size + i] as number)
        const own = b === undefined ? 0 : magnitudeOf(b, i)
        out.error[i] = grown(0, k, (spread[i] as number) + own)
        const r = out.data[last * out.size + i] as number
        out.data[last * out.size + i] = grown(r + (out.error[i] as number), k, 0)
      }
    },
    back() {
      multiply(turned, out.adjoint, 0, moves, 0, cols)
      for (let j = 0; j < cols; j++) add(x.adjoint, j, moves[j] as number)
      if (b !== undefined) for (let i = 0; i < rows; i++) add(b.adjoint, i, out.adjoint[i] as number)
    },
  }
}

/** to[…] = W·from[…], four rows at a time: their sums do not wait for one another. */
function multiply(
  w: Float64Array,
  from: Float64Array,
  start: number,
  to: Float64Array,
  end: number,
  rows: number,
): void {
  const cols = w.length / rows
  let i = 0
  for (; i + 3 < rows; i += 4) {
    let [a, b, c, d] = [0, 0, 0, 0]
    const at = i * cols
    for (let j = 0; j < cols; j++) {
      const v = from[start + j] as number
      a += (w[at + j] as number) * v
      b += (w[at + cols + j] as number) * v
      c += (w[at + 2 * cols + j] as number) * v
      d += (w[at + 3 * cols + j] as number) * v
    }
    to[end + i] = a
    to[end + i + 1] = b
    to[end + i + 2] = c
    to[end + i + 3] = d
  }
  for (; i < rows; i++) {
    let a = 0
    for (let j = 0; j < cols; j++) a += (w[i * cols + j] as number) * (from[start + j] as number)
    to[end + i] = a
  }
}
