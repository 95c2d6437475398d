import {
  Builder,
  callCode,
  copyTile,
  type Field,
  FunctionCode,
  fillRow,
  LaneCode,
  type ModuleBuilder,
  printTileProgram,
  shift,
  type Walker,
} from '@separatrix/field/core'
import { stepGraph } from '../explicit/stepGraph.js'
import type { ExplicitMethod } from '../explicit/tableau.js'

/** Bytes of a row: 24 doubles or 48 singles, which divide blocks of trajectories; see `tileMultiple`. */
const rowBytes = 192

/** What the caller of the kernel provides. */
export interface TileSteps {
  readonly constants: readonly number[]
  readonly scratchBytes: number
}

/** Positions of the kernel's arguments. */
const argument = {
  first: 0,
  end: 1,
  scratch: 2,
  base: 3,
  index: 4,
  h: 5,
  count: 6,
  y: 8,
  theta: 9,
  stride: 10,
} as const

/**
 * The kernel `fixed` of networks and long states: a whole step is one program over the rows of a tile, whose
 * products are kernels of their own; see `printFixedKernel` for the arguments. A tile's state is copied into scratch
 * memory, taken through all steps of the call there, and copied back.
 */
export function printTileSteps(module: ModuleBuilder, method: ExplicitMethod, field: Field): TileSteps {
  const n = field.stateSize
  const b = new Builder()
  const leaves = {
    state: b.leaf('state', n),
    theta: b.leaf('theta', field.theta.length),
    h: b.leaf('input', 1),
  }
  const output = stepGraph(b, field, method, leaves)
  const graph = { nodes: b.nodes, output, sums: undefined, theta: field.theta }
  const program = printTileProgram(module, graph, { rowBytes, uniform: 'lanes' })
  const code = new FunctionCode(
    ['i32', 'i32', 'i32', 'f64', 'f64', 'f64', 'i32', 'f64', 'i32', 'i32', 'i32'],
    ['i32'],
  )
  const c = new LaneCode(code, module.settings)
  // twice the time and the state, the size of a step, and what the program needs
  const [slots, sizeAt] = [(1 + n) * rowBytes, 2 * (1 + n) * rowBytes]
  const add = (x: number, y: number) => code.value('i32', [0x6a], [x, y])
  const [i, taken, from, to, other] = [0, 1, 2, 3, 4].map(() => code.variable('i32'))
  const size = shift(c, argument.scratch, sizeAt)
  const work = shift(c, argument.scratch, sizeAt + rowBytes)
  fillRow(c, rowBytes, size, c.splat(argument.h, 'f64', 'fixed'))
  code.set(i, argument.first)
  code.countTo(i, argument.end, code.integer(rowBytes / c.type.bytes), () => {
    const place = add(argument.y, code.value('i32', [0x74], [i, code.integer(c.type.logBytes)]))
    const outside: Walker = { start: place, bytes: 0, variable: argument.stride }
    const inside = (slot: number): Walker => ({ start: shift(c, slot, rowBytes), bytes: rowBytes })
    code.set(from, argument.scratch)
    code.set(to, shift(c, argument.scratch, slots))
    copyTile(c, rowBytes, n, { from: outside, to: inside(from) })
    code.set(taken, code.integer(0))
    code.countTo(taken, argument.count, code.integer(1), () => {
      fillRow(c, rowBytes, from, c.splat(timeAfter(code, taken), 'f64', 'common'))
      const next = shift(c, to, rowBytes)
      code.effect(callCode(program.position), [work, argument.theta, from, size, next, next, next])
      code.set(other, from)
      code.set(from, to)
      code.set(to, other)
    })
    copyTile(c, rowBytes, n, { from: inside(from), to: outside })
  })
  module.define(module.reserve(), code.finish({ exported: 'fixed', result: [code.integer(0)] }))
  return { constants: program.constants, scratchBytes: sizeAt + rowBytes + program.scratchBytes }
}

/** base + (index + taken)·h, so that times do not accumulate rounding. */
function timeAfter(code: FunctionCode, taken: number): number {
  const number = code.value('f64', [0xa0], [argument.index, code.value('f64', [0xb7], [taken])])
  return code.value('f64', [0xa0], [argument.base, code.value('f64', [0xa2], [number, argument.h])])
}
