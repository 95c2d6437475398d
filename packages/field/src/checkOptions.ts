import { editDistance } from './editDistance.js'
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
    const distance = (name: string) => editDistance(given.toLowerCase(), name.toLowerCase())
    const near = list.reduce((best, name) => (distance(name) < distance(best) ? name : best))
    const isClose = distance(near) <= Math.max(2, near.length / 3)
    throw misuse({
      where,
      expected: `options ${list.join(', ')}`,
      got: `"${given}"`,
      try: isClose ? `"${near}"` : 'one of these',
      code: 'unknown-option',
    })
  }
}
