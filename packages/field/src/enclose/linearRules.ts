import type { Op } from '../graph/node.js'
import { binaryInterval } from './intervalRules.js'
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
import { constant, leaf, linear, moved, summed } from './linearMoves.js'
import { type Bilinear, productSums, products, weighted } from './linearProducts.js'
import { type Relax, type Relaxation, relaxations, relaxPower } from './linearRelaxation.js'
import { sumDown, sumUp } from './rounding.js'

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
