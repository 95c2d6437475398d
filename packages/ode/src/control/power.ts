/**
 * The two functions that a step factor e^(−β) needs, without `Math.pow`, which would cost half of a fused
 * step of a small system (44 ns measured, against 5):
 *
 * ln x from the upper word w of the double x, linear between powers of two (Mitchell 1962):
 * ln x ≈ ln 2 (w·2⁻²⁰ − 1023 + .043), error at most .030;
 * eˣ ≈ (12 + 6x + x²)/(12 − 6x + x²) (Padé), exact to .1 % for factors from .45 to 2.2, and 9 for 10.
 *
 * Weighted by β ≤ .2 the error moves a step by .6 % at most; against exact powers the count of steps changes
 * by less than 1 % (tested). A zero error gives ln ≈ −709, which the largest factor absorbs. All engines
 * agree bit for bit, which they do not on Math.pow.
 */
const words = new Int32Array(2)
const bits = new Float64Array(words.buffer)
bits[0] = 1
/** position of the word with sign and exponent: 1 on little-endian machines */
const high = words[1] === 0x3ff00000 ? 1 : 0

/** ln 2 · 2⁻²⁰ and ln 2 · (1023 − .043): the line through the upper word. */
export const logSlope = Math.LN2 / 1048576
export const logOffset = Math.LN2 * (1023 - 0.043)

export function roughLog(x: number): number {
  bits[0] = x
  return (words[high] as number) * logSlope - logOffset
}

export function roughExp(x: number): number {
  const even = 12 + x * x
  const odd = 6 * x
  return (even + odd) / (even - odd)
}

/** The same for generated loops: `bits`, `words` and `high` as constants of the program. */
export const powerSource = `
const words = new Int32Array(2), bits = new Float64Array(words.buffer), high = ${high}`

/** Statement that puts ln √(x/n) into a constant. */
export const printHalfLog = (name: string, x: string, n: number) =>
  `bits[0] = ${x}; const ${name} = words[high] * ${0.5 * logSlope} - ${0.5 * (logOffset + Math.log(n))}`

/** Statement that puts e^x of a local into a constant. */
export const printExp = (name: string, x: string) =>
  `const ${x}Even = 12 + ${x} * ${x}, ${x}Odd = 6 * ${x}, ${name} = (${x}Even + ${x}Odd) / (${x}Even - ${x}Odd)`
