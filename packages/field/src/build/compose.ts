import { misuse } from '../error.js'
import { expectField, expectSameOrder, type Field, mergeTheta } from '../field.js'
import { Builder, type Ref } from '../graph/builder.js'
import { embed, type Leaves } from '../graph/embed.js'
import { makeField } from '../makeField.js'

/** Places one of the combined fields into the graph, on the common state unless told otherwise. */
export type Place = (field: Field, leaves?: Omit<Leaves, 'theta'>) => Ref

/**
 * Derives a field from others that share time, state and input: θ is the concatenation of theirs (a field
 * named twice counts once), and `build` says what to make of them.
 * @example
 * const f = expression('sin(x)', ['x'])
 * const g = expression('x^2', ['x'])
 * combine([f, g], (b, place) => b.add(place(f), place(g))) // f + g
 */
export function combine(
  fields: readonly Field[],
  build: (b: Builder, place: Place) => Ref,
  name?: string,
): Field {
  const distinct = [...new Set(fields)]
  const first = distinct[0] as Field
  const b = new Builder()
  const { theta, layout, offsets } = mergeTheta(distinct)
  const all = b.leaf('theta', theta.length)
  const place: Place = (field, leaves = {}) => {
    const k = distinct.indexOf(field)
    const own = b.gather(
      all,
      Array.from({ length: field.theta.length }, (_, i) => (offsets[k] as number) + i),
    )
    return embed(b, field, { ...leaves, theta: own })
  }
  const output = build(b, place)
  return makeField(b, output, {
    name: name ?? first.name,
    stateNames: first.stateNames,
    inputNames: first.inputNames,
    theta,
    layout,
  })
}

/**
 * The closed loop x' = f(t, x, k(t, x)) of a plant with inputs and a controller from its state to them.
 * @example
 * const cart = system({ state: ['x', 'v'], input: ['u'], dynamics: { x: 'v', v: 'u' } })
 * closeLoop(cart, network({ widths: [2, 16, 1], activation: 'tanh', seed: 1 }))
 */
export function closeLoop(plant: Field, controller: Field): Field {
  expectField('closeLoop', plant)
  expectField('closeLoop', controller)
  if (plant.inputSize === 0)
    throw misuse({
      where: 'closeLoop',
      expected: 'a plant with inputs',
      got: `${plant.name} without`,
      try: "system({ …, input: ['u'] })",
    })
  if (controller.stateSize !== plant.stateSize || controller.outputSize !== plant.inputSize)
    throw misuse({
      where: 'closeLoop',
      expected: `a controller R^${plant.stateSize} → R^${plant.inputSize}`,
      got: `R^${controller.stateSize} → R^${controller.outputSize}`,
      try: `network({ widths: [${plant.stateSize}, 16, ${plant.inputSize}], … })`,
      code: 'wrong-dimension',
    })
  expectSameOrder('closeLoop', plant, controller)
  const loop = combine(
    [plant, controller],
    (_b, place) => place(plant, { input: place(controller) }),
    plant.name,
  )
  return Object.freeze({ ...loop, inputNames: [], inputSize: 0 })
}

/** outer ∘ inner: x ↦ outer(t, inner(t, x)). */
export function compose(outer: Field, inner: Field): Field {
  expectField('compose', outer)
  expectField('compose', inner)
  if (outer.stateSize !== inner.outputSize)
    throw misuse({
      where: 'compose',
      expected: `an inner field of length ${outer.stateSize}`,
      got: `length ${inner.outputSize}`,
      try: 'compose(outer, inner), the inner one is applied first',
      code: 'wrong-dimension',
    })
  return combine(
    [inner, outer],
    (_b, place) => place(outer, { state: place(inner) }),
    `${outer.name}∘${inner.name}`,
  )
}

/** Augmentation (Dupont et al. 2019): k further states that stand still. x' = f(x), a' = 0. */
export function augment(f: Field, k: number): Field {
  expectField('augment', f)
  if (!Number.isInteger(k) || k < 1)
    throw misuse({
      where: 'augment',
      expected: 'a positive number of states to add',
      got: String(k),
      try: 'augment(f, 1)',
    })
  const b = new Builder()
  const all = b.leaf('state', f.stateSize + k)
  const x = b.gather(
    all,
    Array.from({ length: f.stateSize }, (_, i) => i),
  )
  const output = b.concat([embed(b, f, { state: x }), b.zeros(k)])
  const names = Array.from({ length: k }, (_, i) => `a${i + 1}`)
  return makeField(b, output, { ...f, name: `augment(${f.name})`, stateNames: [...f.stateNames, ...names] })
}

/**
 * θ becomes constants: the field that a certificate speaks of. Parameters stand for the decimals that they
 * print as, weights for their very doubles.
 */
export function freeze(f: Field): Field {
  expectField('freeze', f)
  const b = new Builder()
  const parts = f.layout.map((block) => {
    const length = block.shape.reduce((product, n) => product * n, 1)
    return b.constant(
      Array.from(f.theta.subarray(block.offset, block.offset + length)),
      block.kind === 'weight',
    )
  })
  const output = f.theta.length === 0 ? embed(b, f) : embedFrozen(b, f, parts)
  return makeField(b, output, { ...f, theta: new Float64Array(0), layout: [] })
}

function embedFrozen(b: Builder, f: Field, parts: readonly Ref[]): Ref {
  const theta = parts.length === 1 ? (parts[0] as Ref) : b.concat(parts)
  return embed(b, f, { theta })
}
