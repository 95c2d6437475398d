import {
  Builder,
  blockSize,
  embed,
  type Field,
  isExactDecimal,
  makeField,
  misuse,
  type Ref,
  roundDown,
  roundUp,
  show,
} from '@separatrix/field/core'
import type { Interval } from './box.js'

/** What may vary: parameters that are constant but unknown, inputs that may be any measurable function of time. */
export interface Uncertainty {
  /** bounds of scalar parameters of the field, by name; the others are frozen at their values */
  readonly params?: Readonly<Record<string, Interval>>
  /** bounds of the field's inputs, by name; all of them, if there are any */
  readonly disturbance?: Readonly<Record<string, Interval>>
}

/** A quantity over which a claim is made for all values in an interval. */
export interface Uncertain {
  readonly name: string
  readonly kind: 'parameter' | 'disturbance'
  readonly interval: Interval
}

/** A field whose θ is frozen but for the uncertain parameters, which follow the inputs; both are then bounded. */
export interface BoundedField {
  readonly field: Field
  readonly uncertain: readonly Uncertain[]
}

/** Freezes a field but for what is uncertain. Every input needs bounds. */
export function boundField(
  where: string,
  f: Field,
  { params = {}, disturbance = {} }: Uncertainty,
): BoundedField {
  const open = f.inputNames.find((name) => !(name in disturbance))
  if (open !== undefined)
    throw misuse({
      where,
      expected: 'a closed system, or bounds for every input',
      got: `the open input ${show(open)}`,
      try: `closeLoop(plant, controller), or disturbance: { ${open}: [-0.1, 0.1] }`,
      code: 'open-input',
    })
  const stray = Object.keys(disturbance).find((name) => !f.inputNames.includes(name))
  if (stray !== undefined)
    throw misuse({
      where,
      expected: `inputs of the field (${f.inputNames.join(', ') || 'it has none'})`,
      got: show(stray),
      try: 'params for a parameter',
    })
  const uncertain: Uncertain[] = [
    ...f.inputNames.map((name) => ({
      name,
      kind: 'disturbance' as const,
      interval: widened(where, name, disturbance[name]),
    })),
    ...Object.keys(params).map((name) => ({
      name,
      kind: 'parameter' as const,
      interval: widened(where, name, params[name]),
    })),
  ]
  return { field: opened(where, f, Object.keys(params)), uncertain }
}

/** The interval with room for the decimals that its ends print as. */
function widened(where: string, name: string, interval: Interval): Interval {
  const isFine = interval?.length === 2 && interval.every(Number.isFinite) && interval[0] <= interval[1]
  if (!isFine)
    throw misuse({
      where,
      expected: `bounds [lo, hi] of ${name}, lo ≤ hi`,
      got: show(interval),
      try: `${name}: [0.9, 1.1]`,
    })
  const [lo, hi] = interval
  return [isExactDecimal(lo) ? lo : roundDown(lo), isExactDecimal(hi) ? hi : roundUp(hi)]
}

/** θ becomes constants, except that the named parameters become inputs after those that the field has. */
function opened(where: string, f: Field, names: readonly string[]): Field {
  const b = new Builder()
  const inputs = b.leaf('input', f.inputSize + names.length)
  const parts = f.layout.map((block): Ref => {
    const at = names.indexOf(block.name)
    if (at >= 0 && block.shape.length === 0) return b.gather(inputs, [f.inputSize + at])
    const values = Array.from(f.theta.subarray(block.offset, block.offset + blockSize(block)))
    return b.constant(values, block.kind === 'weight')
  })
  const unknown = names.find(
    (name) => !f.layout.some((block) => block.name === name && block.shape.length === 0),
  )
  if (unknown !== undefined)
    throw misuse({
      where,
      expected: `a scalar parameter (${f.layout.map((block) => block.name).join(', ') || 'the field has none'})`,
      got: show(unknown),
      try: 'field.layout for the names',
    })
  const own = b.gather(
    inputs,
    Array.from({ length: f.inputSize }, (_, i) => i),
  )
  const output = embed(b, f, {
    ...(f.inputSize > 0 && { input: own }),
    ...(parts.length > 0 && { theta: b.concat(parts) }),
  })
  const inputNames = [...f.inputNames, ...names]
  const header = {
    name: f.name,
    stateNames: f.stateNames,
    inputNames,
    theta: new Float64Array(0),
    layout: [],
  }
  return makeField(b, output, header)
}
