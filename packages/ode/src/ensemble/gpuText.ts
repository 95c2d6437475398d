// Text that the kernels of an ensemble on gpu.js share: `function (x, c)` in the subset of JavaScript that it
// translates. x is [rows][batch]; c holds the field's coefficients, then what the caller appends.
import { type Field, type GpuStatements, gpuStatements, kernelLimit, misuse } from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'

/** A kernel whose thread p·batch + i computes number p of trajectory i. */
export interface GpuSource {
  readonly outputs: number
  source(batch: number): string
}

export const range = (n: number) => Array.from({ length: n }, (_, i) => i)

/** A literal that shaders read as a float. */
export const decimal = (v: number) => (Number.isInteger(v) && Math.abs(v) < 1e9 ? `${v}.0` : String(v))

/** Statements up to which the stages of a step are written out; above, they are a loop with the field in it once. */
const unrolledStatements = 300

/** A method on a field, as kernels print it. */
export interface GpuStep {
  readonly method: ExplicitMethod
  readonly statements: GpuStatements
  /** states that are integrated; further ones are parameters */
  readonly n: number
  readonly stages: number
  readonly rolled: boolean
  /** numbers that a rolled step reads behind all settings: a, row by row, then c */
  readonly table: readonly number[]
}

/** Chooses the form of a step; the field must fit once in any case. */
export function gpuStep(
  method: ExplicitMethod,
  field: Field,
  { n, stages }: { readonly n: number; readonly stages: number },
): GpuStep {
  const statements = gpuStatements(field)
  if (statements.operations > kernelLimit)
    throw misuse({
      where: `ensemble(${field.name})`,
      expected: `at most ${kernelLimit} statements of the field in a GPU kernel`,
      got: String(statements.operations),
      try: "backend: 'wasm' with precision: 'single'",
      code: 'kernel-too-large',
    })
  const rolled = statements.operations * stages > unrolledStatements
  const row = (j: number) => range(stages).map((m) => method.a[j]?.[m] ?? 0)
  const table = rolled ? [...range(stages).flatMap(row), ...method.c.slice(0, stages)] : []
  return { method, statements, n, stages, rolled, table }
}

/** Wraps statements into a kernel over named rows, which returns one of the named results. */
export function kernelText(
  { coefficients, locals }: GpuStatements,
  rows: readonly string[],
  settings: readonly string[],
  body: readonly string[],
  results: readonly string[],
): (batch: number) => string {
  const count = coefficients.outputSize
  return (batch) =>
    [
      'function (x, c) {',
      // exact below 2²⁰ threads: half a thread away from every integer
      `var part = Math.floor((this.thread.x + 0.5) / ${batch}.0);`,
      `var i = this.thread.x - part * ${batch};`,
      ...rows.map((name, k) => `var ${name} = x[i + ${k * batch}];`),
      ...range(locals).map((k) => `var c${k} = c[${k}];`),
      ...settings.map((name, k) => `var ${name} = c[${count + k}];`),
      ...body,
      ...results.slice(0, -1).map((name, k) => `if (part < ${k}.5) { return ${name}; }`),
      `return ${results.at(-1)};`,
      '}',
    ].join('\n')
}

/** y_k + h Σ a_j k_j for a row of coefficients. */
export function combination(row: readonly number[], k: number, h: string): string {
  const terms = weightedSlopes(row, k)
  return `y${k}${terms === '' ? '' : ` + ${h} * (${terms})`}`
}

/** Σ a_j k_j, zeros left out. */
export function weightedSlopes(row: readonly number[], k: number): string {
  return row.flatMap((a, j) => (a === 0 ? [] : [`(${decimal(a)}) * k${j}_${k}`])).join(' + ')
}

/**
 * Stages k0_0 … of a step of size `h` from the time `time`; `bad` becomes 1 where the field has no finite value.
 * `settings` is how many settings the kernel has.
 */
export function stageLines(
  step: GpuStep,
  { h, time, settings }: { readonly h: string; readonly time: string; readonly settings: number },
): string[] {
  const { method, statements, n, stages } = step
  if (step.rolled)
    return rolledStages(step, { h, time, table: statements.coefficients.outputSize + settings })
  const lines: string[] = []
  for (let j = 0; j < stages; j++) {
    const row = method.a[j] as readonly number[]
    for (const k of range(n)) lines.push(`var z${j}_${k} = ${combination(row.slice(0, j), k, h)};`)
    lines.push(`var t${j} = ${time} + (${decimal(method.c[j] as number)}) * ${h};`)
    lines.push(
      ...evaluationLines(statements, n, {
        prefix: `v${j}_`,
        point: (k) => `z${j}_${k}`,
        time: `t${j}`,
        out: (k) => `k${j}_${k}`,
      }),
    )
  }
  return lines
}

/** All stages in one loop: slopes that are not known yet are zero, as is their weight. */
function rolledStages(
  { statements, n, stages }: GpuStep,
  { h, time, table }: { readonly h: string; readonly time: string; readonly table: number },
): string[] {
  const weight = (m: number) => `c[stage * ${stages} + ${table + m}]`
  const sum = (k: number) =>
    range(stages)
      .map((m) => `${weight(m)} * k${m}_${k}`)
      .join(' + ')
  return [
    ...range(stages).flatMap((j) => range(n).map((k) => `var k${j}_${k} = 0.0;`)),
    `for (var stage = 0; stage < ${stages}; stage++) {`,
    ...range(n).map((k) => `var z${k} = y${k} + ${h} * (${sum(k)});`),
    `var tz = ${time} + c[stage + ${table + stages * stages}] * ${h};`,
    ...evaluationLines(statements, n, {
      prefix: 'v',
      point: (k) => `z${k}`,
      time: 'tz',
      out: (k) => `f${k}_`,
    }),
    ...range(stages).map(
      (j) =>
        `if (stage == ${j}) { ${range(n)
          .map((k) => `k${j}_${k} = f${k}_;`)
          .join(' ')} }`,
    ),
    '}',
  ]
}

/** The field once. */
export function evaluationLines(
  statements: GpuStatements,
  n: number,
  names: {
    readonly prefix: string
    readonly point: (k: number) => string
    readonly time: string
    readonly out: (k: number) => string
  },
): string[] {
  const { lines, invalid, outputs } = statements.print(names.prefix, {
    state: (k) => (k < n ? names.point(k) : `y${k}`),
    time: names.time,
  })
  return [
    ...lines,
    ...invalid.map((condition) => `if (${condition}) { bad = 1.0; }`),
    ...range(n).map((k) => `var ${names.out(k)} = ${outputs[k]};`),
  ]
}
