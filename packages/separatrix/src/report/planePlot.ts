import * as Plot from '@observablehq/plot'
import { asPoints, type Curve, colors, figure } from './figure.js'

export interface PlaneCurve {
  readonly curve: Curve
  readonly tone: keyof typeof colors
  readonly weight?: number
  readonly dashed?: boolean
  /** fills what the curve encloses, lightly */
  readonly isFilled?: boolean
}

/** Curves of a plane of two states, framed by its box. */
export function planePlot({
  id,
  label,
  axes,
  domain,
  curves,
}: {
  readonly id: string
  readonly label: string
  readonly axes: readonly [string, string]
  readonly domain: readonly [readonly [number, number], readonly [number, number]]
  readonly curves: readonly PlaneCurve[]
}): string {
  const wide = domain.map(([lo, hi]) => [lo - 0.04 * (hi - lo), hi + 0.04 * (hi - lo)])
  const [[left, right], [low, high]] = domain
  const box: Curve = [[left, low], [right, low], [right, high], [left, high], [left, low]] // biome-ignore format: corners
  return figure(id, label, {
    height: 340,
    marginLeft: 52,
    marginRight: 14,
    marginTop: 26,
    marginBottom: 40,
    x: { domain: wide[0], label: axes[0], labelArrow: 'none', labelAnchor: 'center', ticks: 6 },
    y: { domain: wide[1], label: axes[1], labelArrow: 'none', ticks: 5 },
    marks: [
      ...curves.map(({ curve, tone, weight = 1.6, dashed, isFilled }) =>
        Plot.line(asPoints(curve), {
          stroke: colors[tone],
          strokeWidth: weight,
          clip: true,
          ...(dashed && { strokeDasharray: '5 4' }),
          ...(isFilled && { fill: colors[tone], fillOpacity: 0.12 }),
        }),
      ),
      Plot.line(asPoints(box), { stroke: colors.faint }),
    ],
  })
}
