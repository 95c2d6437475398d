import { applyNode, Builder, type Field, interpret, makeField, type Node, scalarize } from '@separatrix/field'

/** Half an ulp of single precision. */
const u = 2 ** -24

/**
 * Rounding of one operation, relative to its value: correctly rounded arithmetic takes u. Functions of a
 * software device are taken to be good to 16 ulp (gpu.js's SIMD polynomials state 4 to 6), and powers, which
 * go through exp(y log x), to 16 ulp times the exponent's size, which stays below 4 here.
 */
const roundings = (op: Node['op']) =>
  ['add', 'sub', 'mul', 'div', 'neg', 'min', 'max', 'abs', 'relu', 'sqrt'].includes(op)
    ? 1
    : op === 'powi'
      ? 8
      : op === 'pow'
        ? 128
        : 32

/**
 * A running error bound (Higham, Accuracy and Stability of Numerical Algorithms, §3.3): how far an evaluation
 * in single precision may be from the exact one, per output. Each operation adds its rounding to what it makes
 * of the errors of its arguments, which is read off by moving each argument by its error, either way.
 */
export function singlePrecisionBound(field: Field, t: number, x: ArrayLike<number>): number[] {
  const f = scalarize(field)
  const values: number[][] = []
  const errors: number[][] = []
  for (const node of f.nodes) {
    const args = node.args.map((a) => values[a] as number[])
    const value = Array.from(apply(node, args, { f, t, x }))
    values.push(value)
    if (node.args.length === 0) {
      errors.push(value.map((v) => (node.op === 'const' && Math.fround(v) === v ? 0 : u * Math.abs(v))))
    } else if (node.op === 'gather') {
      errors.push(node.indices.map((i) => errors[node.args[0] as number]?.[i] as number))
    } else if (node.op === 'concat') {
      errors.push(node.args.flatMap((a) => errors[a] as number[]))
    } else {
      const moved = node.args.map((a, k) => {
        const e = errors[a]?.[0] as number
        const shift = (s: number) =>
          apply(
            node,
            args.map((v, j) => (j === k ? [(v[0] as number) + s] : v)),
            { f, t, x },
          )[0] as number
        return Math.max(Math.abs(shift(e) - (value[0] as number)), Math.abs(shift(-e) - (value[0] as number)))
      })
      const size = ['sin', 'cos', 'tan'].includes(node.op)
        ? 1 + Math.abs(value[0] as number)
        : Math.abs(value[0] as number)
      errors.push([moved.reduce((a, b) => a + b, 0) + roundings(node.op) * u * size])
    }
  }
  return errors[f.output] as number[]
}

interface Point {
  readonly f: Field
  readonly t: number
  readonly x: ArrayLike<number>
}

/** One operation on given values, by the interpreter. */
function apply(node: Node, args: readonly number[][], { f, t, x }: Point): Float64Array {
  const b = new Builder()
  const state = b.leaf('state', args.length === 0 ? f.stateSize : args.flat().length)
  let offset = 0
  const refs = args.map((a) =>
    b.gather(
      state,
      a.map(() => offset++),
    ),
  )
  const output = applyNode(b, node, refs)
  const field = makeField(b, output, { ...f, stateNames: new Array(b.size(state)).fill('s') })
  return interpret(field, t, args.length === 0 ? x : args.flat(), f.theta)
}
