import { colors } from './figure.js'
import { escapeHtml } from './format.js'

/** One figure with its title and caption. Titles and captions are plain text. */
export interface PageFigure {
  readonly title: string
  readonly svg: string
  readonly caption: string
  /** what the marks mean, in words beside the figure, where they cover nothing */
  readonly legend?: readonly LegendEntry[]
}

export interface LegendEntry {
  readonly mark: 'area' | 'line' | 'thick' | 'dashed' | 'dotted' | 'dot' | 'cross'
  readonly tone: keyof typeof colors
  readonly text: string
}

export interface Page {
  readonly title: string
  readonly lead: string
  /** the verdict in one or two words, and whether it is good news */
  readonly verdict: { readonly word: string; readonly good: boolean; readonly statement: string }
  readonly numbers: readonly { readonly value: string; readonly unit?: string; readonly what: string }[]
  readonly hero: PageFigure
  readonly figures: readonly PageFigure[]
  readonly table: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  readonly notes: readonly { readonly title: string; readonly text: string; readonly code?: string }[]
}

/** A whole report as one HTML file that needs nothing else: no scripts, no fonts, no network. */
export function renderPage(page: Page): string {
  const { title, lead, verdict, numbers, hero, figures, table, notes } = page
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(lead)}</p>
</header>
<section class="top">
${renderFigure(hero, 'hero')}
<aside>
<div class="verdict ${verdict.good ? 'good' : 'bad'}"><strong>${escapeHtml(verdict.word)}</strong><p>${escapeHtml(verdict.statement)}</p></div>
<dl>${numbers.map((n) => `<div><dd>${escapeHtml(n.value)}${n.unit === undefined ? '' : `<span>${escapeHtml(n.unit)}</span>`}</dd><dt>${escapeHtml(n.what)}</dt></div>`).join('')}</dl>
</aside>
</section>
<section class="grid">
${figures.map((f) => renderFigure(f)).join('\n')}
</section>
<section>
<h2>Figures</h2>
<div class="scroll"><table>
<thead><tr>${table.head.map((h) => `<th scope="col">${escapeHtml(h)}</th>`).join('')}</tr></thead>
<tbody>
${table.rows.map(([first, ...rest]) => `<tr><th scope="row">${escapeHtml(first as string)}</th>${rest.map((c) => `<td>${escapeHtml(c)}</td>`).join('')}</tr>`).join('\n')}
</tbody>
</table></div>
</section>
<section class="notes">
${notes.map((n) => `<div><h2>${escapeHtml(n.title)}</h2><p>${escapeHtml(n.text)}</p>${n.code === undefined ? '' : `<pre>${escapeHtml(n.code)}</pre>`}</div>`).join('\n')}
</section>
</main>
</body>
</html>
`
}

function renderFigure({ title, svg, caption, legend = [] }: PageFigure, kind = ''): string {
  const entries = legend.map(
    ({ mark, tone, text }) => `<li>${swatch(mark, colors[tone])}${escapeHtml(text)}</li>`,
  )
  const list = entries.length === 0 ? '' : `<ul class="legend">${entries.join('')}</ul>`
  return `<figure class="${kind}"><h2>${escapeHtml(title)}</h2>${svg}${list}<figcaption>${escapeHtml(caption)}</figcaption></figure>`
}

/** A sample of a mark, 22 by 12. */
function swatch(mark: LegendEntry['mark'], color: string): string {
  const line = (dashes: string) =>
    `<path d="M1,6H21" stroke="${color}" stroke-width="2"${dashes === '' ? '' : ` stroke-dasharray="${dashes}"`}/>`
  const drawn = {
    area: `<rect x="1" y="1" width="20" height="10" fill="${color}" fill-opacity=".18" stroke="${color}" stroke-width="1.5"/>`,
    line: line(''),
    thick: `<path d="M1,6H21" stroke="${color}" stroke-width="4"/>`,
    dashed: line('5 3'),
    dotted: line('1 3'),
    dot: `<circle cx="11" cy="6" r="3" fill="${color}"/>`,
    cross: `<path d="M7,2L15,10M15,2L7,10" stroke="${color}" stroke-width="2"/>`,
  }[mark]
  return `<svg viewBox="0 0 22 12" aria-hidden="true">${drawn}</svg>`
}

const style = `
:root {
  --paper: #fcfbf9; --ink: #1c2126; --quiet: #6b737c; --faint: #c3c8cc; --line: #e6e4df;
  --proved: #0c6b76; --compared: #b0761b; --lost: #b23a48; --wash: #eef5f5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181c; --ink: #e8e6e1; --quiet: #949ca4; --faint: #49525a; --line: #2a3138;
    --proved: #4fc0c7; --compared: #e0a94a; --lost: #ee7b84; --wash: #182528;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
}
main { max-width: 1120px; margin: 0 auto; padding: 3rem 1.5rem 4rem; }
h1, .verdict strong { font-family: 'Iowan Old Style', 'Palatino Linotype', Palatino, Georgia, 'DejaVu Serif', serif; font-weight: 600; }
h1 { font-size: clamp(1.8rem, 4.5vw, 2.7rem); line-height: 1.12; letter-spacing: -.01em; margin: 0 0 .6rem; text-wrap: balance; }
h2 { font-size: .95rem; font-weight: 650; margin: 0 0 .5rem; }
.lead { max-width: 44rem; font-size: 1.08rem; color: var(--quiet); margin: 0; }
header { margin-bottom: 2.2rem; }
section + section { margin-top: 3rem; }
.top { display: grid; grid-template-columns: minmax(0, 1.85fr) minmax(15rem, 1fr); gap: 2.5rem; align-items: start; }
.grid { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 2.8rem 2.5rem; }
figure { margin: 0; min-width: 0; }
figure svg { display: block; width: 100%; height: auto; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.3rem; margin: .6rem 0 0; padding: 0; font-size: .86rem; }
.legend li { display: flex; align-items: center; gap: .5em; }
.legend svg { width: 22px; height: 12px; flex: none; }
figcaption { color: var(--quiet); font-size: .86rem; line-height: 1.5; margin-top: .5rem; }
.verdict { background: var(--wash); border-left: 3px solid var(--proved); padding: 1.05rem 1.2rem; border-radius: 0 6px 6px 0; }
.verdict.bad { border-color: var(--lost); }
.verdict strong { display: block; font-size: 1.45rem; line-height: 1.2; color: var(--proved); }
.verdict.bad strong { color: var(--lost); }
.verdict p { margin: .45rem 0 0; font-size: .95rem; }
dl { margin: 1.6rem 0 0; }
dl div { padding: .7rem 0; border-top: 1px solid var(--line); }
dl div:first-child { border-top: 0; }
dd { margin: 0; font-size: 1.55rem; line-height: 1.2; font-weight: 600; letter-spacing: -.01em; }
dd span { font-size: .95rem; font-weight: 400; color: var(--quiet); margin-left: .35em; letter-spacing: 0; }
dt { color: var(--quiet); font-size: .88rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: right; padding: .45rem 0 .45rem 1.4rem; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
th:first-child { text-align: left; padding-left: 0; font-weight: 400; min-width: 7rem; }
thead th { font-weight: 650; border-bottom-color: var(--faint); }
.notes { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 2rem 2.5rem; font-size: .95rem; }
.notes p { margin: 0; }
pre { background: var(--wash); padding: .75rem 1rem; border-radius: 6px; overflow-x: auto; font: .86rem/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; margin: .8rem 0 0; }
@media (max-width: 800px) {
  main { padding: 1.8rem 1rem 3rem; }
  .top, .grid, .notes { grid-template-columns: minmax(0, 1fr); gap: 2.2rem; }
  figure svg { overflow: hidden; }
  table { font-size: .8rem; }
  th, td { padding-left: .7rem; }
  th:first-child { min-width: 4.5rem; }
}
@media print { body { background: #fff; } figure, tr { break-inside: avoid; } }
`
