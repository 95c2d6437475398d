import { misuse, show } from '../error.js'
import type { Field, ThetaBlock } from '../field.js'
import { Builder, type Ref } from '../graph/builder.js'
import { makeField } from '../makeField.js'
import { parseFormula, reservedNames } from './parse.js'

/** Equations of motion, as text. */
export interface SystemOptions {
  readonly state: readonly string[]
  readonly input?: readonly string[]
  /** parameters by name, with their default values */
  readonly params?: Readonly<Record<string, number>>
  /** the derivative of each state, in mathjs syntax; may use states, inputs, parameters and the time t */
  readonly dynamics: Readonly<Record<string, string>>
  readonly name?: string
}

/**
 * A dynamical system x' = f(t, x, u, θ) from equations. Parameters become θ (by name in `field.layout`).
 * @example
 * const pendulum = system({
 *   state: ['theta', 'omega'], input: ['u'], params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
 *   dynamics: { theta: 'omega', omega: '(g/l) * sin(theta) - b/(m*l^2) * omega + u/(m*l^2)' },
 * })
 */
export function system({ state, input = [], params = {}, dynamics, name = 'system' }: SystemOptions): Field {
  const where = `system(${name})`
  if (!Array.isArray(state) || state.length === 0)
    throw misuse({ where, expected: 'at least one state', got: show(state), try: "state: ['x']" })
  const missing = state.find((s) => typeof dynamics[s] !== 'string')
  if (missing !== undefined)
    throw misuse({
      where,
      expected: `dynamics for every state (${state.join(', ')})`,
      got: `none for ${show(missing)}`,
      try: `dynamics: { ${missing}: '…' }`,
      code: 'missing-dynamics',
    })
  const extra = Object.keys(dynamics).find((s) => !state.includes(s))
  if (extra !== undefined)
    throw misuse({
      where,
      expected: `dynamics for ${state.join(', ')} only`,
      got: show(extra),
      try: `adding ${extra} to state`,
    })
  const b = new Builder()
  const { scope, theta, layout } = declare(b, where, { state, input, params })
  const rates = state.map((s) => parseFormula(b, dynamics[s] as string, scope, `${where}.dynamics.${s}`))
  return makeField(b, b.concat(rates), {
    name,
    stateNames: [...state],
    inputNames: [...input],
    theta,
    layout,
  })
}

/**
 * A scalar field such as V(x), from text.
 * @example expression('1.5*x^2 - x*y + y^2', ['x', 'y'])
 */
export function expression(
  text: string,
  inputs: readonly string[],
  params: Readonly<Record<string, number>> = {},
): Field {
  const b = new Builder()
  const { scope, theta, layout } = declare(b, 'expression', { state: inputs, input: [], params })
  const value = parseFormula(b, text, scope, 'expression')
  return makeField(b, value, { name: text, stateNames: [...inputs], inputNames: [], theta, layout })
}

/** Puts all names of a system into scope, checking them. */
function declare(
  b: Builder,
  where: string,
  {
    state,
    input,
    params,
  }: { state: readonly string[]; input: readonly string[]; params: Readonly<Record<string, number>> },
) {
  const names = [...state, ...input, ...Object.keys(params)]
  for (const [i, n] of names.entries()) {
    if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(n))
      throw misuse({ where, expected: 'names of letters, digits and _', got: show(n), try: 'e.g. x1' })
    if (names.indexOf(n) !== i)
      throw misuse({ where, expected: 'distinct names', got: `${show(n)} twice`, try: 'another name' })
    if (reservedNames.has(n))
      throw misuse({
        where,
        expected: 'names that are not reserved',
        got: show(n),
        try: `${n}_ or another name`,
      })
  }
  for (const [n, v] of Object.entries(params)) {
    if (typeof v !== 'number' || !Number.isFinite(v))
      throw misuse({
        where,
        expected: `a finite value for the parameter ${n}`,
        got: show(v),
        try: `params: { ${n}: 1 }`,
        code: 'missing-parameter',
      })
  }
  const values = Object.values(params)
  const scope = new Map<string, Ref>([['t', b.leaf('time', 1)]])
  const add = (op: 'state' | 'input' | 'theta', list: readonly string[]) => {
    const vector = b.leaf(op, list.length)
    list.forEach((n, i) => {
      scope.set(n, b.gather(vector, [i]))
    })
  }
  add('state', state)
  add('input', input)
  add('theta', Object.keys(params))
  const layout = Object.keys(params).map(
    (n, i): ThetaBlock => ({ name: n, offset: i, shape: [], kind: 'parameter' }),
  )
  return { scope, theta: Float64Array.from(values), layout }
}
