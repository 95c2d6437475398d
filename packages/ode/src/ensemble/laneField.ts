import { type Field, type Id, type LaneCode, type LaneValue, printLanes } from '@separatrix/field/core'

/** Whether all trajectories share θ, or each has its own. */
export type ThetaSpread = 'shared' | 'each'

/** Loads a field's parameters into a kernel: fixed numbers, or a row of memory each. */
export function loadTheta(
  c: LaneCode,
  base: Id,
  spread: ThetaSpread,
  row: (base: Id, k: number) => Id,
): (k: number) => LaneValue {
  const known = new Map<number, LaneValue>()
  return (k) => {
    const found =
      known.get(k) ??
      (spread === 'shared' ? c.loadSplat(base, k * c.type.bytes, 'fixed') : c.load(row(base, k)))
    known.set(k, found)
    return found
  }
}

/** f(t, y, θ) on lanes, for a closed scalarized field. */
export function evaluateLanes(
  c: LaneCode,
  field: Field,
  t: LaneValue,
  y: readonly LaneValue[],
  theta: (k: number) => LaneValue,
): LaneValue[] {
  return printLanes(c, field, {
    time: () => t,
    state: (k) => y[k] as LaneValue,
    theta,
    input: () => {
      throw new Error('unreachable: fields with inputs are refused at the door')
    },
  })
}

/** start + Σ w_j k_j for component i, newest stage last, so that the sum waits for it only once. */
export function combine(
  c: LaneCode,
  weights: readonly (LaneValue | undefined)[],
  stages: readonly (readonly LaneValue[])[],
  i: number,
  start?: LaneValue,
): LaneValue {
  let sum = start
  weights.forEach((w, j) => {
    if (w === undefined) return
    const k = (stages[j] as readonly LaneValue[])[i] as LaneValue
    sum = sum === undefined ? c.op('mul', w, k) : c.op('madd', w, k, sum)
  })
  return sum ?? c.constant(0)
}

/** h·a for a row of coefficients; zeros are left out. */
export function scaleRow(c: LaneCode, h: LaneValue, row: readonly number[]): (LaneValue | undefined)[] {
  return row.map((a) => (a === 0 ? undefined : a === 1 ? h : c.op('mul', h, c.constant(a))))
}
