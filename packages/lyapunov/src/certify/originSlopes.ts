import {
  binaryInterval,
  constantInterval,
  type Field,
  type Interval,
  type Node,
  powerInterval,
  scalarize,
  unaryInterval,
} from '@separatrix/field/core'

/** An interval with intervals for its partial derivatives in the box's variables; constants have none. */
export interface Jet {
  readonly v: Interval
  readonly g?: readonly Interval[]
}

/** A value with slopes from the origin: g(x) = g(0) + Σ slope[j](x)·xⱼ. Constants have none. */
interface Sloped {
  readonly at0: Interval
  readonly range: Jet
  readonly slope?: readonly Jet[]
}

const interval = binaryInterval
const point = (x: number): Interval => ({ lo: x, hi: x })
const number = (x: number): Jet => ({ v: point(x) })
const zero = number(0)
const isZero = (x: Interval) => x.lo === 0 && x.hi === 0

const isConstant = ({ v, g }: Jet, x: number) => !g && v.lo === x && v.hi === x

const linear = (op: 'add' | 'sub', a: Jet, b: Jet): Jet => {
  if (isConstant(b, 0)) return a
  if (op === 'add' && isConstant(a, 0)) return b
  const f = interval[op]
  const g = a.g || b.g
  return { v: f(a.v, b.v), ...(g && { g: g.map((_, j) => f(a.g?.[j] ?? zero.v, b.g?.[j] ?? zero.v)) }) }
}
const add = (a: Jet, b: Jet) => linear('add', a, b)
const sub = (a: Jet, b: Jet) => linear('sub', a, b)
const scaled = (g: Jet['g'], by: Interval) => g && { g: g.map((d) => interval.mul(by, d)) }

function mul(a: Jet, b: Jet): Jet {
  if (isConstant(a, 0) && b.v.lo <= b.v.hi) return zero
  if (isConstant(b, 0) && a.v.lo <= a.v.hi) return zero
  if (isConstant(a, 1)) return b
  if (isConstant(b, 1)) return a
  const v = interval.mul(a.v, b.v)
  if (!a.g || !b.g) return { v, ...scaled(a.g, b.v), ...scaled(b.g, a.v) }
  return {
    v,
    g: a.g.map((d, j) => interval.add(interval.mul(b.v, d), interval.mul(a.v, b.g?.[j] ?? zero.v))),
  }
}

/** a/b with the derivative (a′ − (a/b)·b′)/b. */
function div(a: Jet, b: Jet): Jet {
  const v = interval.div(a.v, b.v)
  const top = sub({ v: zero.v, ...(a.g && { g: a.g }) }, { v: zero.v, ...scaled(b.g, v) })
  return { v, ...(top.g && { g: top.g.map((d) => interval.div(d, b.v)) }) }
}

function power(x: Jet, k: number): Jet {
  const slope = interval.mul(point(k), powerInterval(x.v, k - 1))
  return { v: powerInterval(x.v, k), ...scaled(x.g, slope) }
}

type Smooth = keyof typeof derivatives

function unary(op: Smooth, x: Jet): Jet {
  return { v: unaryInterval[op](x.v), ...(x.g && scaled(x.g, derivatives[op]({ v: x.v }).v)) }
}

const square = (x: Jet) => power(x, 2)

/** φ′ of each function that has slopes here. */
const derivatives = {
  sqrt: (x: Jet): Jet => div(number(0.5), unary('sqrt', x)),
  exp: (x: Jet): Jet => unary('exp', x),
  log: (x: Jet): Jet => div(number(1), x),
  sin: (x: Jet): Jet => unary('cos', x),
  cos: (x: Jet): Jet => sub(zero, unary('sin', x)),
  tan: (x: Jet): Jet => add(number(1), square(unary('tan', x))),
  atan: (x: Jet): Jet => div(number(1), add(number(1), square(x))),
  sinh: (x: Jet): Jet => unary('cosh', x),
  cosh: (x: Jet): Jet => unary('sinh', x),
  tanh: (x: Jet): Jet => sub(number(1), square(unary('tanh', x))),
  sigmoid: (x: Jet): Jet => mul(unary('sigmoid', x), sub(number(1), unary('sigmoid', x))),
  softplus: (x: Jet): Jet => unary('sigmoid', x),
} as const

/** Values, slopes from the origin and their partial derivatives over a box: S and ∂S/∂xₖ, both row-major. */
export type OriginSlopes = (box: readonly Interval[]) => readonly Jet[]

/**
 * Slopes of a field with respect to the origin (Krawczyk & Neumaier, SIAM J. Numer. Anal. 22, 1985): one matrix
 * function S with f(x) = f(0) + S(x)·x, enclosed over a box together with its derivatives. Linear factors keep their
 * other factor whole, so that u(x)·cos θ has slopes that depend on θ alone. Which factorization is taken depends on the
 * graph only, never on the box: the derivatives belong to the same S. `undefined` where an operation has no rule.
 */
export function originSlopes(field: Field): OriginSlopes | undefined {
  const f = scalarize(field)
  const known = new Set([
    'const',
    'state',
    'gather',
    'concat',
    'neg',
    'add',
    'sub',
    'mul',
    'div',
    'powi',
    ...Object.keys(derivatives),
  ])
  if (!f.nodes.every((node) => known.has(node.op))) return undefined
  const n = f.stateSize
  const unit = (i: number) => Array.from({ length: n }, (_, j) => point(i === j ? 1 : 0))
  const variable = (i: number, v: Interval): Sloped => ({
    at0: zero.v,
    range: { v, g: unit(i) },
    slope: unit(i).map((d) => ({ v: d })),
  })
  return (box) => {
    const values: Sloped[] = []
    for (const node of f.nodes) {
      if (node.op === 'concat') break
      if (node.op === 'const') {
        const v = constantInterval(node.values[0], node.exact === true)
        values.push({ at0: v, range: { v } })
      } else if (node.op === 'state' || node.op === 'gather') {
        const i = node.op === 'gather' ? node.indices[0] : 0
        values.push(variable(i, box[i]))
      } else
        values.push(
          slopeOf(
            node,
            node.args.map((a) => values[a]),
          ),
        )
    }
    const output = f.nodes[f.output]
    const rows = output.op === 'concat' ? output.args : [f.output]
    return rows.flatMap((r) => values[r].slope ?? Array.from({ length: n }, () => zero))
  }
}

function slopeOf(node: Node, [p, q]: readonly Sloped[]): Sloped {
  switch (node.op) {
    case 'neg':
      return combined('sub', { at0: zero.v, range: zero }, p)
    case 'add':
    case 'sub':
      return combined(node.op, p, q)
    case 'mul':
      return product(p, q)
    case 'div':
      return quotient(p, q)
    case 'powi':
      return raised(p, node.exponent)
    default:
      return applied(node.op as Smooth, p)
  }
}

const pairwise = (p: Sloped, q: Sloped, f: (a: Jet, b: Jet) => Jet): Pick<Sloped, 'slope'> => {
  const some = p.slope ?? q.slope
  return some === undefined
    ? {}
    : { slope: some.map((_, j) => f(p.slope?.[j] ?? zero, q.slope?.[j] ?? zero)) }
}

const combined = (op: 'add' | 'sub', p: Sloped, q: Sloped): Sloped => ({
  at0: interval[op](p.at0, q.at0),
  range: linear(op, p.range, q.range),
  ...pairwise(p, q, (a, b) => linear(op, a, b)),
})

/** Slopes that do not depend on x: of a linear function. */
const isLinear = ({ slope }: Sloped) => slope?.every(({ g }) => g === undefined) === true

/**
 * pq − p(0)q(0) = q·(p − p(0)) + p(0)·(q − q(0)), p the linear factor if there is just one, else one that vanishes at 0: so
 * u(x)·sin θ and sin θ·(u(x) + 1) have slopes that depend on θ alone where u is linear.
 */
function product(p: Sloped, q: Sloped): Sloped {
  const isSecond = isLinear(p) === isLinear(q) ? isZero(q.at0) && !isZero(p.at0) : isLinear(q)
  return isSecond ? orderedProduct(q, p) : orderedProduct(p, q)
}

function orderedProduct(p: Sloped, q: Sloped): Sloped {
  return {
    at0: interval.mul(p.at0, q.at0),
    range: mul(p.range, q.range),
    ...pairwise(p, q, (a, b) => add(mul(q.range, a), mul({ v: p.at0 }, b))),
  }
}

/** p/q − r = ((p − p(0)) − r·(q − q(0)))/q with r = p(0)/q(0). */
function quotient(p: Sloped, q: Sloped): Sloped {
  const at0 = interval.div(p.at0, q.at0)
  return {
    at0,
    range: div(p.range, q.range),
    ...pairwise(p, q, (a, b) => div(sub(a, mul({ v: at0 }, b)), q.range)),
  }
}

function raised(p: Sloped, k: number): Sloped {
  const [at0, range] = [powerInterval(p.at0, k), power(p.range, k)]
  if (!p.slope || k === 0) return { at0, range }
  const whole = () => sub(range, { v: at0 })
  const derivative = (x: Jet) => mul(number(k), power(x, k - 1))
  const secant = k === 1 ? number(1) : k === 2 ? add(p.range, { v: p.at0 }) : meanSlope(p, whole, derivative)
  return { at0, range, slope: p.slope.map((s) => mul(secant, s)) }
}

function applied(op: Smooth, p: Sloped): Sloped {
  const [at0, range] = [unaryInterval[op](p.at0), unary(op, p.range)]
  if (!p.slope) return { at0, range }
  const secant = meanSlope(p, () => sub(range, { v: at0 }), derivatives[op])
  return { at0, range, slope: p.slope.map((s) => mul(secant, s)) }
}

/** Slices of the mean; a power of two, so that their ends are exact. */
const slices = 8

/**
 * (φ(b) − φ(a))/(b − a): its derivative from ∫φ′(a + s(b − a)) ds, slice by slice; its value from there as well, and
 * from the quotient where b − a keeps its sign, which is sharp at points. Both enclose one function.
 */
function meanSlope({ at0, range }: Sloped, difference: () => Jet, derivative: (x: Jet) => Jet): Jet {
  const span = sub(range, { v: at0 })
  let total = zero
  for (let k = 0; k < slices; k++) {
    const part = { v: { lo: k / slices, hi: (k + 1) / slices } }
    total = add(total, derivative(add({ v: at0 }, mul(part, span))))
  }
  const mean = mul(number(1 / slices), total)
  if (!(span.v.lo > 0 || span.v.hi < 0)) return mean
  const { lo, hi } = interval.div(difference().v, span.v)
  return { ...mean, v: { lo: Math.max(lo, mean.v.lo), hi: Math.min(hi, mean.v.hi) } }
}
