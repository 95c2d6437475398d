import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

/** Colours of a report as CSS variables, so that light and dark are one style sheet (see page.ts). */
export const colors = {
  ink: 'var(--ink)',
  quiet: 'var(--quiet)',
  faint: 'var(--faint)',
  paper: 'var(--paper)',
  proved: 'var(--proved)',
  compared: 'var(--compared)',
  lost: 'var(--lost)',
} as const

/** Width of a figure in its own units; a phone shows it at about two thirds, a desk at one and a third. */
export const figureWidth = 520

/** One curve of the plane. */
export type Curve = readonly (readonly [number, number])[]

/**
 * Renders a plot to inline SVG. `label` is what a screen reader says instead. The identifiers that the plot
 * makes up are made its own by `id`, since several figures share a page.
 */
export function figure(id: string, label: string, options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const svg = Plot.plot({
    width: figureWidth,
    style: { fontSize: '13px', fontFamily: 'inherit', background: 'none', overflow: 'visible' },
    className: `figure-${id}`,
    ...options,
    document: document as unknown as Document,
  })
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', label)
  svg.removeAttribute('width')
  svg.removeAttribute('height')
  return svg.outerHTML
    .replaceAll('plot-clip-', `${id}-clip-`)
    .replace(/="[^"]*"/g, (attribute) => attribute.replace(/\d+\.\d{3,}/g, hundredth))
}

/** A hundredth of a unit is below what anybody sees, and halves the page. */
const hundredth = (digits: string) => String(Number(Number(digits).toFixed(2)))

/** Points with the abscissa and ordinate that marks read by default. */
export const asPoints = (curve: Curve): [number, number][] => curve.map(([x, y]) => [x, y])
