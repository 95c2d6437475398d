import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** Handwritten digits: rows of 64 pixels, and what they show. */
export interface Digits {
  readonly inputs: readonly Float64Array[]
  readonly labels: readonly number[]
}

/** Rows to train on; the others test. */
const trainingRows = 1000

/** How pixels of 0 … 16 are scaled: to [0, 1], or each image to Euclidean length 8 = √64, so that brightness does not matter. */
const scalings = {
  unit: (pixels: readonly number[]) => Float64Array.from(pixels, (v) => v / 16),
  length: (pixels: readonly number[]) => {
    const factor = Math.sqrt(pixels.length) / Math.hypot(...pixels)
    return Float64Array.from(pixels, (v) => v * factor)
  },
} as const

/** The digits that come with the package (see data/README.md), the first 1,000 to train, 797 to test. */
export function readDigits(scaling: keyof typeof scalings): {
  readonly training: Digits
  readonly test: Digits
} {
  const bytes = gunzipSync(readFileSync(new URL('../../data/digits.csv.gz', import.meta.url)))
  const rows = bytes
    .toString('utf8')
    .split('\n')
    .map((line) => line.split(',').map(Number))
    .filter((row) => row.length === 65 && row.every(Number.isFinite))
  const part = (list: readonly (readonly number[])[]): Digits => ({
    inputs: list.map((row) => scalings[scaling](row.slice(0, 64))),
    labels: list.map((row) => row[64] as number),
  })
  return { training: part(rows.slice(0, trainingRows)), test: part(rows.slice(trainingRows)) }
}
