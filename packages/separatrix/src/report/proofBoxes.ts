import * as Plot from '@observablehq/plot'
import type { LeafBox } from '@separatrix/lyapunov'
import { colors, figure } from './figure.js'
import { type Region, regionOutline } from './regionMarks.js'

export interface ProofBoxesOptions {
  readonly boxes: readonly LeafBox[]
  readonly domain: readonly (readonly [number, number])[]
  readonly axes: readonly [string, string]
  readonly region?: Region | undefined
}

const fills = { decrease: colors.proved, outside: 'none', origin: colors.compared } as const

/** The boxes into which the prover cut the plane, each discharged by one inequality. */
export function proofBoxes({ boxes, domain, axes, region }: ProofBoxesOptions): string {
  const [x, y] = domain as [readonly [number, number], readonly [number, number]]
  return figure('boxes', 'Boxes of the proof', {
    height: 290,
    marginLeft: 52,
    marginRight: 14,
    marginTop: 26,
    marginBottom: 40,
    x: { domain: [...x], label: axes[0], labelArrow: 'none', labelAnchor: 'center', ticks: 6 },
    y: { domain: [...y], label: axes[1], labelArrow: 'none', ticks: 5 },
    marks: [
      Plot.rect(boxes, {
        x1: (b: LeafBox) => b.box[0]?.[0],
        y1: (b: LeafBox) => b.box[1]?.[0],
        x2: (b: LeafBox) => b.box[0]?.[1],
        y2: (b: LeafBox) => b.box[1]?.[1],
        fill: (b: LeafBox) => fills[b.kind],
        fillOpacity: 0.22,
        stroke: colors.quiet,
        strokeOpacity: 0.45,
        strokeWidth: 0.35,
      }),
      ...(region === undefined ? [] : [regionOutline(region, domain)]),
      Plot.frame({ stroke: colors.faint }),
    ],
  })
}
