/**
 * Compiled loops, remembered per vector field and method: a second solve of the same problem, with other
 * initial values or parameters, runs warm code. Entries live as long as the field does.
 */
const compiled = new WeakMap<object, WeakMap<object, Map<string, unknown>>>()

export function remember<T>(
  owner: object,
  method: object,
  settings: string,
  build: () => T | undefined,
): T | undefined {
  let byMethod = compiled.get(owner)
  if (byMethod === undefined) compiled.set(owner, (byMethod = new WeakMap()))
  let entries = byMethod.get(method)
  if (entries === undefined) byMethod.set(method, (entries = new Map()))
  const found = entries.get(settings) as T | undefined
  if (found !== undefined) return found
  const made = build()
  if (made !== undefined) entries.set(settings, made)
  return made
}

/** Whether {@link remember} would find an entry. */
export function isRemembered(owner: object, method: object, settings: string): boolean {
  return compiled.get(owner)?.get(method)?.has(settings) === true
}
