import { blockSize, expectField, type Field, sealField } from '../field.js'
import { Builder } from '../graph/builder.js'
import { embed } from '../graph/embed.js'

/**
 * The same map with the parameters of another field: blocks of equal name and size are that field's, the
 * others become constants at their present values. So an event or a running cost speaks of the parameters of
 * the system that it belongs to.
 * @example
 * const ball = system({ state: ['h', 'v'], params: { g: 9.81, keep: 0.8 }, dynamics: { h: 'v', v: '-g' } })
 * const bounce = system({ state: ['h', 'v'], params: { keep: 0.5 }, dynamics: { h: 'h', v: '-keep*v' } })
 * interpret(shareTheta(bounce, ball), 0, [0, -1]) // [0, 0.8]
 */
export function shareTheta(guest: Field, owner: Field): Field {
  expectField('shareTheta', guest)
  expectField('shareTheta', owner)
  const b = new Builder()
  const all = b.leaf('theta', owner.theta.length)
  const parts = guest.layout.map((block) => {
    const length = blockSize(block)
    const shared = owner.layout.find(({ name }) => name === block.name)
    if (shared !== undefined && blockSize(shared) === length)
      return b.gather(
        all,
        Array.from({ length }, (_, i) => shared.offset + i),
      )
    return b.constant(
      Array.from(guest.theta.subarray(block.offset, block.offset + length)),
      block.kind === 'weight',
    )
  })
  const output = embed(b, guest, { theta: b.concat(parts) })
  return sealField(b, output, { ...guest, theta: owner.theta, layout: owner.layout })
}
