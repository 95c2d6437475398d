import { misuse, show } from '@separatrix/field'
import { type Flow, type SamplePathsOptions, samplePaths } from '@separatrix/flows'
import { expectPlane, flowPlane, side } from './report/flowPlane.js'
import { standalone, tenth } from './report/standalone.js'

export interface FlowAnimationOptions extends SamplePathsOptions {
  /** of one round; 6 */
  readonly seconds?: number
}

/** Shares of a round in which the base stands still, the flow moves, and the samples stand still. */
const [rest, moving] = [0.12, 0.63]

/** Height of the clock below the picture. */
const clock = 14

/**
 * Samples on their way from the base to the model, moving: an SVG file that any browser plays, without a script. Below
 * them a bar shows the time. `frames` points a trajectory are written; between them dots move in straight lines.
 * @example
 * const flow = cnf({ field: mixtureVelocity({ target: eightGaussians('ffjord') }), method: rk4, step: 0.05 })
 * await flowAnimation(flow, { count: 100, seed: 0, seconds: 4 }) // '<svg …'
 */
export async function flowAnimation(
  flow: Flow,
  { seconds = 6, ...options }: FlowAnimationOptions,
): Promise<string> {
  expectPlane('flowAnimation', flow)
  if (!(seconds > 0 && Number.isFinite(seconds)))
    throw misuse({
      where: 'flowAnimation',
      expected: 'a positive number of seconds',
      got: show(seconds),
      try: 'seconds: 6',
    })
  const paths = await samplePaths(flow, options)
  const { x } = paths
  const { across, down } = flowPlane(paths)
  const [frames, count] = x.shape
  const times = Array.from({ length: frames }, (_, k) => rest + (moving * k) / (frames - 1))
  const keyTimes = [0, ...times, 1].map((t) => t.toFixed(3)).join(';')
  const animate = (attribute: string, values: readonly number[]) => {
    const all = [values[0], ...values, values[values.length - 1]].map(tenth).join(';')
    return `<animate attributeName="${attribute}" dur="${seconds}s" repeatCount="indefinite" keyTimes="${keyTimes}" values="${all}"/>`
  }
  const dots = Array.from({ length: count }, (_, i) => {
    const way = (k: number, place: (v: number) => number) =>
      Array.from({ length: frames }, (_, f) => place(x.get(f, i, k)))
    // where nothing moves, as in print, the end is what one sees
    const [cx, cy] = [way(0, across), way(1, down)]
    const [endX, endY] = [cx, cy].map((values) => tenth(values[frames - 1]))
    return `<circle cx="${endX}" cy="${endY}" r="1.9">${animate('cx', cx)}${animate('cy', cy)}</circle>`
  }).join('')
  const elapsed = times.map((_, k) => (side * k) / (frames - 1))
  const bar = `<rect y="${side + clock - 4}" width="${side}" height="4" fill="var(--compared)">${animate('width', elapsed)}</rect>`
  const label = `${count} samples of ${flow.field.name} on their way`
  return standalone(side, side + clock, label, `<g fill="var(--proved)" fill-opacity=".75">${dots}</g>${bar}`)
}
