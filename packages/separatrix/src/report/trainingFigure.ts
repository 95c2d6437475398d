import type { FitReport } from '@separatrix/adjoint'
import { type Line, linePlot } from './linePlot.js'

/**
 * The losses of a training run over its steps as one SVG, the held-out loss beside it where there is one, on a
 * logarithmic scale where all losses are positive. Colours are CSS variables of the page (--ink, --proved, …).
 */
export function trainingFigure(
  { losses, validation }: Pick<FitReport, 'losses' | 'validation'>,
  {
    id = 'training',
    label = 'loss over training steps',
  }: { readonly id?: string; readonly label?: string } = {},
): string {
  const finite = (points: readonly (readonly [number, number])[]) =>
    points.filter(([, loss]) => Number.isFinite(loss))
  const training = finite(Array.from(losses, (loss, step) => [step, loss] as const))
  const held = finite(
    Array.from(validation?.losses ?? [], (loss, k) => [validation?.steps[k] ?? k, loss] as const),
  )
  const lines: Line[] = [
    { curve: thinned(training), name: 'training', tone: 'proved', weight: 1.4 },
    ...(held.length > 0 ? [{ curve: thinned(held), name: 'held out', tone: 'compared' } as const] : []),
  ]
  return linePlot({
    id,
    label,
    axes: ['step', 'loss'],
    lines,
    logarithmic: [...training, ...held].every(([, loss]) => loss > 0),
  })
}

/** More points than this are more than a figure has pixels. */
const mostPoints = 600

/** Evenly chosen points, and the last. */
function thinned(points: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const every = Math.ceil(points.length / mostPoints)
  return points.filter((_, i) => i % every === 0 || i === points.length - 1)
}
