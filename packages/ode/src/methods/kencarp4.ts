import { defineDiagonal } from '../diagonallyImplicit/defineDiagonal.js'

const row6 = [82889 / 524892, 0, 15625 / 83664, 69875 / 102672, -2260 / 8211, 1 / 4]
const embedded = [
  4586570599 / 29645900160,
  0,
  178811875 / 945068544,
  814220225 / 1159782912,
  -3700637 / 11593932,
  61727 / 225920,
]

/** The implicit part of Kennedy and Carpenter's additive method ARK4(3)6L[2]SA: order 4(3), L-stable. */
export const kencarp4 = defineDiagonal({
  name: 'kencarp4',
  order: 4,
  errorOrder: 3,
  c: [0, 1 / 2, 83 / 250, 31 / 50, 17 / 20, 1],
  a: [
    [0],
    [1 / 4, 1 / 4],
    [8611 / 62500, -1743 / 31250, 1 / 4],
    [5012029 / 34652500, -654441 / 2922500, 174375 / 388108, 1 / 4],
    [15267082809 / 155376265600, -71443401 / 120774400, 730878875 / 902184768, 2285395 / 8070912, 1 / 4],
    row6,
  ],
  bError: row6.map((v, i) => v - (embedded[i] as number)),
  source: 'Kennedy & Carpenter, Appl. Numer. Math. 44 (2003), doi:10.1016/S0168-9274(02)00138-1',
})
