import type { Claim } from './claim.js'
import { networkClaims } from './networks.js'
import { propertyClaims } from './properties.js'
import { regionClaims } from './regions.js'

/** Claims of outsiders: true ones that are promised, and about as many false ones. */
export const claims: readonly Claim[] = [...networkClaims, ...propertyClaims, ...regionClaims]
