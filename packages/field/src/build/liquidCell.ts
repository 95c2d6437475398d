import { misuse, show } from '../error.js'
import type { Field } from '../field.js'
import { Builder } from '../graph/builder.js'
import { makeField } from '../makeField.js'
import { glorot, uniform, weights } from './weights.js'

export interface LiquidCellOptions {
  /** n, the number of neurons */
  readonly units: number
  /** k, the number of inputs; 0 for an autonomous cell */
  readonly inputs: number
  readonly seed: number
  readonly name?: string
}

/**
 * A liquid time-constant cell: x′ = −(1/τ + f)·x + f·A with f = sigmoid(Wx + Uu + b) > 0 and 1/τ = softplus(ρ), all
 * per neuron. Its time constant τ/(1 + τf) depends on what it sees, and each neuron stays between min(0, Aᵢ) and
 * max(0, Aᵢ) whatever the input. Hasani et al., "Liquid Time-constant Networks", AAAI 2021, eq. 1, theorem 2.
 * The input is the field's input u: close the loop, or `compose` it with a signal.
 * @example liquidCell({ units: 8, inputs: 2, seed: 0 })
 */
export function liquidCell({ units, inputs, seed, name = 'liquidCell' }: LiquidCellOptions): Field {
  if (!Number.isInteger(units) || units < 1 || !Number.isInteger(inputs) || inputs < 0)
    throw misuse({
      where: `liquidCell(${name})`,
      expected: 'a positive number of units and a number of inputs',
      got: `units ${show(units)}, inputs ${show(inputs)}`,
      try: 'units: 8, inputs: 2',
    })
  const blocks = [
    { name: 'recurrent', shape: [units, units], start: glorot(units, units) },
    ...(inputs > 0 ? [{ name: 'input', shape: [units, inputs], start: glorot(inputs, units) }] : []),
    { name: 'bias', shape: [units] },
    { name: 'leak', shape: [units] },
    { name: 'reversal', shape: [units], start: uniform(1) },
  ]
  const { theta, layout, place } = weights(name, blocks, seed)
  const b = new Builder()
  const x = b.leaf('state', units)
  const own = b.affine(place(b, 'recurrent'), x, place(b, 'bias'), units, units)
  const drive =
    inputs > 0 ? b.add(own, b.matvec(place(b, 'input'), b.leaf('input', inputs), units, inputs)) : own
  const f = b.unary('sigmoid', drive)
  const decay = b.mul(b.add(b.unary('softplus', place(b, 'leak')), f), x)
  const output = b.sub(b.mul(f, place(b, 'reversal')), decay)
  return makeField(b, output, {
    name,
    stateNames: Array.from({ length: units }, (_, i) => `x${i + 1}`),
    inputNames: Array.from({ length: inputs }, (_, i) => `u${i + 1}`),
    theta,
    layout,
  })
}
