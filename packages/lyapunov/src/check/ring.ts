import * as I from './interval.js'

/** The arithmetic that a jet is made of: intervals over a box, or exact polynomials. */
export interface Ring<T> {
  readonly constant: (value: number, exact: boolean) => T
  readonly add: (a: T, b: T) => T
  readonly sub: (a: T, b: T) => T
  readonly mul: (a: T, b: T) => T
  readonly div: (a: T, b: T) => T
  readonly power: (a: T, k: number) => T
  readonly call: (name: string, x: T) => T
  readonly angle: (y: T, x: T) => T
}

export const intervals: Ring<I.Interval> = { ...I, call: (name, x) => I.functions[name](x) }
