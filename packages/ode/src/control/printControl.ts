import { slot } from '../state.js'
import type { StepControl } from './adaptive.js'
import { printExp, printHalfLog } from './power.js'

/** Errors below this count as this for the next steps' memory: e ≥ 10⁻⁴, as in DOPRI5. */
export const smallestLogError = Math.log(1e-4)

/** A rejected step shrinks at least by this factor, however small the excess: no step is tried twice. */
export const largestRejection = Math.log(0.93)

/** JavaScript for a controller, working on locals of the generated loop. */
export interface ControlSource {
  /** before the loop: registers into locals */
  readonly load: string
  /** after an accepted step of squared error `sum`/n: sets `factor` */
  readonly accept: string
  /** after a rejected one: sets `factor` */
  readonly reject: string
  readonly store: string
}

/**
 * Prints a controller for squared errors, n times the mean: ln e = ½ ln(sum/n), with ½, 1/k and the safety
 * factor folded into constants. Memory that its coefficients do not use is not kept, and bounds that they
 * cannot reach are not tested.
 */
export function printControl(control: StepControl, errorOrder: number, n: number): ControlSource {
  const k = errorOrder + 1
  const [b1, b2, b3] = control.beta.map((b) => b / k) as [number, number, number]
  const [a2, a3] = control.alpha
  const [memory1, memory2, ratio] = [b2 !== 0 || b3 !== 0, b3 !== 0, a2 !== 0 || a3 !== 0]
  const [least, most] = [Math.log(control.minFactor), Math.log(control.maxFactor)]
  const terms: readonly (readonly [number, string])[] = [
    [b1, 'logError'],
    [b2, 'logError1'],
    [b3, 'logError2'],
    [a2, 'logRatio1'],
    [a3, 'logRatio2'],
  ]
  const wanted = terms.reduce(
    (text, [weight, name]) => (weight === 0 ? text : `${text} - (${weight}) * ${name}`),
    String(Math.log(control.safety)),
  )
  const lowest =
    Math.log(control.safety) + Math.min(0, b2 * -smallestLogError) + Math.min(0, b3 * -smallestLogError)
  const bounded = ratio || b1 < 0 || lowest < least ? `Math.max(${wanted}, ${least})` : wanted
  const used: readonly (readonly [boolean, string, number])[] = [
    [memory1, 'logError1', slot.logError1],
    [memory2, 'logError2', slot.logError2],
    [ratio, 'logRatio1', slot.logRatio1],
    [ratio, 'logRatio2', slot.logRatio2],
  ]
  const kept = used.filter(([use]) => use)
  return {
    load: kept.map(([, name, at]) => `let ${name} = R[${at}]`).join('\n'),
    accept: [
      printHalfLog('logError', 'sum', n),
      `let logFactor = Math.min(${bounded}, ${most})`,
      'if (streak > 0 && logFactor > 0) logFactor = 0',
      ...(control.limiter ? [printExp('raw', 'logFactor'), 'const factor = 1 + Math.atan(raw - 1)'] : []),
      ...(control.limiter ? [] : [printExp('factor', 'logFactor')]),
      ...(memory2 ? ['logError2 = logError1'] : []),
      ...(memory1 ? [`logError1 = Math.max(logError, ${smallestLogError})`] : []),
      ...(ratio ? ['logRatio2 = logRatio1; logRatio1 = last ? 0 : logFactor'] : []),
    ].join('\n'),
    reject: [
      `let factor = ${control.minFactor}`,
      'if (sum - sum === 0) {',
      printHalfLog('logError', 'sum', n),
      `const logFactor = Math.min(Math.max(${Math.log(control.safety)} - ${1 / k} * logError, ${least}), ${largestRejection})`,
      printExp('shrunk', 'logFactor'),
      'factor = shrunk',
      '}',
    ].join('\n'),
    store: kept.map(([, name, at]) => `R[${at}] = ${name}`).join('\n'),
  }
}
