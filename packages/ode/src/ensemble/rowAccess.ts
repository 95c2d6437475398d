import { type FunctionCode, type Id, type ModuleBuilder, memoryOperand } from '@separatrix/field/core'
import type { RowMap } from './adaptiveKernel.js'

/** Scalar access to rows and lanes, for moving trajectories between them. */
export function rowAccess(code: FunctionCode, module: ModuleBuilder, map: RowMap) {
  const { type } = module.settings
  const { bytes, logBytes, scalar } = type
  const rowBytes = module.tile * bytes
  const indexOffset = map.count * rowBytes
  const nextOffset = indexOffset + 4 * module.tile
  const double = scalar === 'f64'
  const add = (a: Id, b: Id) => code.value('i32', [0x6a], [a, b])
  const mul = (a: Id, b: Id) => code.value('i32', [0x6c], [a, b])
  const load = (address: Id, row = 0) =>
    code.value(scalar, [double ? 0x2b : 0x2a, ...memoryOperand(logBytes, row * rowBytes)], [address])
  const store = (address: Id, value: Id, row = 0) =>
    code.effect([double ? 0x39 : 0x38, ...memoryOperand(logBytes, row * rowBytes)], [address, value])
  const constant = (v: number) =>
    code.value(
      scalar,
      double
        ? [0x44, ...new Uint8Array(Float64Array.of(v).buffer)]
        : [0x43, ...new Uint8Array(Float32Array.of(v).buffer)],
    )
  const address = (rows: Id, stride: Id, row: Id, trajectory: Id) =>
    add(add(rows, mul(row, stride)), code.value('i32', [0x74], [trajectory, code.integer(logBytes)]))
  const laneAddress = (scratch: Id, lane: Id) => add(scratch, lane)
  /** position of the lane's trajectory number: 4 bytes each */
  const indexAddress = (scratch: Id, lane: Id) =>
    add(scratch, code.value('i32', [0x76], [lane, code.integer(logBytes - 2)]))
  const eachRow = (body: (row: Id) => void) => {
    const row = code.variable('i32')
    code.set(row, code.integer(0))
    code.countTo(row, code.integer(map.count), code.integer(1), () => body(row))
  }
  return {
    nextOffset,
    load,
    store,
    constant,
    address,
    laneAddress,
    equal: (a: Id, b: Id) => code.value('i32', [double ? 0x61 : 0x5b], [a, b]),
    greater: (a: Id, b: Id) => code.value('i32', [double ? 0x64 : 0x5e], [a, b]),
    copyIn(scratch: Id, lane: Id, rows: Id, stride: Id, trajectory: Id) {
      const width = code.integer(rowBytes)
      eachRow((row) => {
        store(add(laneAddress(scratch, lane), mul(row, width)), load(address(rows, stride, row, trajectory)))
      })
      code.effect([0x36, ...memoryOperand(2, indexOffset)], [indexAddress(scratch, lane), trajectory])
    },
    copyOut(scratch: Id, lane: Id, rows: Id, stride: Id) {
      const width = code.integer(rowBytes)
      const trajectory = code.value(
        'i32',
        [0x28, ...memoryOperand(2, indexOffset)],
        [indexAddress(scratch, lane)],
      )
      eachRow((row) => {
        store(address(rows, stride, row, trajectory), load(add(laneAddress(scratch, lane), mul(row, width))))
      })
    },
  }
}
