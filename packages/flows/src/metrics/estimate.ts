/** A mean over independent samples with its standard error. */
export interface Estimate {
  readonly mean: number
  readonly standardError: number
}

export function estimate(values: ArrayLike<number>): Estimate {
  const count = values.length
  let mean = 0
  for (let i = 0; i < count; i++) mean += values[i] / count
  let square = 0
  for (let i = 0; i < count; i++) square += (values[i] - mean) ** 2
  return {
    mean,
    standardError: count > 1 ? Math.sqrt(square / (count - 1) / count) : Number.POSITIVE_INFINITY,
  }
}
