import { defineTableau } from '../explicit/defineTableau.js'

/** Bogacki and Shampine's method of order 3(2), first same as last; dense output by cubic Hermite interpolation. */
export const bosh3 = defineTableau({
  name: 'bosh3',
  order: 3,
  errorOrder: 2,
  c: [0, 1 / 2, 3 / 4, 1],
  a: [[], [1 / 2], [0, 3 / 4], [2 / 9, 1 / 3, 4 / 9]],
  b: [2 / 9, 1 / 3, 4 / 9, 0],
  bError: [-5 / 72, 1 / 12, 1 / 9, -1 / 8],
  // y + θ(hk₁) + …: the cubic through both ends and both slopes, from k₁ and k₄
  dense: {
    order: 3,
    b: [
      [1, -4 / 3, 5 / 9],
      [0, 1, -2 / 3],
      [0, 4 / 3, -8 / 9],
      [0, -1, 1],
    ],
  },
  source: 'Bogacki & Shampine, Appl. Math. Lett. 2 (1989), doi:10.1016/0893-9659(89)90079-7',
})
