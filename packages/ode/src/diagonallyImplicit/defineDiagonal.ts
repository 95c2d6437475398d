import { misuse, show } from '@separatrix/field/core'
import { diagonalKernel } from './diagonalKernel.js'
import { stageDense } from './stageDense.js'
import type { DiagonalMethod, DiagonalOptions } from './tableau.js'

/** Coefficients as doubles satisfy their sums to a few units in the last place of the largest. */
const rounding = 1e-14

const sum = (values: readonly number[]) => values.reduce((total, v) => total + v, 0)

/**
 * Makes a diagonally implicit Runge–Kutta method with an explicit first stage (ESDIRK) from its coefficients:
 * kᵢ = f(t + cᵢh, y + h Σ a[i][j] kⱼ), j ≤ i, with one γ on the diagonal, and the last stage at y¹ (stiffly
 * accurate). Stages are found by Newton's method with one matrix I − hγJ, which is kept over steps while it
 * contracts; J is exact for a field, and forward differences for a function. The error estimate is multiplied by
 * the inverse of that matrix (Shampine), or it would not shrink with h where the problem is stiff.
 * Source: Hairer & Wanner, Solving ODEs II, §IV.6 and §IV.8; Kennedy & Carpenter, NASA/TM-2016-219173.
 * @example
 * const euler = defineDiagonal({ name: 'backwardEuler', order: 1, errorOrder: 1, c: [0, 1], a: [[0], [0, 1]],
 *   bError: [-1/2, 1/2], source: 'Euler 1768' })
 */
export function defineDiagonal(options: DiagonalOptions): DiagonalMethod {
  checkDiagonal(options)
  const { order, a, c } = options
  const denseOrder = order >= 3 ? 3 : order === 2 ? 2 : 1
  const b = a[a.length - 1] as readonly number[]
  const method: DiagonalMethod = {
    ...options,
    family: 'diagonallyImplicit',
    b,
    gamma: b[b.length - 1] as number,
    denseLevel: 'stages',
    recordLevel: 'stages',
    dense: options.dense ?? { order: denseOrder, b: stageDense(a, c, denseOrder) },
    kernel: (problem, settings) => diagonalKernel(method, problem, settings),
  }
  return Object.freeze(method)
}

function checkDiagonal({ name, c, a, bError }: DiagonalOptions): void {
  const s = c.length
  const expect = (holds: boolean, expected: string, got: unknown) => {
    if (holds) return
    throw misuse({
      where: `defineDiagonal(${name})`,
      expected,
      got: show(got),
      try: 'the coefficients of the source',
      code: 'bad-tableau',
    })
  }
  expect(s > 1 && a.length === s, `${s} rows of a, two or more`, a.length)
  expect(c[0] === 0 && c[s - 1] === 1, 'c from 0 to 1 (an explicit first stage, and the last at y¹)', c)
  const gamma = a[s - 1]?.[s - 1] as number
  expect(gamma > 0, 'γ > 0', gamma)
  a.forEach((row, i) => {
    expect(row.length === i + 1, `row ${i} of a with ${i + 1} entries`, row)
    expect(row[i] === (i === 0 ? 0 : gamma), `${i === 0 ? 0 : gamma} on the diagonal`, row[i])
    expect(Math.abs(sum(row) - (c[i] as number)) <= rounding, `row ${i} of a to sum to c`, sum(row))
  })
  expect(bError.length === s, `${s} entries of bError`, bError)
  expect(Math.abs(sum(bError)) <= rounding, 'Σ bError = 0', sum(bError))
}
