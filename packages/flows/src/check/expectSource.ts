import { misuse, show } from '@separatrix/field/core'

/** Refuses what draws no samples, or, where it says so itself, samples of another length. */
export function expectSource(where: string, source: unknown, size?: number): void {
  const given = (typeof source === 'object' || typeof source === 'function') && source !== null ? source : {}
  const draws = 'draw' in given && typeof given.draw === 'function'
  const ownSize = 'size' in given && typeof given.size === 'number' ? given.size : undefined
  if (draws && (size === undefined || ownSize === undefined || ownSize === size)) return
  throw misuse({
    where,
    expected: size === undefined ? 'a source, which draws samples' : `a source of points of ${size} numbers`,
    got: draws ? `one of ${ownSize}` : show(source),
    try: 'moons, standardNormal(2), points([[0, 1]]), or { draw(random, x) { … } }',
    code: draws ? 'wrong-dimension' : 'wrong-source',
  })
}
