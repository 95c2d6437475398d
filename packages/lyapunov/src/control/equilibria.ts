import { compile, type Field, jacobian, misuse, seededRandom } from '@separatrix/field/core'
import { type Complex, eigenvalues } from './eigenvalues.js'
import { type Matrix, solveLinear } from './matrix.js'

export interface Equilibrium {
  readonly x: Float64Array
  /** |f(x)|, largest entry */
  readonly residual: number
  /** of ∂f/∂x, by descending real part */
  readonly eigenvalues: readonly Complex[]
}

/**
 * Equilibria f(x) = 0 of an autonomous field within a domain, by damped Newton steps from seeded random
 * starts: what is found is an equilibrium to rounding, but nothing says that all were found.
 * @example
 * equilibria(system({ state: ['x'], dynamics: { x: 'x - x^3' } }), { domain: [[-2, 2]], seed: 1 }) // −1, 0, 1
 */
export function equilibria(
  field: Field,
  {
    domain,
    seed,
    starts = 50,
  }: {
    readonly domain: readonly (readonly [number, number])[]
    readonly seed: number
    readonly starts?: number
  },
): Equilibrium[] {
  const n = field.stateSize
  if (domain.length !== n || field.inputSize > 0)
    throw misuse({
      where: 'equilibria',
      expected: `a domain of ${n} intervals and a field without inputs`,
      got: `${domain.length} intervals, ${field.inputSize} inputs`,
      try: 'closing the loop first',
    })
  const [f, df] = [compile(field), compile(jacobian(field))]
  const random = seededRandom(seed)
  const found: Equilibrium[] = []
  for (let k = 0; k < starts; k++) {
    const start = Float64Array.from(domain, ([lo, hi]) =>
      k === 0 ? (lo + hi) / 2 : lo + (hi - lo) * random.uniform(),
    )
    const x = newton(f, df, start)
    const isInside = x?.every((v, i) => v >= (domain[i]?.[0] ?? 0) && v <= (domain[i]?.[1] ?? 0))
    const isNew =
      x && found.every((e) => e.x.some((v, i) => Math.abs(v - (x[i] as number)) > 1e-7 * (1 + Math.abs(v))))
    if (x === undefined || !isInside || !isNew) continue
    const out = new Float64Array(n)
    f(0, x, out)
    const a = new Float64Array(n * n)
    df(0, x, a)
    found.push({ x, residual: norm(out), eigenvalues: eigenvalues({ rows: n, cols: n, data: a }) })
  }
  return found.sort((p, q) => Array.from(p.x).reduce((c, v, i) => c || v - (q.x[i] as number), 0))
}

type Compiled = ReturnType<typeof compile>

/** Newton with halved steps until |f| falls; `undefined` where it does not reach rounding. */
function newton(f: Compiled, df: Compiled, start: Float64Array): Float64Array | undefined {
  const n = start.length
  let x = start
  const value = new Float64Array(n)
  const slope: Matrix = { rows: n, cols: n, data: new Float64Array(n * n) }
  f(0, x, value)
  for (let k = 0; k < 60; k++) {
    const size = norm(value)
    df(0, x, slope.data)
    const step = solveLinear(slope, { rows: n, cols: 1, data: Float64Array.from(value) })?.data
    if (step === undefined || !Number.isFinite(size)) return size === 0 ? x : undefined
    if (norm(step) <= 1e-14 * (1 + norm(x))) return x
    let damping = 1
    for (; damping > 1e-6; damping /= 2) {
      const next = x.map((v, i) => v - damping * (step[i] as number))
      f(0, next, value)
      if (norm(value) < size) {
        x = next
        break
      }
    }
    if (damping <= 1e-6) return norm(step) <= 1e-9 * (1 + norm(x)) ? x : undefined
  }
  return undefined
}

function norm(x: Float64Array): number {
  return x.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
}
