import { misuse, show } from '@separatrix/field/core'

/** Tolerances by component; `uniform` where all components share one pair, which generated code exploits. */
export interface Tolerances {
  readonly rtol: Float64Array
  readonly atol: Float64Array
  readonly uniform: boolean
  /** how the scaled errors of the components make one number */
  readonly norm: 'rms' | 'max' | 'custom'
  readonly custom: CustomNorm | undefined
  /** components with weight 0 do not count (a seminorm); undefined where all count alike */
  readonly weights: Float64Array | undefined
}

/**
 * Root mean square, the largest component, or a function of the scaled errors e_i/(atol_i + rtol_i max(|y_i|, |y¹_i|))
 * whose value is at most 1 where a step is good enough. It must not keep its argument, nor allocate, and what is
 * not finite rejects the step. Steps scale as if it were homogeneous: norm(c·e) = |c| norm(e).
 */
export type ErrorNorm = 'rms' | 'max' | ((scaledErrors: Float64Array) => number)

/** A norm that is a function, and the vector that it is shown. */
export interface CustomNorm {
  readonly value: (scaledErrors: Float64Array) => number
  readonly scaled: Float64Array
}

export type Tolerance = number | ArrayLike<number>

/** Checks and spreads tolerances: the scaled error of component i is e_i / (atol_i + rtol_i max(|y_i|, |y¹_i|)). */
export function makeTolerances(
  size: number,
  rtol: Tolerance,
  atol: Tolerance,
  { weights, norm = 'rms' }: { readonly weights?: ArrayLike<number>; readonly norm?: ErrorNorm } = {},
): Tolerances {
  const custom = typeof norm === 'function' ? { value: norm, scaled: new Float64Array(size) } : undefined
  if (custom === undefined && norm !== 'rms' && norm !== 'max')
    throw misuse({
      where: 'solve(norm)',
      expected: "'rms', 'max' or a function of the scaled errors",
      got: show(norm),
      try: "norm: 'max'",
    })
  if (custom !== undefined && weights !== undefined)
    throw misuse({
      where: 'solve(weights)',
      expected: 'no weights beside a norm of your own',
      got: show(weights),
      try: 'weighing within the norm',
    })
  const [relative, absolute] = [spread('rtol', rtol, size), spread('atol', atol, size)]
  for (let i = 0; i < size; i++) {
    if ((relative[i] as number) + (absolute[i] as number) > 0) continue
    throw misuse({
      where: 'solve',
      expected: 'rtol + atol > 0 in every component',
      got: `0 in component ${i}`,
      try: 'atol: 1e-10',
      code: 'bad-tolerance',
    })
  }
  const uniform =
    (typeof rtol === 'number' || isUniform(relative)) && (typeof atol === 'number' || isUniform(absolute))
  return {
    rtol: relative,
    atol: absolute,
    uniform,
    norm: typeof norm === 'function' ? 'custom' : norm,
    custom,
    weights: weights && makeWeights(size, weights),
  }
}

const isUniform = (list: Float64Array) => list.every((v) => v === list[0])

function spread(name: 'rtol' | 'atol', value: Tolerance, size: number): Float64Array {
  const list = typeof value === 'number' ? new Float64Array(size).fill(value) : new Float64Array(value)
  if (list.length !== size)
    throw misuse({
      where: `solve(${name})`,
      expected: `a number, or ${size} of them`,
      got: `${list.length}`,
      try: `${name}: 1e-8`,
      code: 'wrong-dimension',
    })
  // a single number is tested once, not for each of a thousand components
  const given = typeof value === 'number' ? list.subarray(0, 1) : list
  if (!given.every((v) => Number.isFinite(v) && v >= 0))
    throw misuse({
      where: `solve(${name})`,
      expected: 'finite tolerances that are not negative',
      got: show(value),
      try: `${name}: 1e-8`,
      code: 'bad-tolerance',
    })
  return list
}

function makeWeights(size: number, weights: ArrayLike<number>): Float64Array {
  const list = Float64Array.from(weights)
  if (list.length === size && list.every((v) => v >= 0 && Number.isFinite(v)) && list.some((v) => v > 0))
    return list
  throw misuse({
    where: 'solve(weights)',
    expected: `${size} weights ≥ 0, not all zero`,
    got: show(weights),
    try: '1 for each component that counts, 0 for the others',
    code: 'bad-weights',
  })
}
