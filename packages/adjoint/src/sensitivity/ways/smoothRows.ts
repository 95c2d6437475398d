import type { SaveAt, Solution } from '@separatrix/ode'
import type { Crossing } from './crossings.js'
import { type DifferentiatedLoss, type LossRows, lossRows } from './lossRows.js'
import type { OutputTimes } from './outputTimes.js'
import type { SmoothStretch } from './smoothStretches.js'

/** The rows of a loss sorted into stretches: `step` is the number of one, `positions` are signed times. */
export interface SmoothRows extends LossRows {
  /** the solution at a row */
  state(s: number): Float64Array
}

/** Where each output of a solve lies among its stretches, and whether it moves with an end of one. */
export function smoothRows(
  solution: Solution,
  stretches: readonly SmoothStretch[],
  crossings: readonly Crossing[],
  saveAt: SaveAt | undefined,
  loss: DifferentiatedLoss,
): SmoothRows {
  const { t: times, y, status } = solution
  const n = y.shape[1]
  const [first] = stretches
  const direction = first !== undefined && first.to < first.from ? -1 : 1
  const outputs = {
    count: times.length,
    times,
    step: new Int32Array(times.length).fill(-1),
    positions: times.map((time) => time * direction),
    moves: new Uint8Array(times.length),
  }
  const stretchOf = (time: number) => {
    const k = stretches.findIndex(({ to }, i) => (time - (stretches[i + 1]?.from ?? to)) * direction <= 0)
    return k < 0 ? stretches.length - 1 : k
  }
  if (saveAt === undefined || saveAt === 'end' || 'everySteps' in saveAt) ofSteps(outputs, stretches, saveAt)
  else
    times.forEach((time, s) => {
      if (first === undefined || time === first.from) return
      outputs.step[s] = stretchOf(time)
      outputs.moves[s] = status === 'success' && time === stretches[stretches.length - 1].to ? 1 : 0
    })
  const place = ({ t }: Crossing) => ({ step: stretchOf(t), position: t * direction })
  const rows = lossRows(outputs, loss, crossings, place)
  let output = 0
  const states = rows.crossings.map((c) => c?.y ?? y.data.slice(output * n, ++output * n))
  return { ...rows, state: (s) => states[s] }
}

/** State i of a solve is that after its step i − 1; between two stretches may lie a reset, a step of its own. */
function ofSteps(
  { count, step, moves }: OutputTimes,
  stretches: readonly SmoothStretch[],
  saveAt: 'end' | { readonly everySteps: number } | undefined,
): void {
  const every = typeof saveAt === 'object' ? saveAt.everySteps : 1
  const end = stretches[stretches.length - 1]
  for (let s = 0; s < count && end !== undefined; s++) {
    const i = saveAt === 'end' ? end.last + (end.reset ? 1 : 0) : s * every
    if (i === 0) continue
    const k = stretches.findIndex(({ last }) => i <= last)
    // the state after the reset that ends the last stretch
    step[s] = k < 0 ? stretches.length : k
    const isAfter = step[s] > 0 && i === stretches[step[s] - 1].last + 1 && stretches[step[s] - 1].reset
    const isEnd = k >= 0 && i === stretches[k].last && stretches[k].closing !== 'stop'
    moves[s] = isAfter || isEnd ? 1 : 0
  }
}
