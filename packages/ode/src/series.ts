/** A list of rows of `width` numbers that grows by doubling. */
export interface Series {
  readonly width: number
  count(): number
  /** appends `rows` rows found at `offset` of `source` */
  append(source: Float64Array, offset: number, rows: number): void
  /** the rows so far; a view while growth goes on, so copy what is kept */
  view(): Float64Array
}

export function makeSeries(width: number, rows = 16): Series {
  let data = new Float64Array(width * rows)
  let used = 0
  return {
    width,
    count: () => used / width,
    append(source, offset, count) {
      const length = count * width
      if (used + length > data.length) {
        const grown = new Float64Array(Math.max(2 * data.length, used + length))
        grown.set(data.subarray(0, used))
        data = grown
      }
      if (length < 32) for (let i = 0; i < length; i++) data[used + i] = source[offset + i] as number
      else data.set(source.subarray(offset, offset + length), used)
      used += length
    },
    view: () => data.subarray(0, used),
  }
}
