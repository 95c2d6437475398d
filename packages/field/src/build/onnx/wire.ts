/**
 * The wire format of protocol buffers: a message is a sequence of fields, each a key (number · 8 + type) and a
 * value. https://protobuf.dev/programming-guides/encoding
 */
export type Value =
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'fixed'; readonly bytes: Uint8Array }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }

/** The fields of a message by number, values in their order. */
export type Message = ReadonlyMap<number, readonly Value[]>

/** Reads one message; `fail` makes the error where bytes end early or make no sense. */
export function readMessage(bytes: Uint8Array, fail: (got: string) => Error): Message {
  const fields = new Map<number, Value[]>()
  let at = 0
  while (at < bytes.length) {
    const key = integer()
    const number = Number(key >> 3n)
    const values = fields.get(number) ?? []
    fields.set(number, values)
    values.push(value(Number(key & 7n)))
  }
  return fields

  function value(type: number): Value {
    if (type === 0) return { type: 'integer', value: integer() }
    if (type === 1) return { type: 'fixed', bytes: take(8) }
    if (type === 2) return { type: 'bytes', bytes: take(Number(integer())) }
    if (type === 5) return { type: 'fixed', bytes: take(4) }
    throw fail(`a field of wire type ${type} at byte ${at}`)
  }

  /** seven bits a byte, lowest first; the eighth says that more follow */
  function integer(): bigint {
    let result = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = take(1)[0] as number
      result |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, result)
    }
    throw fail(`an integer of more than ten bytes at byte ${at}`)
  }

  function take(count: number): Uint8Array {
    if (count > bytes.length - at) throw fail(`an end after ${bytes.length} bytes`)
    at += count
    return bytes.subarray(at - count, at)
  }
}

/** Integers of a field, signed, whether they came one by one or packed. */
export function integers(message: Message, number: number, fail: (got: string) => Error): number[] {
  return (message.get(number) ?? []).flatMap((v) => {
    if (v.type === 'integer') return [Number(BigInt.asIntN(64, v.value))]
    // packed integers are the fields of a message whose keys are left out: read one after another
    const list: number[] = []
    let [value, shift] = [0n, 0n]
    for (const byte of v.bytes) {
      value |= BigInt(byte & 0x7f) << shift
      shift += 7n
      if (byte >= 0x80) continue
      list.push(Number(BigInt.asIntN(64, value)))
      ;[value, shift] = [0n, 0n]
    }
    if (shift !== 0n) throw fail('packed integers that end early')
    return list
  })
}

/** The raw bytes of a field of fixed-size numbers or of text, joined. */
export function rawBytes(message: Message, number: number): Uint8Array {
  const parts = (message.get(number) ?? []).flatMap((v) => (v.type === 'integer' ? [] : [v.bytes]))
  const all = new Uint8Array(parts.reduce((total, p) => total + p.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

export function texts(message: Message, number: number): string[] {
  return (message.get(number) ?? []).map((v) => (v.type === 'bytes' ? new TextDecoder().decode(v.bytes) : ''))
}

export function messages(message: Message, number: number, fail: (got: string) => Error): Message[] {
  return (message.get(number) ?? []).map((v) =>
    readMessage(v.type === 'bytes' ? v.bytes : new Uint8Array(0), fail),
  )
}
