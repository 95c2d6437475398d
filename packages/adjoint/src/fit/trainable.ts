import { blockSize, misuse, show, type ThetaBlock } from '@separatrix/field/core'

/** The part of θ that training changes, packed: entries of θ, and the chosen blocks with new offsets. */
export interface Trainable {
  readonly indices: Int32Array
  readonly layout: readonly ThetaBlock[]
}

/**
 * Chooses what is trained: the named blocks, else all weights, else (where there are no weights) all
 * parameters. So the mass of a plant is never trained by accident together with its controller.
 */
export function chooseTrainable(layout: readonly ThetaBlock[], train?: readonly string[]): Trainable {
  const names = () => layout.map((b) => b.name).join(', ') || '(none)'
  const unknown = train?.find((name) => !layout.some((b) => b.name === name))
  if (unknown !== undefined)
    throw misuse({
      where: 'fit',
      expected: `blocks to train among ${names()}`,
      got: show(unknown),
      try: 'field.layout for the names',
      code: 'unknown-block',
    })
  const weights = layout.filter((b) => b.kind === 'weight')
  const chosen = train
    ? layout.filter((b) => train.includes(b.name))
    : weights.length > 0
      ? weights
      : [...layout]
  const indices = Int32Array.from(
    chosen.flatMap((b) => Array.from({ length: blockSize(b) }, (_, i) => b.offset + i)),
  )
  if (indices.length === 0)
    throw misuse({
      where: 'fit',
      expected: 'something to train',
      got: `blocks ${names()}`,
      try: 'closeLoop(plant, network({ … })), or params in system({ … })',
      code: 'nothing-to-train',
    })
  let offset = 0
  const packed = chosen.map((b) => {
    const block = { ...b, offset }
    offset += blockSize(b)
    return block
  })
  return { indices, layout: packed }
}
