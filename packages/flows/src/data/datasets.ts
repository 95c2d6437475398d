import { checkerboard } from './checkerboard.js'
import { eightGaussians } from './eightGaussians.js'
import { moons } from './moons.js'
import { pinwheel } from './pinwheel.js'
import { rings } from './rings.js'
import type { Dataset } from './source.js'
import { swissRoll } from './swissRoll.js'
import { twoSpirals } from './twoSpirals.js'

/** The distributions of the plane by the names that publications call them. */
export const datasets: Readonly<Record<string, Dataset>> = {
  '8gaussians': eightGaussians('ffjord'),
  '2spirals': twoSpirals,
  checkerboard,
  rings,
  moons: moons('ffjord'),
  pinwheel,
  swissroll: swissRoll,
}
