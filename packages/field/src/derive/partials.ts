import type { Builder, Ref } from '../graph/builder.js'
import type { Binary, Unary } from '../graph/node.js'

/** dy/dx of each elementwise function, from x and y = f(x). `undefined`: zero almost everywhere. */
export const unaryDerivative: { readonly [K in Unary]: (b: Builder, x: Ref, y: Ref) => Ref | undefined } = {
  neg: (b) => b.constant(-1),
  sqrt: (b, _x, y) => b.div(b.constant(0.5), y),
  exp: (_b, _x, y) => y,
  log: (b, x) => b.div(b.constant(1), x),
  sin: (b, x) => b.unary('cos', x),
  cos: (b, x) => b.neg(b.unary('sin', x)),
  tan: (b, _x, y) => b.add(b.constant(1), b.powi(y, 2)),
  atan: (b, x) => b.div(b.constant(1), b.add(b.constant(1), b.powi(x, 2))),
  sinh: (b, x) => b.unary('cosh', x),
  cosh: (b, x) => b.unary('sinh', x),
  tanh: (b, _x, y) => b.sub(b.constant(1), b.powi(y, 2)),
  sigmoid: (b, _x, y) => b.mul(y, b.sub(b.constant(1), y)),
  softplus: (b, x) => b.unary('sigmoid', x),
  relu: (b, x) => b.unary('step', x),
  abs: (b, x) => b.unary('sign', x),
  sign: () => undefined,
  step: () => undefined,
}

type Partial = (b: Builder, x: Ref, y: Ref, out: Ref) => Ref

/** (∂f/∂x, ∂f/∂y) of each elementwise function of two arguments. */
export const binaryPartials: { readonly [K in Binary]: readonly [Partial, Partial] } = {
  add: [(b) => b.constant(1), (b) => b.constant(1)],
  sub: [(b) => b.constant(1), (b) => b.constant(-1)],
  mul: [(_b, _x, y) => y, (_b, x) => x],
  div: [(b, _x, y) => b.div(b.constant(1), y), (b, _x, y, out) => b.neg(b.div(out, y))],
  pow: [
    (b, x, y) => b.mul(y, b.binary('pow', x, b.sub(y, b.constant(1)))),
    (b, x, _y, out) => b.mul(out, b.unary('log', x)),
  ],
  // f(y, x) = atan2(y, x): the first argument is the ordinate
  atan2: [
    (b, y, x) => b.div(x, b.add(b.powi(x, 2), b.powi(y, 2))),
    (b, y, x) => b.neg(b.div(y, b.add(b.powi(x, 2), b.powi(y, 2)))),
  ],
  min: [
    (b, x, y) => b.unary('step', b.sub(y, x)),
    (b, x, y) => b.sub(b.constant(1), b.unary('step', b.sub(y, x))),
  ],
  max: [
    (b, x, y) => b.unary('step', b.sub(x, y)),
    (b, x, y) => b.sub(b.constant(1), b.unary('step', b.sub(x, y))),
  ],
}
