/** Every third iteration is a bisection at worst, and 54 of those exhaust the doubles of an interval. */
const mostIterations = 3 * 54

/**
 * A root of g between a and b, where its signs differ, to rounding: the Illinois variant of regula falsi
 * (Dowell & Jarratt 1971), order 1.44, with a bisection whenever it fails to halve the interval in three.
 */
export function refineRoot(g: (x: number) => number, from: number, to: number): number {
  let [a, b] = [from, to]
  let [ga, gb] = [g(a), g(b)]
  if (ga === 0) return a
  if (gb === 0) return b
  let width = Math.abs(b - a)
  for (let k = 1; k <= mostIterations; k++) {
    const stuck = k % 3 === 0 && Math.abs(b - a) > 0.5 * width
    if (k % 3 === 0) width = Math.abs(b - a)
    const secant = b - (gb * (b - a)) / (gb - ga)
    const x = stuck || !(secant > Math.min(a, b) && secant < Math.max(a, b)) ? 0.5 * (a + b) : secant
    if (x === a || x === b || Math.abs(b - a) <= 2 * Number.EPSILON * Math.max(Math.abs(a), Math.abs(b)))
      return x
    const gx = g(x)
    if (gx === 0) return x
    if (Math.sign(gx) !== Math.sign(gb)) {
      a = b
      ga = gb
    } else ga *= 0.5
    b = x
    gb = gx
  }
  return 0.5 * (a + b)
}
