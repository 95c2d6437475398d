import {
  Builder,
  embed,
  type Field,
  makeField,
  misuse,
  type Random,
  type Ref,
  show,
} from '@separatrix/field/core'

/** Bounds of a field's inputs, by name: they may be any measurable function of time within them. */
export type Disturbance = Readonly<Record<string, readonly [number, number]>>

/** The bounds in the order of the field's inputs; every input needs some, and nothing else may have any. */
export function readDisturbance(
  where: string,
  field: Field,
  disturbance: Disturbance = {},
): readonly (readonly [number, number])[] {
  const open = field.inputNames.find((name) => !(name in disturbance))
  if (open !== undefined)
    throw misuse({
      where,
      expected: 'a field without inputs, or bounds for all of them',
      got: `${field.name} with ${field.inputNames.join(', ')}`,
      try: `closeLoop(plant, controller), or disturbance: { ${open}: [-0.1, 0.1] }`,
      code: 'open-loop',
    })
  const bad = Object.entries(disturbance).find(
    ([name, [lo, hi]]) =>
      !(field.inputNames.includes(name) && Number.isFinite(lo) && Number.isFinite(hi) && lo <= hi),
  )
  if (bad !== undefined)
    throw misuse({
      where,
      expected: `bounds [lo, hi], lo ≤ hi, of inputs (${field.inputNames.join(', ') || 'the field has none'})`,
      got: `${bad[0]}: ${show(bad[1])}`,
      try: '{ d: [-0.1, 0.1] }',
    })
  return field.inputNames.map((name) => disturbance[name])
}

/** The same function with the inputs as further states: ℓ(t, [x; u]), so that a sample holds both. */
export function inputsAsStates(field: Field): Field {
  const { stateSize: n, inputSize: m } = field
  if (m === 0) return field
  const b = new Builder()
  const all = b.leaf('state', n + m)
  const part = (start: number, length: number): Ref =>
    b.gather(
      all,
      Array.from({ length }, (_, i) => start + i),
    )
  return makeField(b, embed(b, field, { state: part(0, n), input: part(n, m) }), {
    ...field,
    stateNames: [...field.stateNames, ...field.inputNames],
    inputNames: [],
  })
}

/**
 * How often all of a disturbance is drawn from the ends of its intervals: what moves a solution most is there where the
 * rate depends on it almost linearly.
 */
const cornerShare = 0.75

/** Writes a disturbance: a corner of its box three times out of four, else uniform. */
export function drawDisturbance(
  random: Random,
  bounds: readonly (readonly [number, number])[],
  out: Float64Array,
): void {
  const isCorner = random.uniform() < cornerShare
  for (let i = 0; i < out.length; i++) {
    const [lo, hi] = bounds[i]
    const u = random.uniform()
    out[i] = lo + (hi - lo) * (isCorner ? Math.round(u) : u)
  }
}
