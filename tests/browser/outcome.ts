import { SeparatrixError } from '@separatrix/field'

/** What became of one check. */
export interface Outcome {
  readonly name: string
  readonly result: 'passed' | 'failed' | 'skipped'
  /** the figure, the failure or the reason for skipping */
  readonly detail: string
}

/** Told at once, so that main.ts knows how far a page came that stops answering. */
function report(outcome: Outcome): Outcome {
  console.info(JSON.stringify(outcome))
  return outcome
}

/** Runs a check; what it returns is its figure, a failure throws. */
export async function outcomeOf(name: string, check: () => Promise<string>): Promise<Outcome> {
  const start = performance.now()
  try {
    const figure = await check()
    const seconds = (performance.now() - start) / 1000
    const slow = seconds < 1 ? '' : ` (${seconds.toFixed(1)} s)`
    return report({ name, result: 'passed', detail: `${figure}${slow}` })
  } catch (error) {
    const missing = error instanceof SeparatrixError && error.code === 'no-device'
    return report({
      name,
      result: missing ? 'skipped' : 'failed',
      detail: missing || !(error instanceof Error) ? String(error) : (error.stack ?? error.message),
    })
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
