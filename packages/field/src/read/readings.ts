import { misuse } from '../error.js'
import type { EveryReading } from './everyReading.js'

let provided: EveryReading | undefined

/** Called by whatever makes a field: the readings come with the fields. */
export function provideReadings(readings: EveryReading): void {
  provided = readings
}

/**
 * The readings of fields that a solver prints its loops with. They are not imported by those who use them, but
 * left here by {@link makeField}, which all fields come from: so a page that integrates a plain function does not
 * load the code for graphs, half of what it would load (`pnpm bench ode` weighs it).
 */
export function fieldReadings(): EveryReading {
  if (provided !== undefined) return provided
  throw misuse({
    where: 'fieldReadings',
    expected: 'a field of this copy of the package',
    got: 'one of another',
    try: 'fromJSON(toJSON(field))',
    code: 'no-readings',
  })
}
