import { composeLeapfrog } from '../symplectic/composeLeapfrog.js'
import { defineSplitting } from '../symplectic/splitting.js'

const outer = 1 / (2 - Math.cbrt(2))

/** Three leapfrog steps whose errors of order 3 cancel: symplectic, reversible, order 4 (also Forest & Ruth). */
export const yoshida4 = defineSplitting({
  name: 'yoshida4',
  order: 4,
  substeps: composeLeapfrog([outer, 1 - 2 * outer, outer]),
  source: 'Yoshida, Phys. Lett. A 150 (1990), doi:10.1016/0375-9601(90)90092-3, (2.11)',
})
