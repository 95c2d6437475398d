import { Builder, combine, embed, type Field, makeField, misuse, show, withParams } from '@separatrix/field'
import type { StudySource } from './readStudy.js'

type Bounds = Readonly<Record<string, readonly [number, number]>>

/** What a study does not know exactly: constants of the system, and inputs that nobody drives. */
export interface Unknowns {
  readonly params: Bounds
  readonly disturbance: Bounds
}

/** Checks `uncertain` and `disturbance` of a study against its system. */
export function unknownsOf({ file, study }: StudySource, plant: Field): Unknowns {
  const { uncertain: params = {}, disturbance = {} } = study
  const known = study.system.params
  for (const [name, [lo, hi]] of Object.entries(params)) {
    const where = `${file}, uncertain`
    const names = Object.keys(known)
    if (known[name] === undefined)
      throw misuse({
        where,
        expected: `parameters of the system (${names.join(', ') || 'it has none'})`,
        got: show(name),
        try: plant.inputNames.includes(name)
          ? `disturbance: { ${name}: [${lo}, ${hi}] }`
          : `system: { params: { ${name}: … } }`,
        code: 'unknown-parameter',
      })
    checkRange(where, name, [lo, hi])
    if (lo <= known[name] && known[name] <= hi) continue
    throw misuse({
      where,
      expected: `a range of ${name} that holds its value ${known[name]} in system.params`,
      got: show([lo, hi]),
      try: `${name}: [${Math.min(lo, known[name])}, ${Math.max(hi, known[name])}]`,
      code: 'bad-range',
    })
  }
  for (const [name, range] of Object.entries(disturbance)) {
    const where = `${file}, disturbance`
    if (!plant.inputNames.includes(name))
      throw misuse({
        where,
        expected: `inputs of the system (${plant.inputNames.join(', ') || 'it has none'})`,
        got: show(name),
        try: known[name] === undefined ? `input: [${name}] in system` : `uncertain: { ${name}: … }`,
        code: 'unknown-input',
      })
    checkRange(where, name, range)
  }
  return { params, disturbance }
}

function checkRange(where: string, name: string, [lo, hi]: readonly [number, number]): void {
  if (lo < hi) return
  throw misuse({
    where,
    expected: `a range [lo, hi] with lo < hi for ${name}`,
    got: show([lo, hi]),
    try: `${name}: [${Math.min(lo, hi)}, ${Math.max(lo, hi) + (lo === hi ? 1 : 0)}]`,
    code: 'bad-range',
  })
}

/** Where a disturbance rests: at 0 where it may, else in the middle. */
export const restOf = ([lo, hi]: readonly [number, number]): number =>
  lo <= 0 && hi >= 0 ? 0 : lo + (hi - lo) / 2

/** The field with some inputs held at values; the others keep their order. */
export function holdInputs(field: Field, values: Readonly<Record<string, number>>): Field {
  const open = field.inputNames.filter((name) => values[name] === undefined)
  if (open.length === field.inputSize) return field
  const b = new Builder()
  const inputs = open.length > 0 ? b.leaf('input', open.length) : undefined
  const parts = field.inputNames.map((name) => {
    const value = values[name]
    if (value !== undefined) return b.constant(value)
    return b.gather(inputs as NonNullable<typeof inputs>, [open.indexOf(name)])
  })
  const output = embed(b, field, { input: b.concat(parts) })
  return makeField(b, output, { ...field, inputNames: open })
}

/** The plant with a controller on its inputs, save those named in `free`, which stay open. */
export function closePartly(plant: Field, controller: Field, free: readonly string[]): Field {
  const driven = plant.inputNames.filter((name) => !free.includes(name))
  const loop = combine(
    [plant, controller],
    (b, place) => {
      const u = place(controller)
      const d = b.leaf('input', free.length)
      const parts = plant.inputNames.map((name) =>
        free.includes(name) ? b.gather(d, [free.indexOf(name)]) : b.gather(u, [driven.indexOf(name)]),
      )
      return place(plant, { input: b.concat(parts) })
    },
    plant.name,
  )
  return Object.freeze({ ...loop, inputNames: [...free], inputSize: free.length })
}

/** The field at one choice of what is unknown, as an autonomous field; disturbances are then constant. */
export function atValues(field: Field, values: Readonly<Record<string, number>>): Field {
  const params = Object.entries(values).filter(([name]) => field.layout.some((block) => block.name === name))
  return holdInputs(params.length === 0 ? field : withParams(field, Object.fromEntries(params)), values)
}
