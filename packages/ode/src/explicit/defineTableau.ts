import { misuse, show } from '@separatrix/field/core'
import { explicitKernel } from './explicitKernel.js'
import type { ExplicitMethod, TableauOptions } from './tableau.js'

/** Coefficients as doubles satisfy their sums to a few units in the last place of the largest. */
const roundingOf = (values: readonly number[]) =>
  1e-15 * values.reduce((most, v) => Math.max(most, Math.abs(v)), 1) * values.length * 4

const sum = (values: readonly number[]) => values.reduce((total, v) => total + v, 0)

/**
 * Makes an explicit Runge–Kutta method from its coefficients:
 * kᵢ = f(t + cᵢh, y + h Σⱼ a[i][j] kⱼ), y¹ = y + h Σ bᵢkᵢ. Shapes, row sums and Σb are checked here; the
 * order is what {@link verifyMethod} checks. `fsal` is derived.
 * @example
 * const heun = defineTableau({ name: 'heun', order: 2, c: [0, 1], a: [[], [1]], b: [1/2, 1/2], source: 'Heun 1900' })
 */
export function defineTableau(options: TableauOptions): ExplicitMethod {
  checkTableau(options)
  const { name, order, c, a, b, bError, bErrorLow, dense, source } = options
  const stages = c.length
  const last = a[stages - 1] as readonly number[]
  const method: ExplicitMethod = {
    name,
    family: 'explicit',
    order,
    errorOrder: bError === undefined ? undefined : (options.errorOrder ?? order - 1),
    source,
    denseLevel: dense === undefined ? 'steps' : 'stages',
    stages,
    c,
    a,
    b,
    bError,
    bErrorLow,
    dense,
    fsal: stages > 1 && c[stages - 1] === 1 && b[stages - 1] === 0 && last.every((v, j) => v === b[j]),
    kernel: (problem, settings) => explicitKernel(method, problem, settings),
  }
  return Object.freeze(method)
}

function checkTableau({ name, c, a, b, bError, bErrorLow, dense }: TableauOptions): void {
  const where = `defineTableau(${name})`
  const s = c.length
  const expect = (holds: boolean, expected: string, got: unknown) => {
    if (holds) return
    throw misuse({
      where,
      expected,
      got: show(got),
      try: 'the coefficients of the source',
      code: 'bad-tableau',
    })
  }
  expect(s > 0 && c[0] === 0, 'c to start with 0 (an explicit method)', c)
  expect(a.length === s, `${s} rows of a`, a.length)
  a.forEach((row, i) => {
    expect(row.length === i, `row ${i} of a with ${i} entries`, row)
    expect(Math.abs(sum(row) - (c[i] as number)) <= roundingOf(row), `row ${i} of a to sum to c`, sum(row))
  })
  expect(b.length === s, `${s} entries of b`, b)
  expect(Math.abs(sum(b) - 1) <= roundingOf(b), 'Σb = 1', sum(b))
  for (const e of [bError, bErrorLow]) {
    if (e === undefined) continue
    expect(e.length === s, `${s} entries of bError`, e)
    expect(Math.abs(sum(e)) <= roundingOf(e), 'Σ bError = 0', sum(e))
  }
  if (dense === undefined) return
  const extra = dense.c?.length ?? 0
  expect((dense.a?.length ?? 0) === extra, `${extra} extra rows`, dense.a?.length)
  dense.a?.forEach((row, i) => {
    expect(row.length <= s + i, `extra row ${i} of at most ${s + i} entries`, row)
    const target = dense.c?.[i] as number
    expect(Math.abs(sum(row) - target) <= roundingOf(row), `extra row ${i} to sum to its c`, sum(row))
  })
  expect(dense.b.length === s + extra, `${s + extra} dense polynomials`, dense.b.length)
}
