import { expectField, type Field } from '../field.js'
import type { Binary, NodeOf, Op, Unary } from '../graph/node.js'

/** Where a reading takes its leaves from. */
interface Point {
  readonly t: number
  readonly x: ArrayLike<number>
  readonly theta: ArrayLike<number>
  readonly input: ArrayLike<number>
}

type Value = Float64Array

export const unaryValue: { readonly [K in Unary]: (x: number) => number } = {
  neg: (x) => -x,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  relu: (x) => Math.max(x, 0),
  abs: Math.abs,
  sign: Math.sign,
  step: (x) => (x > 0 ? 1 : x <= 0 ? 0 : Number.NaN),
}

export const binaryValue: { readonly [K in Binary]: (x: number, y: number) => number } = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  pow: (x, y) => x ** y,
  atan2: Math.atan2,
  min: Math.min,
  max: Math.max,
}

/** xᵏ by repeated squaring, the same products as the printed code. */
export function integerPower(x: number, exponent: number): number {
  if (exponent < 0) return 1 / integerPower(x, -exponent)
  if (exponent === 0) return 1
  const half = integerPower(x, exponent >> 1)
  return exponent & 1 ? (exponent === 1 ? x : half * half * x) : half * half
}

type Rule<K extends Op> = (node: NodeOf<K>, args: readonly Value[], point: Point) => ArrayLike<number>

const dot = (x: Value, y: Value) => x.reduce((total, v, i) => total + v * (y[i] as number), 0)

const rules: { readonly [K in Exclude<Op, Unary | Binary>]: Rule<K> } = {
  const: (node) => node.values,
  time: (_node, _args, { t }) => [t],
  state: (_node, _args, { x }) => x,
  input: (_node, _args, { input }) => input,
  theta: (_node, _args, { theta }) => theta,
  gather: (node, [x]) => node.indices.map((i) => (x as Value)[i] as number),
  scatter: (node, [x]) => {
    const out = new Float64Array(node.size)
    node.indices.forEach((at, i) => {
      out[at] = (out[at] as number) + ((x as Value)[i] as number)
    })
    return out
  },
  concat: (_node, args) => args.flatMap((a) => Array.from(a)),
  sum: (_node, [x]) => [(x as Value).reduce((total, v) => total + v, 0)],
  dot: (_node, [x, y]) => [dot(x as Value, y as Value)],
  matvec: ({ rows, cols, transposed }, [w, x]) => {
    const W = w as Value
    return transposed
      ? Float64Array.from({ length: cols }, (_, j) =>
          dot(
            W.filter((_v, k) => k % cols === j),
            x as Value,
          ),
        )
      : Float64Array.from({ length: rows }, (_, i) => dot(W.subarray(i * cols, (i + 1) * cols), x as Value))
  },
  affine: ({ rows, cols }, [w, x, b]) =>
    Float64Array.from(
      { length: rows },
      (_, i) =>
        dot((w as Value).subarray(i * cols, (i + 1) * cols), x as Value) + ((b as Value)[i] as number),
    ),
  outer: (_node, [x, y]) => Array.from(x as Value).flatMap((u) => Array.from(y as Value, (v) => u * v)),
  powi: (node, [x]) => (x as Value).map((v) => integerPower(v, node.exponent)),
}

/**
 * Evaluates a field node by node, slowly: the oracle that every other reading is tested against, and the
 * path for pages whose policy forbids generated code.
 * @example
 * interpret(system({ state: ['x'], dynamics: { x: '-x' } }), 0, [2]) // Float64Array [-2]
 */
export function interpret(
  field: Field,
  t: number,
  x: ArrayLike<number>,
  theta: ArrayLike<number> = field.theta,
  input: ArrayLike<number> = new Float64Array(field.inputSize),
): Float64Array {
  expectField('interpret', field)
  const point = { t, x, theta, input }
  const values: Value[] = []
  for (const node of field.nodes) {
    const args = node.args.map((a) => values[a] as Value)
    values.push(Float64Array.from(evaluate(node.op, node as never, args, point)))
  }
  return values[field.output] as Value
}

function evaluate(op: Op, node: never, args: readonly Value[], point: Point): ArrayLike<number> {
  if (op in unaryValue) return (args[0] as Value).map(unaryValue[op as Unary])
  if (op in binaryValue) {
    const f = binaryValue[op as Binary]
    return (args[0] as Value).map((v, i) => f(v, (args[1] as Value)[i] as number))
  }
  return (rules[op as keyof typeof rules] as Rule<Op>)(node, args, point)
}
