/**
 * The one error type of the toolkit. `code` is stable and meant for programs; the message is meant for
 * people and always reads `where: expected X, got Y. Try Z.`
 */
export class SeparatrixError extends Error {
  override readonly name = 'SeparatrixError'
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

/** What {@link misuse} needs to compose a message. */
export interface Misuse {
  readonly where: string
  readonly expected: string
  readonly got: string
  readonly try: string
  readonly code?: string
}

/** Builds the error for a call that cannot be served: `where: expected X, got Y. Try Z.` */
export function misuse({ where, expected, got, try: remedy, code = 'misuse' }: Misuse): SeparatrixError {
  return new SeparatrixError(code, `${where}: expected ${expected}, got ${got}. Try ${remedy}.`)
}

/** A short rendering of any value for an error message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const list = Array.from(value as unknown as ArrayLike<unknown>)
    const head = list.slice(0, 4).map(show).join(', ')
    return list.length > 4 ? `[${head}, … (${list.length} entries)]` : `[${head}]`
  }
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null)
    return `an object with keys ${Object.keys(value).join(', ') || '(none)'}`
  return String(value)
}
