import * as Plot from '@observablehq/plot'
import { asPoints, type Curve, colors, figure } from './figure.js'

/** A curve of a line plot, named at its end. */
export interface Line {
  readonly curve: Curve
  readonly name?: string
  readonly tone: 'ink' | 'quiet' | 'faint' | 'proved' | 'compared' | 'lost'
  readonly dashed?: boolean
  readonly weight?: number
}

export interface LinePlotOptions {
  readonly id: string
  readonly label: string
  readonly axes: readonly [string, string]
  readonly lines: readonly Line[]
  /** a logarithmic ordinate; values at or below 0 are left out */
  readonly logarithmic?: boolean
  readonly range?: readonly [number, number]
  /** horizontal rules with their names, such as limits */
  readonly rules?: readonly { readonly at: number; readonly name: string }[]
}

/** Curves over time or steps. */
export function linePlot({
  id,
  label,
  axes,
  lines,
  logarithmic,
  range,
  rules = [],
}: LinePlotOptions): string {
  const shown = lines.map((line) => ({
    ...line,
    curve: logarithmic ? line.curve.filter(([, y]) => y > 0) : line.curve,
  }))
  const right = Math.max(...shown.flatMap((l) => l.curve.map(([x]) => x)))
  return figure(id, label, {
    height: 290,
    marginLeft: 52,
    marginRight: 14,
    marginTop: 26,
    marginBottom: 40,
    x: { label: axes[0], labelArrow: 'none', labelAnchor: 'center', ticks: 6 },
    y: {
      label: axes[1],
      labelArrow: 'none',
      ticks: 5,
      grid: true,
      ...(range !== undefined && { domain: [...range] }),
      ...(logarithmic && { type: 'log', ticks: powersOfTen(shown), tickFormat: powerOfTen }),
    },
    marks: [
      ...rules.flatMap(({ at, name }) => [
        Plot.ruleY([at], { stroke: colors.quiet, strokeDasharray: '2 3' }),
        Plot.text([[right, at]], {
          text: [name],
          textAnchor: 'end',
          dy: at < 0 ? 10 : -8,
          fill: colors.quiet,
        }),
      ]),
      ...shown.flatMap(({ curve, tone, dashed, weight = 1.8 }) => [
        Plot.line(asPoints(curve), {
          stroke: colors[tone],
          strokeWidth: weight,
          clip: true,
          ...(dashed && { strokeDasharray: '5 4' }),
        }),
      ]),
      ...shown.filter((l) => l.name !== undefined && l.curve.length > 0).map(named),
    ],
  })
}

/** The name of a curve, above a point two thirds along it. */
function named({ curve, name, tone }: Line) {
  const at = curve[Math.floor(curve.length * 0.62)] as readonly [number, number]
  return Plot.text([[at[0], at[1]]], {
    text: [name as string],
    dy: -12,
    dx: 6,
    textAnchor: 'start',
    fill: colors[tone],
    stroke: colors.paper,
    strokeWidth: 4,
    fontWeight: 600,
  })
}

/** At most about six powers of ten across the curves: minor ticks would be a grey carpet. */
function powersOfTen(lines: readonly Line[]): number[] {
  const values = lines.flatMap((l) => l.curve.map(([, y]) => Math.log10(y)))
  const [lo, hi] = [Math.min(...values), Math.max(...values)]
  const step = Math.max(1, Math.ceil((hi - lo) / 6))
  const first = Math.ceil(lo / step) * step
  return Array.from(
    { length: Math.max(0, Math.floor((hi - first) / step) + 1) },
    (_, k) => 10 ** (first + k * step),
  )
}

function powerOfTen(value: number): string {
  const raised = Array.from(String(Math.round(Math.log10(value))), (c) =>
    c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)],
  )
  return `10${raised.join('')}`
}
