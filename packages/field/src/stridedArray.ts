import type { NdArray } from 'ndarray'

type Index = number | null | undefined

/**
 * What npm's ndarray 1.1 does, without generated code: get, set, index and views that share the data. Some tens of
 * times slower for each access.
 */
export function stridedArray(
  data: Float64Array,
  shape: readonly number[],
  stride: readonly number[] = rowMajor(shape),
  offset = 0,
): NdArray<Float64Array> {
  const dimension = shape.length
  const view = (newShape: readonly number[], newStride: readonly number[], newOffset = offset) =>
    stridedArray(data, newShape, newStride, newOffset)
  const index = (...at: number[]) => stride.reduce((sum, s, k) => sum + s * (at[k] as number), offset)
  const transpose = (...axes: number[]) => {
    const order = shape.map((_, k) => axes[k] ?? k)
    const permuted = (values: readonly number[]) => order.map((k) => values[k] as number)
    return view(permuted(shape), permuted(stride))
  }
  return {
    data,
    shape: [...shape],
    stride: [...stride],
    offset,
    dtype: 'float64',
    dimension,
    size: shape.reduce((product, n) => product * n, 1),
    order: stride
      .map((s, k) => [Math.abs(s), k] as const)
      .sort(([a], [b]) => a - b)
      .map(([, k]) => k),
    index,
    get: (...at) => data[index(...at)] as number,
    set: (...args) => (data[index(...args)] = args[dimension] as number),
    transpose,
    get T() {
      return transpose(...shape.map((_, k) => dimension - 1 - k))
    },
    lo(...at: Index[]) {
      const skipped = shape.map((_, k) => chosen(at[k]) ?? 0)
      const start = skipped.reduce((sum, skip, k) => sum + skip * (stride[k] as number), offset)
      return view(
        shape.map((n, k) => n - (skipped[k] as number)),
        stride,
        start,
      )
    },
    hi(...at: Index[]) {
      return view(
        shape.map((n, k) => chosen(at[k]) ?? n),
        stride,
      )
    },
    step(...by: Index[]) {
      const steps = shape.map((_, k) => by[k] ?? 1)
      // a negative step starts at the other end
      const start = steps.reduce(
        (sum, d, k) => (d < 0 ? sum + (stride[k] as number) * ((shape[k] as number) - 1) : sum),
        offset,
      )
      return view(
        shape.map((n, k) => Math.ceil(n / Math.abs(steps[k] as number))),
        stride.map((s, k) => s * (steps[k] as number)),
        start,
      )
    },
    pick(...at: Index[]) {
      const kept = shape.map((_, k) => k).filter((k) => chosen(at[k]) === undefined)
      const start = stride.reduce((sum, s, k) => sum + s * (chosen(at[k]) ?? 0), offset)
      return view(
        kept.map((k) => shape[k] as number),
        kept.map((k) => stride[k] as number),
        start,
      )
    },
  }
}

/** Arguments that are absent, null or negative leave an axis as it is. */
const chosen = (at: Index) => (typeof at === 'number' && at >= 0 ? at : undefined)

function rowMajor(shape: readonly number[]): number[] {
  const stride = new Array<number>(shape.length).fill(1)
  for (let k = shape.length - 2; k >= 0; k--) stride[k] = (stride[k + 1] as number) * (shape[k + 1] as number)
  return stride
}
