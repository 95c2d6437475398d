/** Whether this engine may run generated code (a page's content security policy can forbid it). */
export function canGenerateCode(): boolean {
  try {
    return new Function('return true')() as boolean
  } catch {
    return false
  }
}
