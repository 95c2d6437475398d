import { misuse, type Random, seededRandom, show } from '@separatrix/field/core'

/**
 * How the divergence is found: exactly (n directional derivatives), or from random directions, which are kept
 * for a whole solve. `probes` of them are Hutchinson's, whose mean of eᵀJe it is; `sketch` further ones span
 * by their images the part of J whose trace is taken exactly, which leaves Hutchinson the rest (Hutch++).
 */
export type TraceRule =
  | 'exact'
  | {
      readonly probes: number
      readonly distribution?: 'rademacher' | 'normal'
      readonly seed: number
      /** directions of Hutch++, at most n; 0 by default, and about as many as probes where J has few large parts */
      readonly sketch?: number
    }

/** Directions in all: probes, then the sketch. */
export const directions = (trace: TraceRule): number =>
  trace === 'exact' ? 0 : trace.probes + (trace.sketch ?? 0)

export function checkTrace(trace: TraceRule, n: number): void {
  if (trace === 'exact') return
  const { probes, sketch = 0, distribution = 'rademacher', seed } = trace
  if (!(Number.isInteger(probes) && probes > 0))
    throw misuse({
      where: 'cnf',
      expected: 'a positive number of probes',
      got: show(probes),
      try: 'trace: { probes: 16, seed: 0 }',
    })
  if (!Number.isSafeInteger(seed) || !['rademacher', 'normal'].includes(distribution))
    throw misuse({
      where: 'cnf',
      expected: "a seed, and probes 'rademacher' or 'normal'",
      got: `${show(seed)}, ${show(distribution)}`,
      try: 'trace: { probes: 16, seed: 0 }',
    })
  if (!(Number.isInteger(sketch) && sketch >= 0 && sketch <= n))
    throw misuse({
      where: 'cnf',
      expected: `a sketch of at most ${n} directions`,
      got: show(sketch),
      try: "trace: 'exact' where there are so few dimensions",
    })
}

/** Fresh directions for `count` points, row after row; the same sequence on every call. */
export function drawDirections(trace: TraceRule, n: number, count: number): Float64Array {
  const out = new Float64Array(directions(trace) * n * count)
  if (trace === 'exact') return out
  const random: Random = seededRandom(trace.seed)
  const normal = trace.distribution === 'normal'
  for (let i = 0; i < out.length; i++) out[i] = normal ? random.normal() : random.uniform() < 0.5 ? -1 : 1
  return out
}
