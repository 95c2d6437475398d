import { leafBoxes } from '@separatrix/lyapunov'
import type { Outcome } from '../study/outcome.js'
import { readable } from './format.js'
import type { PageFigure } from './page.js'
import { type ProofBoxesOptions, proofBoxes } from './proofBoxes.js'

/** The picture of a proof's boxes. */
export function boxesFigure(outcome: Outcome, place: Omit<ProofBoxesOptions, 'boxes'>): PageFigure {
  const condition = outcome.rate === undefined ? 'V̇ < 0' : 'V̇ < −κV'
  const boxes = outcome.certificate === undefined ? [] : leafBoxes(outcome.certificate)
  const isBlownUp = outcome.certificate?.proof.blowUp !== undefined
  return {
    title: 'The proof, box by box',
    svg: proofBoxes({ boxes, ...place }),
    caption: `${readable(boxes.length)} boxes cover the domain. On each shaded one ${condition} was proved in interval arithmetic; the empty ones lie outside the region, whose rim is drawn; around the origin that holds by ${isBlownUp ? 'the leading forms in weighted coordinates' : 'second-order forms'}.`,
  }
}
