import { createRequire } from 'node:module'

/** What the benchmarks use of packages that bring no types that compile. */
export interface Odex {
  readonly Solver: new (
    n: number,
  ) => {
    absoluteTolerance: number
    relativeTolerance: number
    maxSteps: number
    solve(f: (x: number, y: number[]) => number[], x: number, y: number[], xEnd: number): { y: number[] }
  }
}

export type CashKarp = (
  y0: Float64Array,
  deriv: (dydt: Float64Array, y: Float64Array, t: number) => void,
  t0: number,
  dt0: number,
  options: { readonly tol: number; readonly verbose: boolean },
) => { readonly y: Float64Array; steps(n: number, tLimit: number): boolean }

const require = createRequire(import.meta.url)

export const peer = <T>(name: string): T => require(name) as T

export interface Numeric {
  dopri(
    x0: number,
    x1: number,
    y0: number[],
    f: (x: number, y: number[]) => number[],
    tol: number,
    maxSteps: number,
  ): { y: number[][] }
}
