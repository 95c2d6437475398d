/** Memory of a module, handed out from its start. */
export interface Layout {
  /** address of fresh numbers */
  take(count: number): number
  bytes(): number
}

/**
 * Hands out memory: vectors start on cache lines, and not at the same place of two pages, where the processor
 * would take a load for one of the other's stores.
 */
export function makeLayout(): Layout {
  let used = 0
  return {
    take(count) {
      const at = used
      const bytes = Math.ceil((8 * count) / 64) * 64
      const within = bytes % 4096
      used += bytes + (count > 64 && (within < 256 || within > 3840) ? 320 : 0)
      return at
    },
    bytes: () => used + 64,
  }
}
