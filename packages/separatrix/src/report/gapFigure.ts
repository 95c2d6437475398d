import * as Plot from '@observablehq/plot'
import type { DensityResult } from '../study/densities/densityStudy.js'
import { ways } from '../study/densities/densityStudy.js'
import { colors, figure } from './figure.js'

const tones = [colors.proved, colors.compared, colors.ink] as const

/** Relative entropies of models, a row for each density and a colour for each way, with two standard errors either side. */
export function gapFigure(results: readonly DensityResult[], goal: number): string {
  const rows = results.flatMap(({ name, learned }) =>
    learned.map(({ way, gap, standardError }) => ({
      name,
      way,
      gap,
      low: gap - 2 * standardError,
      high: gap + 2 * standardError,
    })),
  )
  return figure('gaps', 'relative entropy of every model in nats', {
    height: 360,
    marginLeft: 100,
    marginTop: 30,
    marginBottom: 42,
    x: {
      label: '−log p on fresh points above the entropy, nats',
      labelArrow: 'none',
      labelAnchor: 'center',
      zero: true,
      grid: true,
      ticks: 6,
    },
    y: { domain: [...ways], axis: null, padding: 0.6 },
    fy: { domain: results.map((r) => r.name), label: null, axis: 'left' },
    color: { domain: [...ways], range: [...tones], legend: false },
    marks: [
      Plot.ruleX([0], { stroke: colors.quiet }),
      Plot.ruleX([goal], { stroke: colors.quiet, strokeDasharray: '2 3' }),
      Plot.ruleY(rows, { fy: 'name', y: 'way', x1: 'low', x2: 'high', stroke: 'way', strokeWidth: 1.6 }),
      Plot.dot(rows, { fy: 'name', y: 'way', x: 'gap', fill: 'way', r: 3.4 }),
    ],
  })
}
