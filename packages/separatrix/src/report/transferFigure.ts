import * as Plot from '@observablehq/plot'
import type { Architecture } from '../study/transferRecipe.js'
import { bestRuns } from '../study/transferSummary.js'
import type { TransferRun } from '../study/transferTraining.js'
import { colors, figure } from './figure.js'

export interface TransferFigureOptions {
  readonly id: string
  readonly label: string
  readonly runs: readonly TransferRun[]
  /** from small to large: drawn from faint to strong */
  readonly sweep: readonly Architecture[]
  /** the value of what grows, beside the curve */
  readonly grows: (a: Architecture) => string
  /** what stands on the x axis for a run with a rate, and its name */
  readonly across: {
    readonly label: string
    readonly of: (rate: number, a: Architecture) => number
    readonly ticks: readonly number[]
  }
}

/** Losses are drawn between these: below, all are as good; ln 10 = 2.3 is the loss of guessing. */
const range = [1e-5, 3] as const

/**
 * Loss against rate, a panel per optimiser, a curve per network, a dot at the best rate of each: dots above one another
 * mean that one rate serves all. An optimiser without rates has a column of dots.
 */
export function transferFigure({ id, label, runs, sweep, grows, across }: TransferFigureOptions): string {
  const rows = sweep.flatMap((architecture, size) =>
    runs
      .filter(({ architecture: a }) => a.depth === architecture.depth && a.width === architecture.width)
      .map((run) => ({
        ...run,
        rate: run.rate === undefined ? undefined : across.of(run.rate, architecture),
        size: grows(architecture),
        strength: 0.25 + (0.75 * size) / Math.max(1, sweep.length - 1),
        shown: Math.min(range[1], Math.max(range[0], run.loss)),
      })),
  )
  const rated = rows.filter((row) => row.rate !== undefined)
  const contenders = [...new Set(rated.map((row) => row.contender))]
  const free = rows.filter((row) => row.rate === undefined)
  const middle = rated.length === 0 ? 1 : Math.sqrt(extreme(rated, Math.min) * extreme(rated, Math.max))
  const best = contenders.flatMap((name) => bestRuns(rated.filter((row) => row.contender === name)))
  return figure(id, label, {
    height: 300,
    marginLeft: 48,
    marginRight: 34,
    marginTop: 34,
    marginBottom: 42,
    fx: {
      domain: [...contenders, ...new Set(free.map((row) => row.contender))],
      label: null,
      padding: 0.12,
    },
    x: {
      type: 'log',
      label: across.label,
      labelArrow: 'none',
      labelAnchor: 'center',
      ticks: [...across.ticks],
      // panels are narrow
      tickFormat: (rate: number) => String(rate).replace(/^0/, ''),
    },
    y: {
      type: 'log',
      domain: [...range],
      label: null,
      grid: true,
      ticks: [1e-4, 1e-3, 0.01, 0.1, 1],
      tickFormat: String,
    },
    marks: [
      Plot.line(rated, {
        fx: 'contender',
        x: 'rate',
        y: 'shown',
        z: 'size',
        stroke: colors.proved,
        strokeOpacity: 'strength',
        strokeWidth: 1.8,
      }),
      Plot.dot(best, {
        fx: 'contender',
        x: 'rate',
        y: 'shown',
        r: 3.2,
        fill: colors.compared,
        stroke: colors.paper,
      }),
      Plot.dot(free, {
        fx: 'contender',
        x: () => middle,
        y: 'shown',
        r: 3.2,
        fill: colors.compared,
        fillOpacity: 'strength',
      }),
      Plot.text(sweepLabels(rated, contenders.at(-1)), {
        fx: 'contender',
        x: 'rate',
        y: 'shown',
        text: 'size',
        dx: 5,
        textAnchor: 'start',
        fill: colors.quiet,
        fontSize: 10,
      }),
    ],
  })
}

const extreme = (rows: readonly { readonly rate?: number }[], choose: (...v: number[]) => number) =>
  choose(...rows.flatMap(({ rate }) => rate ?? []))

/** Names at the right ends of the curves of the last panel, moved apart where they would cover one another. */
function sweepLabels<
  Row extends {
    readonly contender: string
    readonly size: string
    readonly rate?: number
    readonly shown: number
  },
>(rows: readonly Row[], contender: string | undefined): Row[] {
  const own = rows.filter((row) => row.contender === contender)
  const right = Math.max(...own.map((row) => row.rate ?? 0))
  const ends = own.filter((row) => row.rate === right).sort((a, b) => b.shown - a.shown)
  let above = Number.POSITIVE_INFINITY
  return ends.map((row) => {
    // a line of text is about a factor 1.8 on this axis
    above = Math.min(row.shown, above / 1.8)
    return { ...row, shown: above }
  })
}
