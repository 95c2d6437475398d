/**
 * How far to advance before the next checkpoint: of `length` steps with s checkpoints, reversible in r
 * repetitions, as many as r − 1 repetitions and s checkpoints reverse, so that what remains fits s − 1
 * checkpoints and r repetitions. Griewank & Walther, ACM TOMS 26 (2000), algorithm 799.
 */
export function splitAt(length: number, s: number): number {
  if (s === 0) return length - 1
  let r = 1
  while (binomial(s + r, s) < length) r++
  return Math.max(1, Math.min(length - 1, length - binomial(s - 1 + r, s - 1)))
}

function binomial(n: number, k: number): number {
  let value = 1
  for (let i = 1; i <= k; i++) value = (value * (n - k + i)) / i
  return value
}
