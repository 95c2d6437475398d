import * as Plot from '@observablehq/plot'
import type { LeafBox } from '@separatrix/lyapunov'
import { colors, figure } from './figure.js'
import { polygon, type Shape } from './phasePortrait.js'
import { type Region, regionOutline } from './regionMarks.js'

export interface ProofBoxesOptions {
  /** 'boxes' by default; figures of one page differ */
  readonly id?: string
  readonly boxes: readonly LeafBox[]
  readonly domain: readonly (readonly [number, number])[]
  readonly axes: readonly [string, string]
  readonly region?: Region | undefined
  /** polygons over the boxes */
  readonly shapes?: readonly Shape[]
}

const fills = { decrease: colors.proved, outside: 'none', origin: colors.compared } as const

/** The boxes into which the prover cut the plane, each discharged by one inequality. */
export function proofBoxes({
  id = 'boxes',
  boxes,
  domain,
  axes,
  region,
  shapes = [],
}: ProofBoxesOptions): string {
  const [x, y] = domain as [readonly [number, number], readonly [number, number]]
  return figure(id, 'Boxes of the proof', {
    height: 290,
    marginLeft: 52,
    marginRight: 14,
    marginTop: 26,
    marginBottom: 40,
    x: { domain: [...x], label: axes[0], labelArrow: 'none', labelAnchor: 'center', ticks: 6 },
    y: { domain: [...y], label: axes[1], labelArrow: 'none', ticks: 5 },
    marks: [
      ...(['outside', 'decrease', 'origin'] as const).map((kind) => boxPath(boxes, kind)),
      ...(region === undefined ? [] : [regionOutline(region, domain)]),
      ...shapes.map(polygon),
      Plot.frame({ stroke: colors.faint }),
    ],
  })
}

/** All boxes of a kind as one path: a proof has thousands, and an element each would make the page heavy. */
function boxPath(boxes: readonly LeafBox[], kind: LeafBox['kind']): Plot.RenderFunction {
  return (_index, { scales }, _values, _dimensions, { document }) => {
    const [x, y] = [scales.x, scales.y] as [Plot.Scale, Plot.Scale]
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
    const shown = boxes.filter((b) => b.kind === kind)
    // to a tenth of a unit, or to half a one where they are too many to be told apart
    const grain = shown.length > 8000 ? 2 : 10
    const at = (v: number) => Math.round(v * grain) / grain
    const pieces = new Set<string>()
    for (const {
      box: [a, b],
    } of shown) {
      const [left, right, top, bottom] = [
        x.apply(a?.[0]),
        x.apply(a?.[1]),
        y.apply(b?.[1]),
        y.apply(b?.[0]),
      ].map(at)
      if (right > left || bottom > top) pieces.add(`M${left},${top}H${right}V${bottom}H${left}Z`)
    }
    const attributes = {
      d: [...pieces].join(''),
      fill: fills[kind],
      'fill-opacity': 0.22,
      stroke: colors.quiet,
      'stroke-opacity': 0.5,
      'stroke-width': 0.3,
    }
    for (const [name, value] of Object.entries(attributes)) path.setAttribute(name, String(value))
    return path
  }
}
