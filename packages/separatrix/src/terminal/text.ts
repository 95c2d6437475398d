/** Columns of a terminal that everything has to fit into. */
export const width = 80

/** Breaks text into lines of at most `columns`, every line but the first indented. */
export function wrap(text: string, { columns = width, indent = 0 } = {}): string {
  return text
    .split('\n')
    .map((paragraph) => wrapParagraph(paragraph, columns, indent))
    .join('\n')
}

function wrapParagraph(text: string, columns: number, indent: number): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap((w) => pieces(w, columns - indent))) {
    if (line !== '' && line.length + 1 + word.length > columns - (lines.length === 0 ? 0 : indent)) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`)
}

/** A word that is longer than a line is cut. */
function pieces(word: string, columns: number): string[] {
  const parts: string[] = []
  for (let i = 0; i < Math.max(word.length, 1); i += columns) parts.push(word.slice(i, i + columns))
  return parts
}

/** Names and values in two columns, long values wrapped under themselves. */
export function twoColumns(rows: readonly (readonly [string, string])[]): string {
  const left = Math.max(...rows.map(([name]) => name.length)) + 2
  const gap = `\n${' '.repeat(left)}`
  return rows
    .map(([name, value]) => {
      const lines = wrap(value, { columns: width - left }).split('\n')
      return `${name.padEnd(left)}${lines.join(gap)}`
    })
    .join('\n')
}
