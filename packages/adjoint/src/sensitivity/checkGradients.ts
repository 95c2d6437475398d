import { blockSize, type Field } from '@separatrix/field/core'
import { type Solution, type SolveOptions, solve } from '@separatrix/ode'
import { extrapolatedDifference } from './differences.js'
import { type GradientOptions, type Sensitivity, solving } from './gradient.js'
import { integralProblem } from './integral.js'
import { sensitivity, type Via } from './sensitivity.js'
import { lossEvents } from './ways/lossRows.js'
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
  /** 'y0', the name of a block of θ, 't0' or 't1' */
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
 * as `discrete` keeps them. With an `integral` the running cost is one more state, and y0 has its entry. Cost:
 * a gradient per way, and 12 solves per entry that is differenced.
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
  const { integral } = options
  if (integral !== undefined) {
    const problem = integralProblem(field, integral)
    const augmented = { ...problem.options(options, span[1]), vias, entries }
    return checkGradients(problem.field, problem.start(y0), span, augmented)
  }
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

/** y₀ as a block before those of θ, t₀ and t₁ behind them. */
function gradientBlocks(field: Field, n: number) {
  const end = n + field.theta.length
  return [
    { name: 'y0', start: 0, length: n },
    ...field.layout.map((b) => ({ name: b.name, start: n + b.offset, length: blockSize(b) })),
    { name: 't0', start: end, length: 1 },
    { name: 't1', start: end + 1, length: 1 },
  ]
}

function entriesOf({ dy0, dtheta, dt0, dt1 }: Sensitivity): Float64Array {
  return Float64Array.from([...dy0, ...dtheta, dt0, dt1])
}

function differencesOf(
  field: Field,
  y0: ArrayLike<number>,
  span: readonly [number, number],
  { entries, ...given }: Omit<CheckGradientsOptions, 'vias'> & { readonly entries: number },
) {
  const { solveAt, room } = differencedSolve(field, y0, span, solving(given))
  const inputs = [...Array.from(y0), ...(given.theta ? Array.from(given.theta) : field.theta), ...span]
  const n = y0.length
  // outputs that are steps move with t₀ and with events, which is not what is differentiated
  const known = ({ name }: { readonly name: string }) =>
    keepsTimes(given) || (name !== 't0' && (given.events ?? []).length === 0)
  return gradientBlocks(field, n)
    .filter(known)
    .flatMap(({ start, length }) =>
      spread(length, entries).map((i) => {
        const index = start + i
        const scale = reach(given) * Math.max(0.1, Math.abs(inputs[index]))
        const h = index < inputs.length - 2 ? scale : Math.min(scale, 0.25 * room)
        const at = (shift: number) => {
          const moved = inputs.slice()
          moved[index] += shift
          const solution = solveAt(moved)
          return given.loss?.value(solution.y, lossEvents(solution)) ?? 0
        }
        return { index, ...extrapolatedDifference(at, h) }
      }),
    )
}

/**
 * Largest step of a difference, as part of what is moved; small where events move steps, since the solution is
 * smooth only as long as each stretch has as many steps as before.
 */
const reach = ({ events = [] }: GradientOptions) => (events.length > 0 ? 1e-3 : 0.02)

const keepsTimes = ({ saveAt }: Pick<GradientOptions, 'saveAt'>) =>
  saveAt === 'end' || (typeof saveAt === 'object' && !('everySteps' in saveAt))

/**
 * The solve as a function of (y₀, θ, t₀, t₁), with the step sizes of the present one. Events move the times of
 * steps, so that such a solve is simply done again: exact for equal steps, up to tolerances for chosen ones.
 * `room` is how far t₀ and t₁ can move: to the next output, and as far as the steps give that meet fixed times.
 */
function differencedSolve(
  field: Field,
  y0: ArrayLike<number>,
  span: readonly [number, number],
  options: SolveOptions,
): { solveAt(inputs: readonly number[]): Solution; readonly room: number } {
  const [n, p] = [y0.length, field.theta.length]
  const { tape, stretches } = recordSolve(field, y0, span, options)
  const { saveAt, events = [] } = options
  const movable = tape.count === 0 ? 0 : stretches.closing[0][0]
  const outputs = typeof saveAt === 'object' && !('everySteps' in saveAt) ? Array.from(saveAt) : []
  const gaps = outputs.flatMap((t) => [Math.abs(t - span[0]), Math.abs(t - span[1])]).filter((gap) => gap > 0)
  const lengths = stretches.closing.map(([step]) => Math.abs(tape.h[step]))
  const solveAt = (inputs: readonly number[]) => {
    const [t0, t1] = inputs.slice(n + p)
    const shifted = {
      ...tape,
      t: tape.t.map((t, i) => (i <= movable ? t + (t0 - span[0]) : i === tape.count ? t1 : t)),
      end: tape.end.map((t, i) => (i < movable ? t + (t0 - span[0]) : i === tape.count - 1 ? t1 : t)),
    }
    const steps = events.length > 0 ? options : replayOptions(shifted, options)(0, tape.count)
    const times =
      saveAt === undefined || saveAt === 'end' || 'everySteps' in saveAt
        ? saveAt
        : Array.from(saveAt, (t) => (t === span[0] ? t0 : t === span[1] ? t1 : t))
    const theta = inputs.slice(n, n + p)
    return solve(field, inputs.slice(0, n), [t0, t1], { ...steps, saveAt: times, theta })
  }
  return { solveAt, room: Math.min(...lengths, ...gaps, 1) }
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
