import { misuse } from '../error.js'
import { expectField, expectSameOrder, type Field, mergeTheta } from '../field.js'
import { Builder, type Ref } from '../graph/builder.js'
import { embed } from '../graph/embed.js'
import { makeField } from '../makeField.js'
import { pullback } from './pullback.js'
import { pushforward } from './pushforward.js'

/** With respect to what a derivative is taken. */
export type Variable = 'state' | 'input' | 'theta' | 'time'

const sizeOf = (f: Field, v: Variable) =>
  v === 'state' ? f.stateSize : v === 'input' ? f.inputSize : v === 'theta' ? f.theta.length : 1

const range = (start: number, length: number) => Array.from({ length }, (_, i) => start + i)

/**
 * Jacobian–vector product as a field: (t, [x; v], θ) ↦ ∂f/∂x·v, of length m. `wrt` asks for the tangent along
 * other or further blocks; v then holds one piece per block, in the order given.
 * @example
 * const f = system({ state: ['x'], dynamics: { x: 'x^3' } })
 * interpret(jvp(f), 0, [2, 1]) // [12]
 */
export function jvp(f: Field, { wrt = ['state'] }: { readonly wrt?: readonly Variable[] } = {}): Field {
  expectField('jvp', f)
  const n = f.stateSize
  const length = wrt.reduce((total, v) => total + sizeOf(f, v), 0)
  const b = new Builder()
  // the tangent is seeded at the leaf: a gather of it may be simplified away on the path to the output
  const both = b.leaf('state', n + length)
  const output = embed(b, f, { state: b.gather(both, range(0, n)) })
  const seeds = new Map<Ref, Ref>()
  let start = n
  for (const v of wrt) {
    const piece = b.gather(both, range(start, sizeOf(f, v)))
    seeds.set(
      v === 'state' ? both : b.leaf(v, sizeOf(f, v)),
      v === 'state' ? b.concat([piece, b.zeros(length)]) : piece,
    )
    start += sizeOf(f, v)
  }
  return makeField(b, pushforward(b, output, seeds), {
    ...f,
    name: `jvp(${f.name})`,
    stateNames: [...f.stateNames, ...wrt.flatMap((v) => tangentNames(f, v))],
  })
}

function tangentNames(f: Field, v: Variable): string[] {
  return v === 'state' ? f.stateNames.map((s) => `d${s}`) : range(0, sizeOf(f, v)).map((i) => `d${v}${i}`)
}

/**
 * Vector–Jacobian product as a field: (t, [x; w], θ) ↦ (∂f/∂x)ᵀ·w, of length n; `wrt` asks for other or
 * further blocks, which follow one another in the order given.
 * @example
 * const f = system({ state: ['x'], params: { a: 2 }, dynamics: { x: '-a*x' } })
 * interpret(vjp(f, { wrt: ['state', 'theta'] }), 0, [3, 1]) // [-2, -3]
 */
export function vjp(f: Field, { wrt = ['state'] }: { readonly wrt?: readonly Variable[] } = {}): Field {
  expectField('vjp', f)
  const [n, m] = [f.stateSize, f.outputSize]
  const b = new Builder()
  const leaves = {
    state: b.leaf('state', n + m),
    time: b.leaf('time', 1),
    input: b.leaf('input', f.inputSize),
    theta: b.leaf('theta', f.theta.length),
  }
  const output = embed(b, f, { state: b.gather(leaves.state, range(0, n)) })
  const cotangents = pullback(
    b,
    output,
    b.gather(leaves.state, range(n, m)),
    wrt.map((v) => leaves[v]),
  )
  const parts = wrt.map((v, k) => {
    const part = cotangents[k] as Ref
    return v === 'state' ? b.gather(part, range(0, n)) : part
  })
  return makeField(b, b.concat(parts), {
    ...f,
    name: `vjp(${f.name})`,
    stateNames: [...f.stateNames, ...range(0, m).map((i) => `w${i}`)],
  })
}

/** ∇V of a scalar field, a field of length n. */
export function gradient(V: Field): Field {
  expectScalar('gradient', V)
  const b = new Builder()
  const x = b.leaf('state', V.stateSize)
  const [g] = pullback(b, embed(b, V), b.constant(1), [x])
  return makeField(b, g as Ref, { ...V, name: `gradient(${V.name})` })
}

/**
 * ∂f/∂x as a field of length m·n, row-major: out[i·n + j] = ∂fᵢ/∂xⱼ. `wrt` chooses another block.
 * Reverse mode by rows or forward mode by columns, whichever needs fewer passes.
 */
export function jacobian(f: Field, { wrt = 'state' }: { readonly wrt?: Variable } = {}): Field {
  expectField('jacobian', f)
  const b = new Builder()
  const [m, n] = [f.outputSize, sizeOf(f, wrt)]
  const variable = b.leaf(wrt, n)
  const output = embed(b, f)
  const unit = (k: number, size: number) => b.constant(range(0, size).map((i) => (i === k ? 1 : 0)))
  const rows =
    m <= n
      ? range(0, m).map((i) => pullback(b, output, unit(i, m), [variable])[0] as Ref)
      : transpose(
          b,
          range(0, n).map((j) => pushforward(b, output, new Map([[variable, unit(j, n)]]))),
          m,
        )
  return makeField(b, n === 0 || m === 0 ? b.zeros(0) : b.concat(rows), { ...f, name: `jacobian(${f.name})` })
}

function transpose(b: Builder, columns: readonly Ref[], m: number): Ref[] {
  const n = columns.length
  const flat = b.concat(columns)
  return range(0, m).map((i) =>
    b.gather(
      flat,
      range(0, n).map((j) => j * m + i),
    ),
  )
}

/** L_f V = ∇V·f, the rate of V along f (V̇), as a scalar field; θ is f's, then V's. */
export function lieDerivative(V: Field, f: Field): Field {
  expectField('lieDerivative', f)
  expectScalar('lieDerivative', V)
  if (V.stateSize !== f.stateSize || f.outputSize !== f.stateSize) {
    throw misuse({
      where: 'lieDerivative',
      expected: `V and f on the same state, f of its length`,
      got: `V on ${V.stateSize}, f: ${f.stateSize} → ${f.outputSize}`,
      try: 'closing the loop of the plant first, or the same state list in both',
    })
  }
  expectSameOrder('lieDerivative', f, V)
  const b = new Builder()
  const { theta, layout, offsets } = mergeTheta([f, V])
  const thetas = b.leaf('theta', theta.length)
  const x = b.leaf('state', f.stateSize)
  const value = embed(b, V, { theta: b.gather(thetas, range(offsets[1] as number, V.theta.length)) })
  const [g] = pullback(b, value, b.constant(1), [x])
  const rate = embed(b, f, { theta: b.gather(thetas, range(0, f.theta.length)) })
  return makeField(b, b.dot(g as Ref, rate), { ...f, name: `L_${f.name} ${V.name}`, theta, layout })
}

/** ∇·f = Σ ∂fᵢ/∂xᵢ, a scalar field: the rate at which f stretches volume. n passes. */
export function divergence(f: Field): Field {
  expectField('divergence', f)
  if (f.outputSize !== f.stateSize) {
    throw misuse({
      where: 'divergence',
      expected: 'a field from Rⁿ to Rⁿ',
      got: `R^${f.stateSize} → R^${f.outputSize}`,
      try: 'the trace of a square part',
    })
  }
  const b = new Builder()
  const n = f.stateSize
  const x = b.leaf('state', n)
  const output = embed(b, f)
  const terms = range(0, n).map((i) => {
    const unit = b.constant(range(0, n).map((k) => (k === i ? 1 : 0)))
    return b.gather(pushforward(b, output, new Map([[x, unit]])), [i])
  })
  return makeField(
    b,
    terms.reduce((a, c) => b.add(a, c), b.constant(0)),
    { ...f, name: `divergence(${f.name})` },
  )
}

function expectScalar(where: string, V: Field): void {
  expectField(where, V)
  if (V.outputSize === 1) return
  throw misuse({
    where,
    expected: 'a scalar field',
    got: `one of length ${V.outputSize}`,
    try: 'expression(...), or jacobian for a vector field',
  })
}
