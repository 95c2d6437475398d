import { type Field, type Node, scalarize, type Unary } from '@separatrix/field'
import type { BigNumber, MathJsInstance } from 'mathjs'
import math from 'mathjs/lib/browser/math.js'

/** 60 digits: what is left after subtracting values that agree to 20 is still far beyond a double. */
const create = math.create as unknown as (config: object) => MathJsInstance
const big = create({ number: 'BigNumber', precision: 60 })

export type Big = BigNumber

export const toBig = (x: number | string): Big => big.bignumber(x) as unknown as Big

const one = toBig(1)

const unaryBig: { readonly [K in Unary]: (x: Big) => Big } = {
  neg: (x) => x.neg(),
  sqrt: (x) => x.sqrt(),
  exp: (x) => x.exp(),
  log: (x) => x.ln(),
  sin: (x) => x.sin(),
  cos: (x) => x.cos(),
  tan: (x) => x.tan(),
  atan: (x) => x.atan(),
  sinh: (x) => x.sinh(),
  cosh: (x) => x.cosh(),
  tanh: (x) => x.tanh(),
  sigmoid: (x) => one.div(one.plus(x.neg().exp())),
  softplus: (x) => one.plus(x.exp()).ln(),
  relu: (x) => (x.gt(0) ? x : toBig(0)),
  abs: (x) => x.abs(),
  sign: (x) => toBig(x.isZero() ? 0 : x.isNeg() ? -1 : 1),
  step: (x) => toBig(x.gt(0) ? 1 : 0),
}

const binaryBig: Readonly<Record<string, (x: Big, y: Big) => Big>> = {
  add: (x, y) => x.plus(y),
  sub: (x, y) => x.minus(y),
  mul: (x, y) => x.times(y),
  div: (x, y) => x.div(y),
  pow: (x, y) => x.pow(y),
  min: (x, y) => (x.lt(y) ? x : y),
  max: (x, y) => (x.gt(y) ? x : y),
}

/** What a field's graph means, in 60 decimal digits: the reference for derivatives and enclosures. */
export function bigInterpret(field: Field): (t: Big, x: readonly Big[], theta?: readonly Big[]) => Big[] {
  const f = scalarize(field)
  return (t, x, theta = Array.from(field.theta, toBig)) => {
    const leaf = (node: Node): readonly Big[] | undefined => {
      switch (node.op) {
        case 'const':
          return node.values.map(toBig)
        case 'time':
          return [t]
        case 'state':
          return x
        case 'theta':
          return theta
        default:
          return undefined
      }
    }
    const values: (readonly Big[])[] = []
    for (const node of f.nodes) {
      const args = node.args.map((a) => values[a] as readonly Big[])
      values.push(leaf(node) ?? scalar(node, args))
    }
    return [...(values[f.output] as readonly Big[])]
  }
}

function scalar(node: Node, args: readonly (readonly Big[])[]): readonly Big[] {
  const [x, y] = args.map((a) => a[0]) as [Big, Big]
  if (node.op in unaryBig) return [unaryBig[node.op as Unary](x)]
  if (node.op in binaryBig) return [(binaryBig[node.op] as (x: Big, y: Big) => Big)(x, y)]
  if (node.op === 'powi') return [x.pow(node.exponent)]
  if (node.op === 'gather') return node.indices.map((i) => (args[0] as readonly Big[])[i] as Big)
  if (node.op === 'concat') return args.flat()
  throw new Error(`no high-precision rule for ${node.op}`)
}
