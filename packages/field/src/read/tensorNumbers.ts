/** Types of stored numbers: bytes of one, and how it is read at a place of a view, little-endian. */
export const tensorTypes = {
  F64: { bytes: 8, read: (view: DataView, at: number) => view.getFloat64(at, true) },
  F32: { bytes: 4, read: (view: DataView, at: number) => view.getFloat32(at, true) },
  F16: { bytes: 2, read: (view: DataView, at: number) => halfToDouble(view.getUint16(at, true)) },
  BF16: { bytes: 2, read: (view: DataView, at: number) => upperHalfToDouble(view.getUint16(at, true)) },
  I64: { bytes: 8, read: (view: DataView, at: number) => Number(view.getBigInt64(at, true)) },
  I32: { bytes: 4, read: (view: DataView, at: number) => view.getInt32(at, true) },
  I16: { bytes: 2, read: (view: DataView, at: number) => view.getInt16(at, true) },
  I8: { bytes: 1, read: (view: DataView, at: number) => view.getInt8(at) },
  U8: { bytes: 1, read: (view: DataView, at: number) => view.getUint8(at) },
  BOOL: { bytes: 1, read: (view: DataView, at: number) => view.getUint8(at) },
} as const

export type TensorType = keyof typeof tensorTypes

/** All numbers of a run of bytes, as doubles; integers beyond 2⁵³ are rounded. */
export function readNumbers(type: TensorType, bytes: Uint8Array): Float64Array {
  const { bytes: size, read } = tensorTypes[type]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Float64Array.from({ length: bytes.byteLength / size }, (_, i) => read(view, i * size))
}

/** IEEE binary16: 1 sign, 5 exponent and 10 fraction bits. */
function halfToDouble(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** bfloat16: the upper half of a binary32. */
function upperHalfToDouble(bits: number): number {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint32(0, bits * 65_536)
  return view.getFloat32(0)
}
