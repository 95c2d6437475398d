import { combine, compile, type Field, seededRandom } from '@separatrix/field'
import { ball, worstCaseLoop } from '@separatrix/lyapunov'
import { ensemble, rk4 } from '@separatrix/ode'
import ndarray, { type NdArray } from 'ndarray'
import { ellipsoidMap } from './ellipsoid.js'

export interface KeptInsideTask {
  /** with the disturbances as inputs */
  readonly field: Field
  /** quadratic; the set is {V ≤ 1} */
  readonly V: Field
  readonly disturbance: Readonly<Record<string, readonly [number, number]>>
  readonly count: number
  readonly time: number
  readonly step: number
  /** steps between two looks */
  readonly every: number
  readonly seed: number
}

/** What solutions from the boundary of {V ≤ 1} did under the disturbance that raises V most. */
export interface KeptInside {
  readonly count: number
  /** how many were seen outside, or failed */
  readonly left: number
  /** the greatest V of each after the start; Infinity of those that failed */
  readonly greatest: Float64Array
  readonly times: Float64Array
  /** of V over all solutions at each time: least, median, greatest */
  readonly spread: readonly (readonly [number, number, number])[]
  /** the first solutions, state by state, for pictures */
  readonly paths: readonly (readonly (readonly number[])[])[]
}

/** More paths than these are a tangle. */
const drawn = 10

/** Runs solutions from boundary states, uniform in the ellipsoid's own directions. It finds failures and proves nothing. */
export async function keptInside(task: KeptInsideTask): Promise<KeptInside> {
  const { field, V, disturbance, count, time, step, every, seed } = task
  const worst = worstCaseLoop({ field, barrier: insideOf(V), disturbance })
  const looks = Math.round(time / (step * every))
  const saveAt = Float64Array.from({ length: looks }, (_, k) => ((k + 1) * time) / looks)
  const starts = boundaryStates(V, count, seed)
  const { y, t } = await ensemble(worst, starts, [0, time], { method: rk4, step, saveAt, backend: 'wasm' })
  const n = V.stateSize
  const [value, out] = [compile(V), new Float64Array(1)]
  const greatest = new Float64Array(count)
  const spread = Array.from(t, (_, k): readonly [number, number, number] => {
    const values = Float64Array.from({ length: count }, (_v, i) => {
      const at = (k * count + i) * n
      value(0, y.data.subarray(at, at + n), out)
      return Number.isFinite(out[0]) ? out[0] : Number.POSITIVE_INFINITY
    })
    for (let i = 0; i < count; i++) greatest[i] = Math.max(greatest[i], values[i])
    values.sort()
    return [values[0], values[count >> 1], values[count - 1]]
  })
  const paths = Array.from({ length: Math.min(drawn, count) }, (_, i) => [
    Array.from({ length: n }, (_v, j) => starts.get(i, j)),
    ...Array.from(t, (_t, k) => Array.from({ length: n }, (_v, j) => y.get(k, i, j))),
  ])
  return { count, left: greatest.filter((v) => !(v < 1)).length, greatest, times: t, spread, paths }
}

/** B = 1 − V: the set is {B ≥ 0}. */
export function insideOf(V: Field): Field {
  return combine([V], (b, place) => b.sub(b.constant(1), place(V)), 'B')
}

/** States with V = 1 to rounding, [count, n]: Mz with z uniform on the sphere. */
export function boundaryStates(V: Field, count: number, seed: number): NdArray<Float64Array> {
  const M = ellipsoidMap(V)
  const n = M.length
  const random = seededRandom(seed)
  const [sampler, z] = [ball(1), new Float64Array(n)]
  const states = ndarray(new Float64Array(count * n), [count, n])
  for (let k = 0; k < count; k++) {
    sampler.draw(random, z)
    const length = Math.hypot(...z)
    M.forEach((row, i) => {
      states.data[k * n + i] = row.reduce((s, m, j) => s + (m * z[j]) / length, 0)
    })
  }
  return states
}
