/** A rational number, exactly; `bottom` > 0, not reduced. */
export interface Exact {
  readonly top: bigint
  readonly bottom: bigint
}

const bits = new DataView(new ArrayBuffer(8))

/** A finite double, all of it. */
export function exact(x: number): Exact {
  bits.setFloat64(0, Math.abs(x))
  const raw = bits.getBigUint64(0)
  const biased = Number(raw >> 52n)
  const significand = (raw & 0xfffffffffffffn) | (biased === 0 ? 0n : 1n << 52n)
  const exponent = Math.max(biased, 1) - 1075
  const top = (x < 0 ? -significand : significand) << BigInt(Math.max(exponent, 0))
  return { top, bottom: 1n << BigInt(Math.max(-exponent, 0)) }
}

export const whole = (n: number): Exact => ({ top: BigInt(n), bottom: 1n })
export const plus = (x: Exact, y: Exact): Exact => ({
  top: x.top * y.bottom + y.top * x.bottom,
  bottom: x.bottom * y.bottom,
})
export const minus = (x: Exact, y: Exact): Exact => plus(x, { top: -y.top, bottom: y.bottom })
export const times = (x: Exact, y: Exact): Exact => ({ top: x.top * y.top, bottom: x.bottom * y.bottom })
export const over = (x: Exact, y: Exact): Exact =>
  y.top < 0n
    ? { top: -x.top * y.bottom, bottom: -x.bottom * y.top }
    : { top: x.top * y.bottom, bottom: x.bottom * y.top }
export const size = (x: Exact): Exact => ({ top: x.top < 0n ? -x.top : x.top, bottom: x.bottom })
export const isAtMost = (x: Exact, y: Exact): boolean => x.top * y.bottom <= y.top * x.bottom
export const sumOf = (list: readonly Exact[]): Exact => list.reduce(plus, whole(0))
export const squareOf = (x: Exact): Exact => times(x, x)
