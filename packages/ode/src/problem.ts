import { type Field, fieldReadings, isField, misuse, show } from '@separatrix/field/core'
import { remember } from './remember.js'

/** Right-hand side of y' = f(t, y, θ): writes the derivative into `dydt`. */
export type VectorFieldFunction = (
  t: number,
  y: Float64Array,
  dydt: Float64Array,
  theta: Float64Array,
) => unknown

/** What is integrated: the right-hand side as a function, and as a graph where it was given as a field. */
export interface Problem {
  readonly vectorField: VectorFieldFunction
  readonly field: Field | undefined
  /** the object that compiled code is remembered under */
  readonly key: object
  readonly size: number
  readonly theta: Float64Array
  /** whether the right-hand side may depend on t; a constant in its place spares a boxed double per call */
  readonly timed: boolean
}

const isTimed = (field: Field) =>
  remember(field, makeProblem, 'timed', () => ({ timed: field.nodes.some((node) => node.op === 'time') }))
    ?.timed === true

/** Checks a right-hand side against the length of its state. */
export function makeProblem(
  target: Field | VectorFieldFunction,
  size: number,
  theta: ArrayLike<number> | undefined,
): Problem {
  if (size === 0)
    throw misuse({
      where: 'solve(y0)',
      expected: 'at least one state',
      got: 'an empty array',
      try: 'y0: [1]',
      code: 'wrong-dimension',
    })
  if (typeof target === 'function') {
    return {
      vectorField: target,
      field: undefined,
      key: target,
      size,
      theta: new Float64Array(theta ?? []),
      timed: true,
    }
  }
  if (!isField(target))
    throw misuse({
      where: 'solve',
      expected: 'a field or a function (t, y, dydt) => void',
      got: show(target),
      try: "system({ state: ['x'], dynamics: { x: '-x' } })",
    })
  checkField(target, size)
  const parameters = new Float64Array(theta ?? target.theta)
  if (parameters.length !== target.theta.length)
    throw misuse({
      where: 'solve(theta)',
      expected: `${target.theta.length} parameters`,
      got: `${parameters.length}`,
      try: 'a copy of field.theta with entries changed',
      code: 'wrong-dimension',
    })
  const vectorField = remember(target, makeProblem, 'vectorField', () =>
    fieldReadings().compile(target),
  ) as VectorFieldFunction
  return {
    vectorField,
    field: target,
    key: target,
    size,
    theta: parameters,
    timed: isTimed(target),
  }
}

function checkField(field: Field, size: number): void {
  const where = `solve(${field.name})`
  if (field.inputSize > 0)
    throw misuse({
      where,
      expected: 'a field without open inputs',
      got: `inputs ${field.inputNames.join(', ')}`,
      try: 'closeLoop(plant, controller)',
      code: 'open-inputs',
    })
  if (field.outputSize !== field.stateSize)
    throw misuse({
      where,
      expected: 'a field from Rⁿ to Rⁿ',
      got: `R^${field.stateSize} → R^${field.outputSize}`,
      try: 'a derivative for every state',
      code: 'wrong-dimension',
    })
  if (size !== field.stateSize)
    throw misuse({
      where: `${where}.y0`,
      expected: `${field.stateSize} values (${field.stateNames.slice(0, 8).join(', ')})`,
      got: `${size}`,
      try: 'one initial value per state',
      code: 'wrong-dimension',
    })
}

/**
 * f at the time in clock[0]. A double among the arguments of a call that is not inlined is allocated, so a
 * field that does not use t gets a constant.
 */
export function atClock(
  { vectorField, theta, timed }: Problem,
  clock: Float64Array,
): (y: Float64Array, dydt: Float64Array) => void {
  if (timed) return (y, dydt) => void vectorField(clock[0] as number, y, dydt, theta)
  return (y, dydt) => void vectorField(0, y, dydt, theta)
}

/**
 * The derivative at the start. Catches the common mistake of a function that returns it instead of writing it: a
 * value comes back, and nothing was written. A field needs no such test.
 */
export function firstDerivative(problem: Problem, t: number, y: Float64Array): Float64Array {
  const dydt = new Float64Array(problem.size).fill(Number.NaN)
  const returned = problem.vectorField(t, y.slice(), dydt, problem.theta)
  if (problem.field !== undefined || returned === undefined) return dydt
  const isValue = returned !== dydt && !Number.isNaN(returned)
  if (isValue && dydt.every(Number.isNaN))
    throw misuse({
      where: 'solve(fn)',
      expected: 'a function that writes the derivative into its third argument',
      got: 'one that returns a value and writes nothing',
      try: '(t, y, dydt) => { dydt[0] = -y[0] }',
      code: 'returned-derivative',
    })
  return dydt
}
