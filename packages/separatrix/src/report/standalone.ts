import { escapeHtml } from './format.js'

/** Colours of a figure that stands alone, on white: those of a report by day. */
export const daylight =
  '--paper:#fff;--ink:#1c2126;--quiet:#6b737c;--faint:#c3c8cc;--proved:#0c6b76;--compared:#b0761b;--lost:#b23a48'

/** An SVG file of its own from what is drawn in it; `label` is what a screen reader says. */
export function standalone(width: number, height: number, label: string, drawing: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(label)}" style="color:var(--ink);${daylight};background:var(--paper);font:13px system-ui,'DejaVu Sans',sans-serif">${drawing}</svg>\n`
}

/** A coordinate to a tenth of a unit, finer than anybody sees. */
export const tenth = (value: number): string => String(Math.round(10 * value) / 10)
