import { SeparatrixError } from '@separatrix/field'

/** What became of one check. */
export interface Outcome {
  readonly name: string
  readonly result: 'passed' | 'failed' | 'skipped'
  /** the figure, the failure or the reason for skipping */
  readonly detail: string
}

/** Runs a check; what it returns is its figure, a failure throws. */
export async function outcomeOf(name: string, check: () => Promise<string>): Promise<Outcome> {
  try {
    return { name, result: 'passed', detail: await check() }
  } catch (error) {
    const missing = error instanceof SeparatrixError && error.code === 'no-device'
    return {
      name,
      result: missing ? 'skipped' : 'failed',
      detail: missing || !(error instanceof Error) ? String(error) : (error.stack ?? error.message),
    }
  }
}

/** Throws unless `promise` is refused with this code. */
export async function refused(promise: Promise<unknown>, code: string): Promise<string> {
  try {
    await promise
  } catch (error) {
    if (error instanceof SeparatrixError && error.code === code) return error.message
    throw new Error(`expected an error '${code}', got ${error}`)
  }
  throw new Error(`expected an error '${code}', got an answer`)
}

/** Throws unless a value is within a tolerance. */
export function within(value: number, tolerance: number): string {
  if (!(value <= tolerance)) throw new Error(`${value.toExponential(1)} is above ${tolerance}`)
  return `${value.toExponential(1)}, allowed ${tolerance}`
}
