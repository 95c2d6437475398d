import {
  type Field,
  type GpuStatements,
  gpuStatements,
  invalidResult,
  kernelLimit,
  misuse,
} from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'

/** Kernels that take a number of equal steps, one thread a trajectory, one kernel for each component. */
export interface GpuSolve {
  readonly coefficients: Field
  source(component: number, batch: number): string
}

/**
 * Steps of one kernel call. gpu.js cuts loops at 1000 iterations without a word, and drivers stop kernels that
 * run for seconds.
 */
export const stepsPerKernel = 250

/**
 * Prints `function (x, c)` in the subset of JavaScript that gpu.js translates: x is [n][batch], c the field's
 * coefficients, then the step and the number of steps. Where a value on the way is not finite the result is
 * `invalidResult`.
 */
export function printGpuSolve(method: ExplicitMethod, field: Field): GpuSolve {
  const statements = gpuStatements(field)
  const stages = method.b[method.stages - 1] === 0 ? method.stages - 1 : method.stages
  if (statements.operations * stages > kernelLimit)
    throw misuse({
      where: `ensemble(${field.name})`,
      expected: `at most ${kernelLimit} operations in the ${stages} stages of a GPU kernel`,
      got: String(statements.operations * stages),
      try: "backend: 'wasm' with precision: 'single'",
      code: 'kernel-too-large',
    })
  const body = printStep(method, field.stateSize, stages, statements)
  return {
    coefficients: statements.coefficients,
    source: (component, batch) => printSolve(component, batch, field.stateSize, statements, body),
  }
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

function printSolve(
  component: number,
  batch: number,
  n: number,
  { coefficients }: GpuStatements,
  body: readonly string[],
): string {
  const count = coefficients.outputSize
  return [
    'function (x, c) {',
    'var i = this.thread.x;',
    ...range(n).map((k) => `var y${k} = x[i + ${k * batch}];`),
    ...range(count).map((k) => `var c${k} = c[${k}];`),
    `var h = c[${count}];`,
    `var count = c[${count + 1}];`,
    'var bad = 0.0;',
    `for (var s = 0; s < ${stepsPerKernel}; s++) {`,
    'if (s < count) {',
    ...body,
    '}',
    '}',
    `if (bad > 0.5) { return ${invalidResult}; }`,
    `return y${component};`,
    '}',
  ].join('\n')
}

function printStep(method: ExplicitMethod, n: number, stages: number, statements: GpuStatements): string[] {
  const lines: string[] = []
  const slopes: (readonly string[])[] = []
  const sum = (row: readonly number[], k: number) =>
    row
      .map((a, j) => ({ a, slope: slopes[j]?.[k] }))
      .filter(({ a, slope }) => a !== 0 && slope !== undefined)
      .map(({ a, slope }) => `(${decimal(a)}) * ${slope}`)
      .join(' + ')
  for (let j = 0; j < stages; j++) {
    const row = method.a[j] as readonly number[]
    for (const k of range(n)) {
      const terms = sum(row, k)
      lines.push(`var z${j}_${k} = y${k}${terms === '' ? '' : ` + h * (${terms})`};`)
    }
    const { lines: own, invalid, outputs } = statements.print(`v${j}_`, (k) => `z${j}_${k}`)
    lines.push(...own, ...invalid.map((condition) => `if (${condition}) { bad = 1.0; }`))
    for (const k of range(n)) lines.push(`var k${j}_${k} = ${outputs[k]};`)
    slopes.push(range(n).map((k) => `k${j}_${k}`))
  }
  for (const k of range(n)) lines.push(`y${k} = y${k} + h * (${sum(method.b, k)});`)
  return lines
}

/** A literal that shaders read as a float. */
const decimal = (v: number) => (Number.isInteger(v) ? `${v}.0` : String(v))
