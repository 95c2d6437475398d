import { compileTiles, type Field, misuse } from '@separatrix/field/core'
import type { ExplicitMethod } from '@separatrix/ode'
import { stepGraphs, tapeBound } from './stepGraphs.js'
import { stepTable } from './stepTable.js'

export interface TrajectoriesOptions {
  readonly where: string
  readonly method: ExplicitMethod
  /** no step is longer */
  readonly step: number
  /** for each trajectory its start and the times to keep, as many for each */
  readonly times: readonly ArrayLike<number>[]
  /** trajectories that are solved at a time; all of them by default */
  readonly batch?: number
  readonly precision: 'double' | 'single'
  /** bytes up to which all that steps compute is kept for the way back; 2²⁸ by default */
  readonly mostTapeBytes?: number
}

/** Solves of a batch of trajectories and the way back, over and over, in the same memory. */
export interface CompiledTrajectories {
  readonly batch: number
  readonly kept: number
  /** steps of the longest trajectory */
  readonly steps: number
  /** which of the trajectories are solved from now on, `batch` of them; the first ones before that is called */
  choose(chosen: ArrayLike<number>): void
  /** y at the kept times, [kept, batch, n], from y0, [batch, n]; allocates nothing */
  solve(theta: ArrayLike<number>, y0: ArrayLike<number>, y: Float64Array): void
  /** of the last solve: from ∂L/∂y, [kept, batch, n], to ∂L/∂y0, [batch, n], and ∂L/∂θ; allocates nothing */
  pullback(dy: ArrayLike<number>, dy0: Float64Array, dtheta: Float64Array): void
}

/** Reading a tape of some 40 MiB is faster than computing it again (2-64-64-2 on 1024 trajectories: 25 against 35 ms). */
const defaultTapeBytes = 2 ** 28

/**
 * Compiles solves with equal steps, and their exact reverse, for a batch: a tile of trajectories goes through all its
 * steps, whose states stay in memory, and what they compute too, on a tape, unless that is too long; then stages are
 * computed again on the way back. Every kept time ends a step. Memory: n + 1 numbers a step and trajectory, and the
 * tape.
 */
export function compileTrajectories(
  field: Field,
  {
    where,
    method,
    step,
    times,
    batch = times.length,
    precision,
    mostTapeBytes = defaultTapeBytes,
  }: TrajectoriesOptions,
): CompiledTrajectories {
  checkField(where, field)
  const [n, all, kept] = [field.stateSize, times.length, times[0].length - 1]
  const table = stepTable(times, step)
  const { steps } = table
  const lanes = precision === 'double' ? 'f64x2' : 'f32x4'
  const bytes = lanes === 'f64x2' ? 8 : 4
  const untaped = stepGraphs(field, method, false)
  const isTaped = tapeBound(untaped) * steps * batch * bytes <= mostTapeBytes
  const { shape, programs, space } = compileTiles(
    isTaped ? stepGraphs(field, method, true) : untaped,
    ({ tiles, width }, { forward }) => [
      tiles * (steps + 1) * (1 + n) * width,
      tiles * steps * width,
      2 * (1 + n) * width,
      isTaped ? tiles * steps * forward : 0,
    ],
    { where, lanes, batch },
  )
  const { width, tiles } = shape
  // [tile][step][t; y][lane], [tile][step][lane], twice [h; λ][lane], and [tile][step] tapes
  const [states, sizes, cotangents, tapes] = [space(0), space(1), space(2), space(3)]
  const tapeBytes = (tapes.view.length / (tiles * steps || 1)) * bytes
  const tapeAt = (tile: number, s: number) => tapes.address + (tile * steps + s) * tapeBytes
  const rows = (1 + n) * width
  const stateAt = (tile: number, s: number) => (tile * (steps + 1) + s) * rows
  const reached = new Int32Array(kept * batch)
  const arrivals = arrivalsByStep(reached, { batch, kept, steps, width, tiles })
  const choose = (chosen: ArrayLike<number>) => {
    for (let lane = 0; lane < tiles * width; lane++) {
      const [i, tile, column] = [chosen[Math.min(lane, batch - 1)], Math.floor(lane / width), lane % width]
      for (let s = 0; s < steps; s++) {
        states.view[stateAt(tile, s) + column] = table.t[s * all + i]
        sizes.view[(tile * steps + s) * width + column] = table.h[s * all + i]
      }
    }
    for (let e = 0; e < kept * batch; e++)
      reached[e] = table.reached[Math.floor(e / batch) * all + chosen[e % batch]]
    arrivals.order()
  }
  choose(Int32Array.from({ length: batch }, (_, i) => i))

  const solveTile = (tile: number) => {
    for (let s = 0; s < steps; s++)
      programs.forward.run(
        states.address + stateAt(tile, s) * bytes,
        sizes.address + (tile * steps + s) * width * bytes,
        states.address + (stateAt(tile, s + 1) + width) * bytes,
        tapeAt(tile, s),
      )
  }
  /** Adds ∂L/∂y of what is kept after s steps to λ. */
  const receive = (tile: number, s: number, dy: ArrayLike<number>, at: number) => {
    const { start, lane, row } = arrivals
    for (let e = start[tile * (steps + 1) + s]; e < start[tile * (steps + 1) + s + 1]; e++)
      for (let k = 0; k < n; k++) cotangents.view[at + (1 + k) * width + lane[e]] += dy[row[e] * n + k]
  }
  /** λ at the start of a tile's trajectories, as the place of its rows. */
  const reverseTile = (tile: number, dy: ArrayLike<number>): number => {
    let [at, other] = [0, rows]
    cotangents.view.fill(0, at, at + rows)
    receive(tile, steps, dy, at)
    for (let s = steps - 1; s >= 0; s--) {
      const from = (tile * steps + s) * width
      for (let lane = 0; lane < width; lane++) cotangents.view[at + lane] = sizes.view[from + lane]
      programs.reverse.run(
        states.address + stateAt(tile, s) * bytes,
        cotangents.address + at * bytes,
        cotangents.address + (other + width) * bytes,
        tapeAt(tile, s),
      )
      ;[at, other] = [other, at]
      receive(tile, s, dy, at)
    }
    return at
  }

  return {
    batch,
    kept,
    steps,
    choose,
    solve(theta, y0, y) {
      programs.forward.setTheta(theta)
      programs.reverse.setTheta(theta)
      for (let tile = 0; tile < tiles; tile++) {
        const first = stateAt(tile, 0) + width
        for (let lane = 0; lane < width; lane++) {
          const i = Math.min(tile * width + lane, batch - 1)
          for (let k = 0; k < n; k++) states.view[first + k * width + lane] = y0[i * n + k]
        }
        solveTile(tile)
      }
      for (let e = 0; e < kept * batch; e++) {
        const i = e % batch
        const tile = Math.floor(i / width)
        const from = stateAt(tile, reached[e]) + width + (i - tile * width)
        for (let k = 0; k < n; k++) y[e * n + k] = states.view[from + k * width]
      }
    },
    pullback(dy, dy0, dtheta) {
      programs.reverse.clearSums()
      for (let tile = 0; tile < tiles; tile++) {
        const at = reverseTile(tile, dy)
        const end = Math.min(width, batch - tile * width)
        for (let lane = 0; lane < end; lane++)
          for (let k = 0; k < n; k++)
            dy0[(tile * width + lane) * n + k] = cotangents.view[at + (1 + k) * width + lane]
      }
      programs.reverse.readSums(dtheta)
    },
  }
}

function checkField(where: string, { name, stateSize, outputSize, inputSize }: Field): void {
  if (outputSize === stateSize && inputSize === 0) return
  throw misuse({
    where,
    expected: 'a vector field without inputs',
    got: `${name}: R^${stateSize} → R^${outputSize}, ${inputSize} inputs`,
    try: 'closeLoop(plant, controller)',
    code: 'wrong-dimension',
  })
}

interface Sizes {
  readonly batch: number
  readonly kept: number
  readonly steps: number
  readonly width: number
  readonly tiles: number
}

/**
 * Kept states by tile and number of steps: the lane of each, and its row among all that are kept. To be put in `order`
 * when `reached` has changed.
 */
function arrivalsByStep(reached: Int32Array, { batch, kept, steps, width, tiles }: Sizes) {
  const bin = (e: number) => Math.floor((e % batch) / width) * (steps + 1) + reached[e]
  const start = new Int32Array(tiles * (steps + 1) + 1)
  const next = start.slice()
  const [lane, row] = [new Int32Array(kept * batch), new Int32Array(kept * batch)]
  const order = () => {
    start.fill(0)
    for (let e = 0; e < kept * batch; e++) start[bin(e) + 1]++
    for (let k = 1; k < start.length; k++) start[k] += start[k - 1]
    next.set(start)
    for (let e = 0; e < kept * batch; e++) {
      const at = next[bin(e)]++
      lane[at] = (e % batch) % width
      row[at] = e
    }
  }
  return { start, lane, row, order }
}
