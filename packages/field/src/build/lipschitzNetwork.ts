import { misuse, show } from '../error.js'
import type { Field } from '../field.js'
import { Builder, type Ref } from '../graph/builder.js'
import { makeField } from '../makeField.js'
import { groupSort } from './groupSort.js'
import { type WeightBlock, weights } from './weights.js'

export interface LipschitzNetworkOptions {
  /** lengths of the input and of the output, at most `width` */
  readonly inputs: number
  readonly outputs: number
  /** of every layer, even */
  readonly width: number
  /** layers, each orthogonal with a bias, GroupSort between them */
  readonly depth: number
  readonly seed: number
  /** reflections per layer; `width` by default, of which every orthogonal matrix (up to a sign) is a product */
  readonly reflections?: number
  readonly name?: string
}

/**
 * A network with Lipschitz constant 1 in the Euclidean norm, whatever θ: orthogonal layers Qx + b, between them
 * GroupSort of pairs, (a, b) ↦ (max, min), which only permutes and so keeps gradients' lengths (Anil, Lucas & Grosse,
 * ICML 2019). Q = Π (I − 2vvᵀ/|v|²) is a product of Householder reflections, orthogonal without an inverse or an
 * iteration. Inputs are padded with zeros, outputs are the first of the width. A θ with v = 0 has no value.
 * Cost: 4·width·reflections operations a layer.
 * @example lipschitzNetwork({ inputs: 2, outputs: 1, width: 8, depth: 3, seed: 0 })
 */
export function lipschitzNetwork(options: LipschitzNetworkOptions): Field {
  const { inputs, outputs, width, depth, seed, reflections = width, name = 'lipschitzNetwork' } = options
  check(`lipschitzNetwork(${name})`, { ...options, reflections })
  const blocks = Array.from({ length: depth }, (_, k): WeightBlock[] => [
    { name: `reflections${k + 1}`, shape: [reflections, width], start: (random) => random.normal() },
    { name: `bias${k + 1}`, shape: [width] },
  ]).flat()
  const { theta, layout, place } = weights(name, blocks, seed)
  const b = new Builder()
  const state = b.leaf('state', inputs)
  let x = inputs === width ? state : b.concat([state, b.zeros(width - inputs)])
  for (let k = 1; k <= depth; k++) {
    const all = place(b, `reflections${k}`)
    for (let r = 0; r < reflections; r++) x = reflect(b, x, b.gather(all, range(r * width, width)))
    x = b.add(x, place(b, `bias${k}`))
    if (k < depth) x = groupSort(b, x)
  }
  const stateNames = Array.from({ length: inputs }, (_, i) => `x${i + 1}`)
  return makeField(b, b.gather(x, range(0, outputs)), { name, stateNames, inputNames: [], theta, layout })
}

/** x − 2v(v·x)/|v|² */
function reflect(b: Builder, x: Ref, v: Ref): Ref {
  const along = b.div(b.mul(b.constant(2), b.dot(v, x)), b.dot(v, v))
  return b.sub(x, b.mul(v, along))
}

const range = (start: number, length: number) => Array.from({ length }, (_, i) => start + i)

function check(
  where: string,
  { inputs, outputs, width, depth, reflections }: LipschitzNetworkOptions & { readonly reflections: number },
): void {
  const positive = (v: number) => Number.isInteger(v) && v > 0
  if (![inputs, outputs, width, depth, reflections].every(positive) || width % 2 !== 0)
    throw misuse({
      where,
      expected: 'positive sizes and an even width',
      got: show({ inputs, outputs, width, depth, reflections }),
      try: '{ inputs: 2, outputs: 1, width: 8, depth: 3, seed: 0 }',
    })
  if (inputs > width || outputs > width)
    throw misuse({
      where,
      expected: `at most ${width} inputs and outputs`,
      got: `${inputs} and ${outputs}`,
      try: 'a larger width',
    })
}
