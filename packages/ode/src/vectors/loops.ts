import { type EveryReading, fieldReadings } from '@separatrix/field/core'

/** The printers of loops along the state, which come with the fields. */
export const loops = (): EveryReading['loops'] => fieldReadings().loops
