/**
 * A matrix of coefficients, given as rows of any length up to `width`, as one typed array: loops that read nested
 * lists, some of integers and some not, allocate what they read.
 */
export function flatRows(rows: readonly (readonly number[])[], width: number): Float64Array {
  const flat = new Float64Array(rows.length * width)
  rows.forEach((row, i) => {
    flat.set(row, i * width)
  })
  return flat
}
