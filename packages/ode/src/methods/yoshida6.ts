import { composeLeapfrog } from '../symplectic/composeLeapfrog.js'
import { defineSplitting } from '../symplectic/splitting.js'

/** Solution A of Yoshida's table: the one with the smallest steps. */
const [w1, w2, w3] = [-1.17767998417887, 0.235573213359357, 0.78451361047756] as const
const middle = 1 - 2 * (w1 + w2 + w3)

/** Seven leapfrog steps: symplectic, reversible, order 6. */
export const yoshida6 = defineSplitting({
  name: 'yoshida6',
  order: 6,
  substeps: composeLeapfrog([w3, w2, w1, middle, w1, w2, w3]),
  source: 'Yoshida, Phys. Lett. A 150 (1990), doi:10.1016/0375-9601(90)90092-3, table 1',
})
