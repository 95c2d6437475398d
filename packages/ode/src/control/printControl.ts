import { slot } from '../state.js'
import type { StepControl } from './adaptive.js'

/** Errors below this, in log₂, count as this for the next step's memory: e ≥ 10⁻⁴ as in DOPRI5. */
export const smallestLogError = -13.3

/** JavaScript for a controller, working on locals of the generated loop. */
export interface ControlSource {
  /** before the loop: registers into locals */
  readonly load: string
  /** after an accepted step of scaled squared error `sum` over n: sets `factor` */
  readonly accept: string
  /** after a rejected one: sets `factor` */
  readonly reject: string
  readonly store: string
}

/**
 * Prints a controller for squared errors: log₂ e = ½ log₂(sum/n), with ½, 1/k and the safety factor folded
 * into constants. Memory that its coefficients do not use is not kept.
 */
export function printControl(control: StepControl, errorOrder: number, n: string): ControlSource {
  const k = errorOrder + 1
  const [b1, b2, b3] = control.beta.map((b) => b / k) as [number, number, number]
  const [a2, a3] = control.alpha
  const [memory1, memory2, ratio] = [b2 !== 0 || b3 !== 0, b3 !== 0, a2 !== 0 || a3 !== 0]
  const terms = [
    String(Math.log2(control.safety)),
    `${b1} * logError`,
    ...(b2 === 0 ? [] : [`${b2} * logError1`]),
    ...(b3 === 0 ? [] : [`${b3} * logError2`]),
    ...(a2 === 0 ? [] : [`${a2} * logRatio1`]),
    ...(a3 === 0 ? [] : [`${a3} * logRatio2`]),
  ]
  const [least, most] = [Math.log2(control.minFactor), Math.log2(control.maxFactor)]
  const held = (x: string) => `Math.min(Math.max(${x}, ${least}), ${most})`
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
      `const logError = .5 * log2(sum / ${n})`,
      `let logFactor = ${terms.join(' - ')}`,
      control.limiter
        ? `logFactor = Math.log2(1 + Math.atan(exp2(${held('logFactor')}) - 1))`
        : `logFactor = ${held('logFactor')}`,
      'if (streak > 0 && logFactor > 0) logFactor = 0',
      memory2 ? 'logError2 = logError1' : '',
      memory1 ? `logError1 = Math.max(logError, ${smallestLogError})` : '',
      ratio ? 'logRatio2 = logRatio1; logRatio1 = last ? 0 : logFactor' : '',
      'const factor = exp2(logFactor)',
    ]
      .filter((line) => line !== '')
      .join('\n'),
    reject: `const factor = sum - sum === 0 ? exp2(Math.min(Math.max(${Math.log2(control.safety)} - ${0.5 / k} * log2(sum / ${n}), ${least}), -.1)) : ${control.minFactor}`,
    store: kept.map(([, name, at]) => `R[${at}] = ${name}`).join('\n'),
  }
}
