import { misuse } from '../error.js'
import { expectField, type Field } from '../field.js'
import { applyNode, Builder, type Ref } from '../graph/builder.js'
import { embed } from '../graph/embed.js'
import { type Binary, binary, type Node, type Unary, unary } from '../graph/node.js'
import { makeField } from '../makeField.js'
import { binaryPartials, unaryDerivative } from './partials.js'

/** The k-th derivative of a node; `undefined` stands for zero. */
type Derivatives = (x: Ref, k: number) => Ref | undefined

/**
 * ∂ᵏf/∂xᵢᵏ, a field like f: Leibniz's rule on products, and on the derivative of every function. Of what has kinks (relu,
 * abs, min, max) it is the derivative of the pieces. Cost: about k²/2 evaluations.
 * @example
 * const f = expression('x^3*y', ['x', 'y'])
 * interpret(partialDerivative(f, { axis: 0, order: 2 }), 0, [5, 7]) // [6·5·7]
 */
export function partialDerivative(
  f: Field,
  { axis, order }: { readonly axis: number; readonly order: number },
): Field {
  expectField('partialDerivative', f)
  const isFine = Number.isInteger(axis) && axis >= 0 && axis < f.stateSize && Number.isInteger(order) && order >= 0 // biome-ignore format: one line
  if (!isFine)
    throw misuse({
      where: 'partialDerivative',
      expected: `an axis below ${f.stateSize} and an order of at least 0`,
      got: `axis ${axis}, order ${order}`,
      try: '{ axis: 0, order: 2 }',
    })
  const b = new Builder()
  const x = b.leaf('state', f.stateSize)
  const output = embed(b, f)
  const direction = b.constant(Array.from({ length: f.stateSize }, (_, i) => (i === axis ? 1 : 0)))
  const derivatives = derivativesAlong(b, x, direction)
  // in the order of the graph, so that nothing recurs deeply
  for (let k = 1; k <= order; k++) for (let i = 0; i <= output; i++) derivatives(i, k)
  const value = derivatives(output, order) ?? b.zeros(f.outputSize)
  return makeField(b, value, { ...f, name: `D${order}(${f.name})` })
}

function derivativesAlong(b: Builder, leaf: Ref, direction: Ref): Derivatives {
  const known = new Map<string, Ref | undefined>()
  const at: Derivatives = (x, k) => {
    if (k === 0) return b.isZero(x) ? undefined : x
    if (x === leaf) return k === 1 ? direction : undefined
    const key = `${x} ${k}`
    if (known.has(key)) return known.get(key)
    const value = derivativeOf(b, at, { x, k })
    const kept = value === undefined || b.isZero(value) ? undefined : value
    known.set(key, kept)
    return kept
  }
  return at
}

const linear: ReadonlySet<string> = new Set(['gather', 'scatter', 'concat', 'sum', 'neg', 'add', 'sub'])
const bilinear: ReadonlySet<string> = new Set(['mul', 'dot', 'matvec', 'outer'])
const unaryOps: ReadonlySet<string> = new Set(unary)
const binaryOps: ReadonlySet<string> = new Set(binary)

const plus = (b: Builder, x: Ref | undefined, y: Ref | undefined) =>
  x === undefined ? y : y === undefined ? x : b.add(x, y)

/** Σ C(k, i)·pair(i, k − i) */
function leibniz(b: Builder, k: number, pair: (i: number, j: number) => Ref | undefined): Ref | undefined {
  let [sum, binomial]: [Ref | undefined, number] = [undefined, 1]
  for (let i = 0; i <= k; i++) {
    const term = pair(i, k - i)
    sum = plus(b, sum, term && b.mul(b.constant(binomial), term))
    binomial = (binomial * (k - i)) / (i + 1)
  }
  return sum
}

function derivativeOf(
  b: Builder,
  at: Derivatives,
  { x, k }: { readonly x: Ref; readonly k: number },
): Ref | undefined {
  const node = b.node(x)
  const { op, args } = node
  if (args.length === 0) return undefined
  if (linear.has(op)) return linearPart(b, node, args.map((a) => at(a, k))) // biome-ignore format: one line
  /** of a function of two arguments that is linear in each */
  const product = (of: Node, [p, q]: readonly Ref[]) =>
    leibniz(b, k, (i, j) => {
      const left = at(p, i)
      const right = left === undefined ? undefined : at(q, j)
      return right === undefined ? undefined : applyNode(b, of, [left as Ref, right])
    })
  if (bilinear.has(op)) return product(node, args)
  if (node.op === 'affine')
    return plus(b, product({ ...node, op: 'matvec', transposed: false }, args), at(args[2], k))
  /** the derivative of order k − 1 of slope·(argument)′ */
  const chain = (slope: Ref | undefined, argument: Ref) =>
    slope === undefined
      ? undefined
      : leibniz(b, k - 1, (i, j) => {
          const inner = at(argument, j + 1)
          const outer = inner === undefined ? undefined : at(slope, i)
          return outer === undefined ? undefined : b.mul(outer, inner as Ref)
        })
  if (node.op === 'powi') {
    const { exponent } = node
    if (exponent === 0 || at(args[0], 1) === undefined) return undefined
    return chain(b.mul(b.constant(exponent), b.powi(args[0], exponent - 1)), args[0])
  }
  if (args.every((a) => at(a, 1) === undefined)) return undefined
  if (unaryOps.has(op)) return chain(unaryDerivative[op as Unary](b, args[0], x), args[0])
  if (!binaryOps.has(op)) throw new Error(`unreachable: ${op}`)
  const [p, q] = args
  return binaryPartials[op as Binary]
    .map((partial, i) => (at(args[i], 1) === undefined ? undefined : chain(partial(b, p, q, x), args[i])))
    .reduce((s, term) => plus(b, s, term), undefined)
}

/** A linear operation applied to derivatives. */
function linearPart(b: Builder, node: Node, parts: readonly (Ref | undefined)[]): Ref | undefined {
  if (parts.every((d) => d === undefined)) return undefined
  return applyNode(
    b,
    node,
    parts.map((d, i) => d ?? b.zeros(b.size(node.args[i]))),
  )
}
