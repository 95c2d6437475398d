import { defineTableau } from '../explicit/defineTableau.js'
import { nestedDense } from '../explicit/nestedDense.js'

const b = [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0]

/** Shampine's weights of the last term of the interpolant (HNW I, §II.6, DOPRI5). */
const d = [
  -12715105075 / 11282082432,
  0,
  87487479700 / 32700410799,
  -10690763975 / 1880347072,
  701980252875 / 199316789632,
  -1453857185 / 822651844,
  69997945 / 29380423,
]

/** Dormand and Prince's method of order 5(4), first same as last, with an interpolant of order 4. */
export const dopri5 = defineTableau({
  name: 'dopri5',
  order: 5,
  errorOrder: 4,
  c: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
  a: [
    [],
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
  ],
  b,
  bError: [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40],
  dense: { order: 4, b: nestedDense(b, 6, [d]) },
  source: 'Dormand & Prince, J. Comput. Appl. Math. 6 (1980), doi:10.1016/0771-050X(80)90013-3',
})
