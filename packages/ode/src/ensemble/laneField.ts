import {
  callTile,
  type Field,
  type Id,
  type LaneCode,
  type LaneValue,
  type ModuleBuilder,
  misuse,
  printLanes,
  printTile,
  scalarize,
  wasmForm,
} from '@separatrix/field/core'

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

/** A closed field as the kernels of one module evaluate it. */
export interface LaneField {
  readonly size: number
  readonly usesTime: boolean
  readonly parameterCount: number
  /** numbers to be written behind θ */
  readonly constants: readonly number[]
  readonly scratchBytes: number
  /** f(t, y, θ) on lanes; a kernel makes one evaluator for itself */
  evaluator(c: LaneCode, place: FieldPlace): (t: LaneValue, y: readonly LaneValue[]) => LaneValue[]
}

/** Where a kernel keeps what a field reads. */
export interface FieldPlace {
  /** address of `scratchBytes` of the field's own */
  readonly scratch: Id
  /** address of a θ that all share */
  readonly theta: Id
  readonly parameter: (k: number) => LaneValue
}

/** Components up to which kernels hold states in registers and locals. */
export const mostComponents = 256

/** Prints a field into a module: straight-line code in every kernel, or one function that they call. */
export function makeLaneField(module: ModuleBuilder, field: Field, theta: ThetaSpread): LaneField {
  if (field.stateSize > mostComponents)
    throw misuse({
      where: `ensemble(${field.name})`,
      expected: `at most ${mostComponents} states on vectors, unless steps are equal and θ is shared`,
      got: String(field.stateSize),
      try: "step: 0.01, or backend: 'js'",
      code: 'too-large',
    })
  const size = field.stateSize
  const usesTime = field.nodes.some((node) => node.op === 'time')
  const shared = { size, usesTime, parameterCount: field.theta.length }
  if (wasmForm(field, theta) === 'tile') {
    const tile = printTile(module, field)
    const { constants, scratchBytes } = tile
    return {
      ...shared,
      constants,
      scratchBytes,
      evaluator: (c, place) => callTile(c, tile, { ...place, input: place.scratch }, size),
    }
  }
  const scalar = scalarize(field)
  return {
    ...shared,
    constants: [],
    scratchBytes: 0,
    evaluator:
      (c, { parameter }) =>
      (t, y) =>
        printLanes(c, scalar, {
          time: () => t,
          state: (k) => y[k] as LaneValue,
          theta: parameter,
          input: () => {
            throw new Error('unreachable: fields with inputs are refused at the door')
          },
        }),
  }
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
