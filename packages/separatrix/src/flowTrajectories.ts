import { type Flow, type SamplePathsOptions, samplePaths } from '@separatrix/flows'
import { expectPlane, flowPlane, side } from './report/flowPlane.js'
import { standalone, tenth } from './report/standalone.js'

/**
 * The trajectories of samples of a flow of the plane as an SVG file: draws of the base as grey dots, their ways as lines,
 * samples of the model as dark dots.
 * @example
 * const flow = cnf({ field: mixtureVelocity({ target: eightGaussians('ffjord') }), method: rk4, step: 0.05 })
 * await flowTrajectories(flow, { count: 100, seed: 0 }) // '<svg …'
 */
export async function flowTrajectories(flow: Flow, options: SamplePathsOptions): Promise<string> {
  expectPlane('flowTrajectories', flow)
  const paths = await samplePaths(flow, options)
  const { x } = paths
  const { across, down } = flowPlane(paths)
  const [frames, count] = x.shape
  const place = (k: number, i: number) => `${tenth(across(x.get(k, i, 0)))},${tenth(down(x.get(k, i, 1)))}`
  const each = (draw: (i: number) => string) => Array.from({ length: count }, (_, i) => draw(i)).join('')
  const lines = each((i) => {
    const points = Array.from({ length: frames }, (_, k) => place(k, i)).join(' ')
    return `<polyline points="${points}"/>`
  })
  const dots = (k: number, radius: number, colour: string) =>
    `<g fill="var(--${colour})">${each((i) => {
      const [cx, cy] = place(k, i).split(',')
      return `<circle cx="${cx}" cy="${cy}" r="${radius}"/>`
    })}</g>`
  const drawing = [
    `<g fill="none" stroke="var(--compared)" stroke-opacity=".3" stroke-width=".8" stroke-linejoin="round">${lines}</g>`,
    dots(0, 1.4, 'quiet'),
    dots(frames - 1, 1.8, 'proved'),
  ]
  return standalone(side, side, `trajectories of ${count} samples of ${flow.field.name}`, drawing.join(''))
}
