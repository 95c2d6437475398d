import {
  Builder,
  divergence,
  embed,
  expectField,
  type Field,
  makeField,
  misuse,
  pushforward,
  type Ref,
  type ThetaBlock,
} from '@separatrix/field/core'
import { orthonormalize } from './orthonormalize.js'
import { checkTrace, directions, type TraceRule } from './traceRule.js'

/**
 * A field together with the growth of volume along it: states [x; a₁ … a_k], x′ = f(t, x), aⱼ′ = ∇·f or its
 * estimate from probe j. With k = 1 exact; the probes (and the sketch) are a block of θ of shape [k, n] after
 * f's own. A field that also reads a condition of length m, f(t, [x; c]), makes states [x; a; c], c′ = 0.
 * Hutchinson, Commun. Stat. 18 (1989); Hutch++: Meyer, Musco, Musco & Woodruff, SOSA 2021, algorithm 1.
 */
export function volumeField(
  f: Field,
  trace: TraceRule,
  { condition = 0 }: { readonly condition?: number } = {},
): Field {
  expectField('volumeField', f)
  checkField(f, condition)
  const n = f.outputSize
  checkTrace(trace, n)
  const exact = trace === 'exact'
  const k = exact ? 1 : trace.probes
  const rows = directions(trace)
  const b = new Builder()
  const size = n + k + condition
  const all = b.leaf('state', size)
  const p = f.theta.length
  const theta = b.leaf('theta', p + rows * n)
  const state = b.concat([b.gather(all, range(0, n)), b.gather(all, range(n + k, condition))])
  const leaves = { state, theta: b.gather(theta, range(0, p)) }
  const rate = embed(b, f, leaves)
  // the seed of a direction reaches the whole state, of which only x moves
  const along = (direction: Ref) =>
    pushforward(b, rate, new Map([[all, b.concat([direction, b.zeros(k + condition)])]]))
  const direction = (j: number) => b.gather(theta, range(p + j * n, n))
  const growth = exact
    ? [condition === 0 ? embed(b, divergence(f), leaves) : exactTrace(b, n, along)]
    : estimates(b, { probes: range(0, k).map(direction), sketch: range(k, rows - k).map(direction) }, along)
  const block: ThetaBlock = { name: 'probes', offset: p, shape: [rows, n], kind: 'parameter' }
  return makeField(b, b.concat([rate, ...growth, ...(condition > 0 ? [b.zeros(condition)] : [])]), {
    name: `${f.name} with volume`,
    stateNames: [
      ...f.stateNames.slice(0, n),
      ...range(1, k).map((j) => `volume${j}`),
      ...f.stateNames.slice(n),
    ],
    inputNames: [],
    theta: exact ? f.theta : Float64Array.from([...f.theta, ...new Float64Array(rows * n)]),
    layout: exact ? f.layout : [...f.layout, block],
  })
}

function exactTrace(b: Builder, n: number, along: (direction: Ref) => Ref): Ref {
  const terms = range(0, n).map((i) => {
    const unit = b.constant(range(0, n).map((j) => (i === j ? 1 : 0)))
    return b.gather(along(unit), [i])
  })
  return terms.reduce((sum, term) => b.add(sum, term), b.constant(0))
}

/** tr(QᵀJQ) + gᵀJg for each probe, g its part outside of Q, an orthonormal basis of J·sketch. */
function estimates(
  b: Builder,
  { probes, sketch }: { readonly probes: readonly Ref[]; readonly sketch: readonly Ref[] },
  along: (direction: Ref) => Ref,
): Ref[] {
  const Q = orthonormalize(b, sketch.map(along))
  const within = Q.reduce((sum, q) => b.add(sum, b.dot(q, along(q))), b.constant(0))
  return probes.map((probe) => {
    const rest = Q.reduce((g, q) => b.sub(g, b.mul(b.dot(q, probe), q)), probe)
    return b.add(within, b.dot(rest, along(rest)))
  })
}

function range(start: number, length: number): number[] {
  return Array.from({ length }, (_, i) => start + i)
}

function checkField(f: Field, condition: number): void {
  if (
    f.inputSize === 0 &&
    Number.isInteger(condition) &&
    condition >= 0 &&
    f.outputSize === f.stateSize - condition &&
    f.outputSize > 0
  )
    return
  throw misuse({
    where: 'cnf',
    expected:
      condition === 0
        ? 'a field from Rⁿ to Rⁿ without inputs'
        : `a field from Rⁿ⁺ᵐ to Rⁿ without inputs, m = ${condition}`,
    got: `${f.name}: R^${f.stateSize} → R^${f.outputSize}, ${f.inputSize} inputs`,
    try: 'network({ widths: [2, 32, 2], … })',
    code: 'wrong-dimension',
  })
}
