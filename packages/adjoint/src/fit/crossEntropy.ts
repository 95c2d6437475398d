import { Builder, embed, expectField, type Field, makeField, misuse, type Ref } from '@separatrix/field/core'

/**
 * What a classifier pays for one sample, as a scalar field of the row [x; y]: log Σⱼ exp zⱼ − Σⱼ yⱼzⱼ with logits
 * z = f(x) and the class as a unit vector y of length k (or probabilities that sum to 1). All z are taken relative to the
 * greatest, which changes nothing and neither overflows nor cancels.
 * @example
 * const f = network({ widths: [2, 8, 3], activation: 'tanh', seed: 0 })
 * interpret(crossEntropy(f), 0, [0.5, -1, 1, 0, 0]) // of the first of three classes
 */
export function crossEntropy(classifier: Field): Field {
  const { stateSize: n, outputSize: k } = classifier
  if (k < 2)
    throw misuse({
      where: 'crossEntropy',
      expected: 'a field with one output per class',
      got: `one of length ${k}`,
      try: 'network({ widths: [64, 128, 10], … })',
      code: 'wrong-dimension',
    })
  return rowField(
    classifier,
    'cross entropy',
    (b, z, y) => {
      const below = b.sub(z, greatest(b, z))
      return b.sub(b.unary('log', b.sum(b.unary('exp', below))), b.dot(below, y))
    },
    n + k,
  )
}

/**
 * |f(x) − y|² of the row [x; y], as a scalar field: least squares for one sample.
 * @example
 * const f = network({ widths: [1, 8, 2], activation: 'tanh', seed: 0 })
 * interpret(squaredError(f), 0, [0.5, 1, 2])
 */
export function squaredError(f: Field): Field {
  return rowField(
    f,
    'squared error',
    (b, z, y) => {
      const miss = b.sub(z, y)
      return b.dot(miss, miss)
    },
    f.stateSize + f.outputSize,
  )
}

function rowField(
  f: Field,
  name: string,
  cost: (b: Builder, prediction: Ref, target: Ref) => Ref,
  length: number,
): Field {
  expectField(name, f)
  const b = new Builder()
  const row = b.leaf('state', length)
  const part = (start: number, end: number) =>
    b.gather(
      row,
      Array.from({ length: end - start }, (_, i) => start + i),
    )
  const prediction = embed(b, f, { state: part(0, f.stateSize) })
  return makeField(b, cost(b, prediction, part(f.stateSize, length)), {
    ...f,
    name: `${name} of ${f.name}`,
    stateNames: [...f.stateNames, ...Array.from({ length: f.outputSize }, (_, i) => `target${i + 1}`)],
  })
}

function greatest(b: Builder, z: Ref): Ref {
  const entries = Array.from({ length: b.size(z) }, (_, i) => b.gather(z, [i]))
  return entries.reduce((m, entry) => b.binary('max', m, entry))
}
