import { type Field, fieldReadings, literal } from '@separatrix/field/core'
import type { ExplicitMethod } from './tableau.js'

/**
 * How printed code holds vectors. `fused`: components and the field's operations in locals; `unrolled`:
 * components in locals, the field called through two small arrays; `looped`: loops over one array that holds all
 * vectors. One, because a loop over eight arrays runs out of machine registers for their addresses and lengths:
 * a step of tsit5 on an opaque function of 20 or 28 components takes .75 of the time.
 */
export type Layout = 'fused' | 'unrolled' | 'looped'

/** What the printers of one kernel share. */
export interface Sheet {
  readonly method: ExplicitMethod
  readonly layout: Layout
  readonly size: number
  readonly field: Field | undefined
  readonly usesTime: boolean
  /** statements that depend on θ only */
  readonly prologue: readonly string[]
}

/** Parameters up to which each gets a local of its own. */
const localParameters = 64

export function makeSheet(
  method: ExplicitMethod,
  layout: Layout,
  size: number,
  field: Field | undefined,
): Sheet {
  if (layout !== 'fused' || field === undefined)
    return { method, layout, size, field: undefined, usesTime: true, prologue: [] }
  const scalar = fieldReadings().scalarize(field)
  const used = Array.from(field.theta, (_, i) => i).filter(() => field.theta.length <= localParameters)
  const { invariant } = fieldReadings().printStatements(scalar, leafNames(scalar, 1), {
    prefix: 'v',
    invariantPrefix: 'w',
  })
  return {
    method,
    layout,
    size,
    field: scalar,
    usesTime: scalar.nodes.some((node) => node.op === 'time'),
    prologue: [...used.map((i) => `const p_${i} = theta[${i}]`), ...invariant],
  }
}

const leafNames = (field: Field, stage: number) => ({
  time: `t${stage}`,
  state: (i: number) => `z${stage}_${i}`,
  theta: (i: number) => (field.theta.length <= localParameters ? `p_${i}` : `theta[${i}]`),
  input: (i: number) => `input[${i}]`,
})

/** Components in one pass of a loop. */
const perPass = 2

/** Runs a statement for every component: once per component, or as a loop over a few at a time. */
export function each({ layout, size: n }: Sheet, statement: (i: string) => string): string {
  const list = (names: readonly string[]) => names.map(statement).join('\n')
  const numbers = Array.from({ length: n }, (_, i) => String(i))
  if (layout !== 'looped') return list(numbers)
  const whole = n - (n % perPass)
  const pass = list(Array.from({ length: perPass }, (_, k) => (k === 0 ? 'i' : `i + ${k}`)))
  return `for (let i = 0; i < ${whole}; i += ${perPass}) { ${pass} }\n${list(numbers.slice(whole))}`
}

/** Component i of a vector: a local, or an entry of the array, where z, k1, k2, … and y follow each other. */
export function at({ layout, method, size }: Sheet, vector: string, i: string): string {
  if (layout !== 'looped') return `${vector}_${i}`
  const row = vector === 'z' ? 0 : vector === 'y' ? method.stages + 1 : Number(vector.slice(1))
  return isNumber(i) ? `W[${row * size + Number(i)}]` : `W[${i} + ${row * size}]`
}

/** Whether a component is given by its number, not by the counter of a loop. */
export const isNumber = (i: string): boolean => /^\d+$/.test(i)

const nonZero = (values: readonly number[]) =>
  [...values.keys()].filter((j) => values[j] !== 0).map((j) => [j + 1, values[j] as number] as const)

/** h·a for a row of coefficients, as locals named `prefix + j`. */
export function scaled(prefix: string, row: readonly number[], h: string): string {
  return nonZero(row)
    .map(([j, v]) => `const ${prefix}${j} = ${v === 1 ? h : `${h} * ${literal(v)}`}`)
    .join('\n')
}

/** start + Σ (h a_j) k_j, newest stage last, so that the sum waits for it only once. */
export function combination(sheet: Sheet, prefix: string, row: readonly number[], start?: string) {
  return (i: string) => {
    const terms = nonZero(row).map(([j]) => `${prefix}${j} * ${at(sheet, `k${j}`, i)}`)
    return [...(start === undefined ? [] : [at(sheet, start, i)]), ...terms].join(' + ') || '0'
  }
}

/** Statements that give k_j at stage j (from 1) from the vectors y, k1 … k_(j−1); `h` and `t` are locals. */
export function printStage(sheet: Sheet, j: number): string {
  const { method } = sheet
  const row = method.a[j - 1] as readonly number[]
  const z = sheet.layout === 'looped' ? 'z' : `z${j}`
  const declare = sheet.layout === 'looped' ? '' : 'const '
  const point = combination(sheet, `h${j}_`, row, 'y')
  if (sheet.layout === 'looped' && j === 1) return `${printStageTime(sheet, 1)}\nf(t1, y, k1, theta)`
  return [
    printStageTime(sheet, j),
    each(sheet, (i) => `${declare}${at(sheet, z, i)} = ${point(i)}`),
    printEvaluation(sheet, j),
  ].join('\n')
}

/** Step sizes times coefficients of every row, hoisted out of the components. */
export function printScaledRows(sheet: Sheet, stages: number): string {
  return sheet.method.a
    .slice(0, stages)
    .map((row, i) => scaled(`h${i + 1}_`, row, 'h'))
    .filter((text) => text !== '')
    .join('\n')
}

function printStageTime(sheet: Sheet, j: number): string {
  if (!sheet.usesTime) return ''
  const c = sheet.method.c[j - 1] as number
  const time = c === 0 ? 't' : c === 1 ? 'tEnd' : `t + ${literal(c)} * h`
  return `const t${j} = ${time}`
}

/** k_j = f(t_j, z_j). */
export function printEvaluation(sheet: Sheet, j: number, declare = 'const '): string {
  if (sheet.layout === 'looped') return `f(t${j}, z, k${j}, theta)`
  if (sheet.field === undefined) {
    const load = each(sheet, (i) => `Z[${i}] = z${j}_${i}`)
    return `${load}\nf(t${j}, Z, K, theta)\n${each(sheet, (i) => `${declare}k${j}_${i} = K[${i}]`)}`
  }
  const { body, outputs } = fieldReadings().printStatements(sheet.field, leafNames(sheet.field, j), {
    prefix: `v${j}_`,
    invariantPrefix: 'w',
  })
  return [...body, ...outputs.map((value, i) => `${declare}k${j}_${i} = ${value}`)].join('\n')
}
