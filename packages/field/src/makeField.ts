import { type Field, type FieldHeader, sealField } from './field.js'
import type { Builder, Ref } from './graph/builder.js'
import { everyReading } from './read/everyReading.js'
import { provideReadings } from './read/readings.js'

/** Freezes what a builder holds into a field, keeping only nodes that the output needs. */
export function makeField(b: Builder, output: Ref, header: FieldHeader): Field {
  provideReadings(everyReading)
  return sealField(b, output, header)
}
