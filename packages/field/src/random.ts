/**
 * Seeded random numbers: xoshiro128** (Blackman & Vigna, "Scrambled linear pseudorandom number
 * generators", ACM TOMS 47, 2021), seeded by splitmix32. The state is four unsigned 32-bit integers, so
 * that a run can be saved and resumed bit for bit.
 *
 * @example
 * const random = seededRandom(7)
 * random.uniform() // in [0, 1)
 */
export interface Random {
  /** Uniform on [0, 1), 53 bits. */
  uniform(): number
  /** Standard normal, by the polar method (no trigonometry, hence the same on every engine up to log and sqrt). */
  normal(): number
  /** Uniform integer in {0, …, bound − 1}. */
  integer(bound: number): number
  /** The state as plain data; pass it to {@link restoreRandom}. */
  save(): readonly number[]
}

export function seededRandom(seed: number): Random {
  let s = seed >>> 0
  const next = () => {
    s = (s + 0x9e3779b9) >>> 0
    let z = s
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) >>> 0
  }
  return restoreRandom([next(), next(), next(), next()])
}

export function restoreRandom(state: readonly number[]): Random {
  let [a, b, c, d] = state.map((v) => v >>> 0) as [number, number, number, number]
  const bits = () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = rotate(d, 11)
    return result
  }
  const uniform = () => ((bits() >>> 5) * 67108864 + (bits() >>> 6)) / 9007199254740992
  return {
    uniform,
    normal() {
      for (;;) {
        const u = 2 * uniform() - 1
        const v = 2 * uniform() - 1
        const s = u * u + v * v
        if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s)
      }
    },
    integer: (bound) => Math.floor(uniform() * bound),
    save: () => [a >>> 0, b >>> 0, c >>> 0, d >>> 0],
  }
}

function rotate(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k))
}

/** A random order of 0, 1, …, written in place (Fisher & Yates). */
export function shuffle(order: Int32Array, random: Pick<Random, 'integer'>): void {
  for (let i = 0; i < order.length; i++) order[i] = i
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const other = order[j] as number
    order[j] = order[i] as number
    order[i] = other
  }
}
