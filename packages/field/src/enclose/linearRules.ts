import type { Field } from '../field.js'
import type { Node, NodeOf, Op } from '../graph/node.js'
import { binaryInterval, constantInterval } from './intervalRules.js'
import { type Relax, type Relaxation, relaxations, relaxPower } from './linearRelaxation.js'
import { relativeStep, sumDown, sumUp } from './rounding.js'

/** The forms c + Σ gᵢεᵢ ± r of a node's entries, and what the way back needs. */
export interface Form {
  readonly size: number
  /** centres, then the coefficients of each side, then remainders */
  readonly data: Float64Array
  /** δ, what was left over at this node itself */
  readonly error: Float64Array
  /** λ, the sensitivity of the output to it */
  readonly adjoint: Float64Array
}

/** What an operation does: `run` writes the forms and errors of its entries; `back` adds to its arguments' adjoints. */
export interface Step {
  readonly run: () => void
  readonly back: () => void
}

interface Place<K extends Op> {
  readonly node: NodeOf<K>
  readonly out: Form
  readonly args: readonly Form[]
  /** the nodes of the arguments */
  readonly nodes: readonly Node[]
  readonly sides: number
  readonly field: Field
  readonly box: { readonly lo: Float64Array; readonly hi: Float64Array }
  /** K, the roundings that the way back costs a term */
  readonly slack: number
  /** a form between those of the nodes */
  readonly form: (size: number) => Form
}

/** Prepares an operation; constants need no step. */
export type LinearRule<K extends Op> = (place: Place<K>) => Step | undefined

/** Beside roundings of relative size: what can underflow, less than 2⁶⁰ times in any operation. */
const underflow = 2 ** -1000

/** r, itself of k roundings, with what k roundings of terms of total magnitude S can have cost. */
export const grown = (r: number, k: number, magnitude: number): number =>
  (r + k * relativeStep * (r + magnitude)) * (1 + 2 ** -40) + underflow

/** |c| + Σ|gᵢ| + r of entry i. */
function magnitudeOf({ data, size }: Form, i: number): number {
  let sum = 0
  for (let at = i; at < data.length; at += size) sum += Math.abs(data[at] as number)
  return sum
}

const count = (n: number) => Array.from({ length: n }, (_, i) => i)
const add = (to: Float64Array, i: number, v: number) => {
  to[i] = (to[i] as number) + v
}

const leaf =
  <K extends Op>(first: (field: Field) => number): LinearRule<K> =>
  ({ out: { data, size }, sides, field, box }) => ({
    run() {
      for (let i = 0; i < size; i++) {
        const side = first(field) + i
        const [l, h] = [box.lo[side] as number, box.hi[side] as number]
        const m = l === h ? l : l / 2 + h / 2
        data[i] = m
        data[(1 + side) * size + i] = Math.max(sumUp(h - m), sumUp(m - l))
        // a box that is none, or unbounded, has no forms
        data[(1 + sides) * size + i] = l <= h && h - l < Infinity ? 0 : Number.NaN
      }
    },
    back() {},
  })

const constant: LinearRule<'const'> = ({ node, out: { data, size, error }, sides }) => {
  node.values.forEach((v, i) => {
    const { lo, hi } = constantInterval(v, node.exact === true)
    data[i] = v
    error[i] = Math.max(sumUp(hi - v), sumUp(v - lo))
    data[(1 + sides) * size + i] = error[i] as number
  })
  return undefined
}

/** Entries of the arguments, moved. */
const moved =
  <K extends Op>(source: (place: Place<K>) => readonly (readonly [number, number])[]): LinearRule<K> =>
  (place) => {
    const { out, args, sides } = place
    const from = source(place).map(([a, k]) => [args[a] as Form, k] as const)
    return {
      run() {
        for (let i = 0; i < from.length; i++) {
          const [{ data, size }, k] = from[i] as readonly [Form, number]
          for (let p = 0; p < sides + 2; p++) out.data[p * out.size + i] = data[p * size + k] as number
        }
      },
      back() {
        for (let i = 0; i < from.length; i++) {
          const [{ adjoint }, k] = from[i] as readonly [Form, number]
          add(adjoint, k, out.adjoint[i] as number)
        }
      },
    }
  }

/** Sums of entries of the argument: those at from[i] make entry i. */
const summed =
  <K extends Op>(groups: (place: Place<K>) => readonly (readonly number[])[]): LinearRule<K> =>
  (place) => {
    const from = groups(place)
    const { out, sides, slack } = place
    const [x] = place.args as [Form]
    const last = (1 + sides) * out.size
    return {
      run() {
        from.forEach((entries, i) => {
          for (let p = 0; p < sides + 2; p++)
            out.data[p * out.size + i] = entries.reduce((s, k) => s + (x.data[p * x.size + k] as number), 0)
          const magnitude = entries.reduce((s, k) => s + magnitudeOf(x, k), 0)
          out.error[i] = entries.length < 2 ? 0 : grown(0, entries.length + slack, magnitude)
          out.data[last + i] =
            grown(out.data[last + i] as number, entries.length, 0) + (out.error[i] as number)
        })
      },
      back() {
        from.forEach((entries, i) => {
          for (const k of entries) add(x.adjoint, k, out.adjoint[i] as number)
        })
      },
    }
  }

const linear =
  (sign: 1 | -1): LinearRule<'add' | 'sub'> =>
  ({ out: { data, size, error, adjoint }, args, sides, slack }) => {
    const [x, y] = args as [Form, Form]
    const last = (1 + sides) * size
    return {
      run() {
        for (let i = 0; i < size; i++) {
          for (let at = i; at < last; at += size)
            data[at] = (x.data[at] as number) + sign * (y.data[at] as number)
          error[i] = grown(0, 1 + slack, magnitudeOf(x, i) + magnitudeOf(y, i))
          data[last + i] = grown(
            (x.data[last + i] as number) + (y.data[last + i] as number) + (error[i] as number),
            3,
            0,
          )
        }
      },
      back() {
        for (let i = 0; i < size; i++) {
          add(x.adjoint, i, adjoint[i] as number)
          add(y.adjoint, i, sign * (adjoint[i] as number))
        }
      },
    }
  }

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
const products =
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

type Bilinear = 'dot' | 'matvec' | 'affine'

/** Sums of products x[j]·y[k], one list of pairs (j, k) per entry, and b. */
function productSums(
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
const weighted: LinearRule<'matvec' | 'affine'> = (place) => {
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

/** A function of one argument by its relaxation over the range of the argument's form. */
const relaxed =
  (relax: Relax): LinearRule<Op> =>
  ({ out, args, sides, slack }) => {
    const [x] = args as [Form]
    const found: Relaxation = { slope: 0, offset: 0, radius: 0 }
    const slopes = new Float64Array(out.size)
    const last = 1 + sides
    return {
      run() {
        for (let i = 0; i < out.size; i++) {
          const c = x.data[i] as number
          const all = magnitudeOf(x, i)
          const reach = grown(reachOf(x, i), sides + 2, 0)
          relax(sumDown(c - reach), sumUp(c + reach), found)
          const { slope, offset, radius } = found
          slopes[i] = slope
          out.data[i] = slope * c + offset
          for (let p = 1; p <= sides; p++)
            out.data[p * out.size + i] = slope * (x.data[p * x.size + i] as number)
          const size = Math.abs(slope)
          out.error[i] = grown(radius, 3 + slack, size * all + Math.abs(offset))
          const r = size * (x.data[last * x.size + i] as number)
          out.data[last * out.size + i] = grown(r + (out.error[i] as number), 3, 0)
        }
      },
      back() {
        for (let i = 0; i < out.size; i++)
          add(x.adjoint, i, (slopes[i] as number) * (out.adjoint[i] as number))
      },
    }
  }

/** Σ|gᵢ| + r of entry i. */
function reachOf({ data, size }: Form, i: number): number {
  let sum = 0
  for (let at = i + size; at < data.length; at += size) sum += Math.abs(data[at] as number)
  return sum
}

/** A rule through other rules: `build` chains them, the last one into `place.out`. */
function through(
  place: Place<Op>,
  build: (
    chain: (rule: LinearRule<Op>, args: readonly Form[], out?: Form) => Form,
    args: readonly Form[],
  ) => void,
): Step {
  const steps: Step[] = []
  build((rule, args, out = place.form(place.out.size)) => {
    const step = rule({ ...place, out, args })
    if (step !== undefined) steps.push(step)
    return out
  }, place.args)
  return {
    run() {
      for (const step of steps) step.run()
    },
    back() {
      for (let k = steps.length - 1; k >= 0; k--) steps[k]?.back()
    },
  }
}

const entrywise: LinearRule<Op> = products(({ out }) => count(out.size).map((i) => [i, i] as const))
const [plus, minus] = [linear(1) as LinearRule<Op>, linear(-1) as LinearRule<Op>]
const reciprocal = relaxed(relaxPower(-1))
const { relu, log, exp } = relaxations

/** x/y = x·y⁻¹, xʸ = exp(y·log x), max(x, y) = y + max(x − y, 0). */
const composed = {
  div: (place) =>
    through(place, (chain, [x, y]) =>
      chain(entrywise, [x as Form, chain(reciprocal, [y as Form])], place.out),
    ),
  pow: (place) =>
    through(place, (chain, [x, y]) =>
      chain(relaxed(exp), [chain(entrywise, [y as Form, chain(relaxed(log), [x as Form])])], place.out),
    ),
  max: (place) =>
    through(place, (chain, [x, y]) =>
      chain(plus, [y as Form, chain(relaxed(relu), [chain(minus, [x as Form, y as Form])])], place.out),
    ),
  min: (place) =>
    through(place, (chain, [x, y]) =>
      chain(minus, [x as Form, chain(relaxed(relu), [chain(minus, [x as Form, y as Form])])], place.out),
    ),
} as const satisfies Partial<Record<Op, LinearRule<Op>>>

/** The angle's range, without slopes. */
const angle: LinearRule<'atan2'> = ({ out, args, sides }) => {
  const [y, x] = args as [Form, Form]
  const range = (form: Form, i: number) => {
    const reach = grown(reachOf(form, i), sides + 2, 0)
    const c = form.data[i] as number
    return { lo: sumDown(c - reach), hi: sumUp(c + reach) }
  }
  return {
    run() {
      for (let i = 0; i < out.size; i++) {
        const { lo, hi } = binaryInterval.atan2(range(y, i), range(x, i))
        out.data[i] = lo / 2 + hi / 2
        out.error[i] = grown(hi / 2 - lo / 2, 4, Math.abs(lo) + Math.abs(hi))
        out.data[(1 + sides) * out.size + i] = out.error[i] as number
      }
    },
    back() {},
  }
}

/** One rule per operation. */
export const linearRules: { readonly [K in Op]: LinearRule<K> } = {
  const: constant,
  theta: () => undefined,
  state: leaf(() => 0),
  input: leaf((f) => f.stateSize),
  time: leaf((f) => f.stateSize + f.inputSize),
  gather: moved(({ node }) => node.indices.map((k) => [0, k] as const)),
  concat: moved(({ args }) => args.flatMap(({ size }, a) => count(size).map((k) => [a, k] as const))),
  scatter: summed(({ node }) =>
    count(node.size).map((i) => count(node.indices.length).filter((k) => node.indices[k] === i)),
  ),
  sum: summed(({ args }) => [count((args[0] as Form).size)]),
  dot: (place) =>
    productSums(place as Place<Bilinear>, [count((place.args[0] as Form).size).map((k) => [k, k] as const)]),
  matvec: weighted as LinearRule<'matvec'>,
  affine: weighted as LinearRule<'affine'>,
  outer: products(({ args: [x, y] }) =>
    count((x as Form).size).flatMap((i) => count((y as Form).size).map((j) => [i, j] as const)),
  ),
  powi: (place) =>
    (place.node.exponent === 2 ? entrywise : relaxed(relaxPower(place.node.exponent)))(place as Place<Op>),
  add: linear(1),
  sub: linear(-1),
  mul: entrywise as LinearRule<'mul'>,
  atan2: angle,
  ...composed,
  ...(Object.fromEntries(Object.entries(relaxations).map(([op, relax]) => [op, relaxed(relax)])) as {
    readonly [K in keyof typeof relaxations]: LinearRule<K>
  }),
}
