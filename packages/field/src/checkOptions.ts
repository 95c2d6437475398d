import { misuse } from './error.js'

/** Every option of an interface by name; the compiler asks for those that were added. */
export type OptionNames<T> = { readonly [K in keyof Required<T>]: true }

/**
 * Refuses options that nobody reads: a typing error would silently mean the default.
 * @example
 * const names: OptionNames<{ rate?: number }> = { rate: true }
 * checkOptions('adam', { rate: 0.1 }, names)
 */
export function checkOptions(where: string, options: object, names: Readonly<Record<string, true>>): void {
  for (const given in options) {
    if (Object.hasOwn(names, given)) continue
    const list = Object.keys(names)
    const near = list.reduce((best, name) => (distance(given, name) < distance(given, best) ? name : best))
    const isClose = distance(given, near) <= Math.max(2, near.length / 3)
    throw misuse({
      where,
      expected: `options ${list.join(', ')}`,
      got: `"${given}"`,
      try: isClose ? `"${near}"` : 'one of these',
      code: 'unknown-option',
    })
  }
}

/** Letters to insert, delete or replace between two words (Levenshtein), in whatever case. */
function distance(from: string, to: string): number {
  const [a, b] = [from.toLowerCase(), to.toLowerCase()]
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(
          (row[j] as number) + 1,
          (next[j - 1] as number) + 1,
          (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      )
    row = next
  }
  return row[b.length] as number
}
