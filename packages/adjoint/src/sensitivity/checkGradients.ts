import { blockSize, type Field } from '@separatrix/field/core'
import { solve } from '@separatrix/ode'
import { extrapolatedDifference } from './differences.js'
import { type GradientOptions, type Sensitivity, solving } from './gradient.js'
import { sensitivity, type Via } from './sensitivity.js'
import { recordSolve } from './ways/recordSolve.js'
import { replayOptions } from './ways/replay.js'

export interface CheckGradientsOptions extends GradientOptions {
  /** ways to compare; `discrete` and `forward` by default, which differentiate the same steps */
  readonly vias?: readonly Via[]
  /** entries per block that differences are taken in, spread evenly; 8 */
  readonly entries?: number
}

/** How far one way is from another on one block of the gradient. */
export interface GradientError {
  /** 'y0' or the name of a block of θ */
  readonly block: string
  readonly via: Via
  /** what it is compared with: forward sensitivities, or finite differences of the same steps */
  readonly against: 'forward' | 'differences'
  /** largest deviation, relative to the block's largest entry (absolute where that is 0) */
  readonly error: number
  /** of what it is compared with, on the same scale; 0 for forward sensitivities */
  readonly uncertainty: number
}

/**
 * Compares gradients, block by block: every way of {@link sensitivity} against forward sensitivities, and
 * against finite differences (extrapolated) of the loss over the steps that were taken, whose sizes are kept,
 * as `discrete` keeps them. Cost: a gradient per way, and 12 solves per entry that is differenced.
 * @example
 * const decay = system({ state: ['x'], dynamics: { x: '-x' } })
 * const loss = { value: (y) => y.get(1, 0), gradient: (_y, dy) => dy.set(1, 0, 1) }
 * checkGradients(decay, [1], [0, 1], { method: rk4, step: 0.1, saveAt: [0.5, 1], loss }).map(({ block, via, error }) => `${block} ${via} ${error}`)
 */
export function checkGradients(
  field: Field,
  y0: ArrayLike<number>,
  span: readonly [number, number],
  { vias = ['discrete', 'forward'], entries = 8, ...options }: CheckGradientsOptions,
): GradientError[] {
  const reference = sensitivity(field, y0, span, { ...options, via: 'forward' })
  const blocks = gradientBlocks(field, y0.length)
  const differences = differencesOf(field, y0, span, { ...options, entries })
  return vias.flatMap((via) => {
    const found = via === 'forward' ? reference : sensitivity(field, y0, span, { ...options, via })
    return blocks.flatMap(({ name, start, length }): GradientError[] => {
      const [own, other] = [entriesOf(found), entriesOf(reference)]
      const scale = largest(other, start, length) || 1
      const checked = differences.filter(({ index }) => index >= start && index < start + length)
      return [
        {
          block: name,
          via,
          against: 'forward',
          error:
            maximum(Array.from({ length }, (_, i) => Math.abs(own[start + i] - other[start + i]))) / scale,
          uncertainty: 0,
        },
        {
          block: name,
          via,
          against: 'differences',
          error: maximum(checked.map(({ index, value }) => Math.abs(own[index] - value))) / scale,
          uncertainty: maximum(checked.map(({ uncertainty }) => uncertainty)) / scale,
        },
      ]
    })
  })
}

/** y₀ as a block before those of θ. */
function gradientBlocks(field: Field, n: number) {
  return [
    { name: 'y0', start: 0, length: n },
    ...field.layout.map((b) => ({ name: b.name, start: n + b.offset, length: blockSize(b) })),
  ]
}

function entriesOf({ dy0, dtheta }: Sensitivity): Float64Array {
  return Float64Array.from([...dy0, ...dtheta])
}

function differencesOf(
  field: Field,
  y0: ArrayLike<number>,
  span: readonly [number, number],
  { entries, ...given }: Omit<CheckGradientsOptions, 'vias'> & { readonly entries: number },
) {
  const { loss } = given
  const options = solving(given)
  const theta = Float64Array.from(options.theta ?? field.theta)
  const { tape } = recordSolve(field, y0, span, options)
  const replay = { ...replayOptions(tape, options)(0, tape.count), saveAt: options.saveAt }
  const at = (index: number, shift: number) => {
    const [start, parameters] = [Float64Array.from(y0), theta.slice()]
    if (index < start.length) start[index] += shift
    else parameters[index - start.length] += shift
    return loss.value(solve(field, start, span, { ...replay, theta: parameters }).y)
  }
  const inputs = [...Array.from(y0), ...theta]
  return gradientBlocks(field, y0.length).flatMap(({ start, length }) =>
    spread(length, entries).map((i) => {
      const index = start + i
      const h = 0.02 * Math.max(0.1, Math.abs(inputs[index]))
      return { index, ...extrapolatedDifference((shift) => at(index, shift), h) }
    }),
  )
}

/** At most `count` of 0 … length − 1, evenly spaced. */
function spread(length: number, count: number): number[] {
  if (length <= count) return Array.from({ length }, (_, i) => i)
  return Array.from({ length: count }, (_, i) => Math.floor((i * length) / count))
}

function largest(values: Float64Array, start: number, length: number): number {
  return maximum(Array.from(values.subarray(start, start + length), Math.abs))
}

function maximum(values: readonly number[]): number {
  return values.reduce((most, v) => (v > most || Number.isNaN(v) ? v : most), 0)
}
