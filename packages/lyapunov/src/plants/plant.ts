import { type Field, misuse, system } from '@separatrix/field'

/** Parameters by name, to be given where they differ from the defaults. */
export type Parameters<P extends Readonly<Record<string, number>>> = Readonly<
  Partial<Record<keyof P, number>>
>

/** A plant as data: what `system` takes, its parameters with their default values. */
export interface Plant<P extends Readonly<Record<string, number>>> {
  readonly name: string
  readonly state: readonly string[]
  readonly input?: readonly string[]
  readonly params: P
  readonly dynamics: Readonly<Record<string, string>>
}

/** The field of a plant, with some parameters changed. */
export function build<P extends Readonly<Record<string, number>>>(
  plant: Plant<P>,
  changes: Parameters<P>,
): Field {
  const unknown = Object.keys(changes).find((name) => !Object.hasOwn(plant.params, name))
  if (unknown !== undefined)
    throw misuse({
      where: plant.name,
      expected: `parameters among ${Object.keys(plant.params).join(', ')}`,
      got: `"${unknown}"`,
      try: `${plant.name}()`,
      code: 'unknown-parameter',
    })
  return system({ ...plant, params: { ...plant.params, ...changes } })
}
