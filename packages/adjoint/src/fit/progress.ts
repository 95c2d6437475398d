import type { ValidationRecord } from './validation.js'

export interface FitProgress {
  readonly step: number
  readonly loss: number
  /** the last loss of held-out samples, where there are such */
  readonly validation?: number
  /** times that this call evaluated the loss and its gradient */
  readonly evaluations: number
  /** given a clock */
  readonly evaluationsPerSecond?: number
}

/** Tells `onProgress` about a run, with a speed where there is a clock. */
export function progressReporter(
  run: {
    readonly step: number
    readonly evaluations: number
    readonly validation: ValidationRecord | undefined
  },
  {
    onProgress,
    clock,
  }: { readonly onProgress?: (progress: FitProgress) => void; readonly clock?: () => number },
): (loss: number) => void {
  if (onProgress === undefined) return () => {}
  const started = clock?.()
  return (loss: number) => {
    const { step, evaluations, validation } = run
    const seconds = clock === undefined || started === undefined ? undefined : (clock() - started) / 1000
    onProgress({
      step,
      loss,
      evaluations,
      ...(validation && { validation: validation.losses.at(-1) }),
      ...(seconds !== undefined && { evaluationsPerSecond: seconds > 0 ? evaluations / seconds : 0 }),
    })
  }
}
