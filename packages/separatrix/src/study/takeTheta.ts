import { type Field, withTheta } from '@separatrix/field'

/** `field` with the parameters that blocks of the same name have in `source`. */
export function takeTheta(field: Field, source: Field): Field {
  const theta = Float64Array.from(field.theta)
  for (const block of field.layout) {
    const from = source.layout.find((b) => b.name === block.name)
    if (from === undefined) continue
    const length = block.shape.reduce((product, n) => product * n, 1)
    theta.set(source.theta.subarray(from.offset, from.offset + length), block.offset)
  }
  return withTheta(field, theta)
}
