import {
  Builder,
  divergence,
  embed,
  type Field,
  makeField,
  misuse,
  pushforward,
  show,
  type ThetaBlock,
} from '@separatrix/field/core'

/**
 * How the divergence is found: exactly (n directional derivatives), or by Hutchinson's estimate eᵀJe, the
 * mean over some random directions e, which are kept for a whole solve.
 */
export type TraceRule =
  | 'exact'
  | { readonly probes: number; readonly distribution?: 'rademacher' | 'normal'; readonly seed: number }

/**
 * A field together with the growth of volume along it: states [x; a₁ … a_k], x′ = f(t, x), aⱼ′ = ∇·f or its
 * estimate from probe j. With k = 1 exact; the probes are a block of θ of shape [k, n] after f's own.
 */
export function volumeField(f: Field, trace: TraceRule): Field {
  const n = f.stateSize
  checkField(f)
  const exact = trace === 'exact'
  const k = exact ? 1 : checkProbes(trace.probes)
  const b = new Builder()
  const all = b.leaf('state', n + k)
  const p = f.theta.length
  const theta = b.leaf('theta', exact ? p : p + k * n)
  const leaves = { state: b.gather(all, range(0, n)), theta: b.gather(theta, range(0, p)) }
  const rate = embed(b, f, leaves)
  const growth = exact
    ? [embed(b, divergence(f), leaves)]
    : range(0, k).map((j) => {
        const probe = b.gather(theta, range(p + j * n, n))
        const seed = b.concat([probe, b.zeros(k)])
        return b.dot(probe, pushforward(b, rate, new Map([[all, seed]])))
      })
  const probes: ThetaBlock = { name: 'probes', offset: p, shape: [k, n], kind: 'parameter' }
  return makeField(b, b.concat([rate, ...growth]), {
    name: `${f.name} with volume`,
    stateNames: [...f.stateNames, ...range(1, k).map((j) => `volume${j}`)],
    inputNames: [],
    theta: exact ? f.theta : Float64Array.from([...f.theta, ...new Float64Array(k * n)]),
    layout: exact ? f.layout : [...f.layout, probes],
  })
}

function range(start: number, length: number): number[] {
  return Array.from({ length }, (_, i) => start + i)
}

function checkField(f: Field): void {
  if (f.inputSize === 0 && f.outputSize === f.stateSize) return
  throw misuse({
    where: 'cnf',
    expected: 'a field from Rⁿ to Rⁿ without inputs',
    got: `${f.name}: R^${f.stateSize} → R^${f.outputSize}, ${f.inputSize} inputs`,
    try: 'network({ widths: [2, 32, 2], … })',
    code: 'wrong-dimension',
  })
}

function checkProbes(probes: number): number {
  if (Number.isInteger(probes) && probes > 0) return probes
  throw misuse({
    where: 'cnf',
    expected: 'a positive number of probes',
    got: show(probes),
    try: 'trace: { probes: 16, seed: 0 }',
  })
}
