import type { FitReport } from '@separatrix/adjoint'
import { daylight } from './report/standalone.js'

/**
 * The losses of a training run over its steps as an SVG file, with those of held-out samples where there are any. The
 * drawing library is loaded when this is called.
 * @example
 * const field = network({ widths: [1, 8, 1], activation: 'tanh', seed: 0 })
 * const loss = regressionLoss({ inputs: [[0], [1], [2]], targets: [[0], [1], [4]] })
 * const result = await fit({ field, loss, optimizer: adam({ rate: 0.02 }), steps: 30, seed: 0 })
 * await trainingCurves(result) // '<svg …'
 */
export async function trainingCurves(result: Pick<FitReport, 'losses' | 'validation'>): Promise<string> {
  const { trainingFigure } = await import('./report/trainingFigure.js')
  return trainingFigure(result).replace(
    /^<svg([^>]*?) style="/,
    `<svg xmlns="http://www.w3.org/2000/svg"$1 style="color:var(--ink);${daylight};`,
  )
}
