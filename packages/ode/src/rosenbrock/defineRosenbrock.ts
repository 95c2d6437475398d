import { misuse, show } from '@separatrix/field/core'
import { rosenbrockKernel } from './rosenbrockKernel.js'
import { type RosenbrockMethod, type RosenbrockOptions, standardForm } from './tableau.js'

/**
 * Sums over coefficients of size |c|, transformed once: RODAS5P's add up to 2·10⁻¹³, a wrong digit anywhere
 * gives far more.
 */
const rounding = 1e-12

const sum = (values: readonly number[]) => values.reduce((total, v) => total + v, 0)

/**
 * Makes a Rosenbrock method from its coefficients: one matrix and s solutions per step, no iteration.
 * (I/(hγ) − J) uᵢ = f(t + αᵢh, y + Σ a[i][j] uⱼ) + Σ c[i][j] uⱼ/h + hγᵢ ∂f/∂t, y¹ = y + Σ mᵢuᵢ.
 * J = ∂f/∂y is exact for a field, and forward differences for a function. Shapes, row sums and Σb are checked
 * here; the order is what {@link verifyMethod} checks.
 * Source: Hairer & Wanner, Solving ODEs II, (IV.7.25).
 * @example
 * const euler = defineRosenbrock({ name: 'rosenbrockEuler', order: 1, errorOrder: 0, gamma: 1, alpha: [0],
 *   gammas: [1], a: [[]], c: [[]], m: [1], mError: [1], dense: { order: 1, b: [[1]] }, source: 'HW II, (IV.7.1)' })
 */
export function defineRosenbrock(options: RosenbrockOptions): RosenbrockMethod {
  checkRosenbrock(options)
  const { alpha, a, m } = options
  const s = m.length
  const last = a[s - 1] as readonly number[]
  const method: RosenbrockMethod = {
    ...options,
    family: 'rosenbrock',
    denseLevel: 'stages',
    recordLevel: 'stages',
    fsal: s > 1 && alpha[s - 1] === 1 && m[s - 1] === 0 && last.every((v, j) => v === m[j]),
    kernel: (problem, settings) => rosenbrockKernel(method, problem, settings),
  }
  return Object.freeze(method)
}

function checkRosenbrock(options: RosenbrockOptions): void {
  const { name, alpha, gammas, a, c, m, mError, dense } = options
  const s = m.length
  const expect = (holds: boolean, expected: string, got: unknown) => {
    if (holds) return
    throw misuse({
      where: `defineRosenbrock(${name})`,
      expected,
      got: show(got),
      try: 'the coefficients of the source',
      code: 'bad-tableau',
    })
  }
  for (const list of [alpha, gammas, a, c, mError, dense.b])
    expect(list.length === s, `${s} entries, as in m`, list)
  for (const matrix of [a, c])
    matrix.forEach((row, i) => {
      expect(row.length === i, `row ${i} with ${i} entries`, row)
    })
  const standard = standardForm(options)
  const size = rounding * Math.max(1, ...[...a, ...c, m].flat().map(Math.abs))
  for (let i = 0; i < s; i++) {
    const [inner, outer] = [sum(standard.alpha[i] ?? []), sum(standard.gamma[i] ?? [])]
    expect(Math.abs(inner - (alpha[i] as number)) <= size, `row ${i} of α to sum to alpha`, inner)
    expect(Math.abs(outer - (gammas[i] as number)) <= size, `row ${i} of Γ to sum to gammas`, outer)
  }
  expect(Math.abs(sum(standard.b) - 1) <= size, 'Σb = 1', sum(standard.b))
  dense.b.forEach((row, i) => {
    const end = sum(row)
    expect(Math.abs(end - (m[i] as number)) <= size, `dense polynomial ${i} to end in m`, end)
  })
}
