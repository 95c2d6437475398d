import { closeLoop, expression, system } from '@separatrix/field'
import { combine, type Field } from '@separatrix/field/core'
import {
  type CertifyOptions,
  cartPole,
  certify,
  invertedPendulum,
  linearize,
  lqr,
  planarQuadrotor,
  quadratic,
  twoMachine,
} from '@separatrix/lyapunov'
import { milliseconds, type Row } from './harness.js'

const identity = (n: number) =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_v, j) => Number(i === j)))

export const box = (...half: readonly number[]) => half.map((h) => [-h, h] as const)

/** The plant with u = −Kx, and the cost of its regulator. */
export function regulated(plant: Field): { readonly field: Field; readonly V: Field } {
  const { A, B } = linearize(plant)
  const { K, S } = lqr(A, B, identity(plant.stateSize), identity(plant.inputSize))
  const rows = plant.inputNames.map((_, i) => {
    const text = plant.stateNames.map((name, j) => `${K.get(i, j)}*${name}`).join(' + ')
    return expression(`-(${text})`, plant.stateNames)
  })
  const controller = combine(rows, (b, place) => b.concat(rows.map((row) => place(row))))
  return { field: closeLoop(plant, controller), V: quadratic(S) }
}

const xy = ['x', 'y'] as const
const square = expression('x^2 + y^2', xy)
const global = { property: 'global-asymptotic-stability' } as const

interface Case extends CertifyOptions {
  readonly figure: string
  /** milliseconds, as the family has them */
  readonly goal: number
}

/** Claims that hold, a little below the level at which they would not, by families with one goal each. */
const cases: readonly Case[] = [
  {
    figure: 'Van der Pol, certify 2.3',
    goal: 20,
    field: system({ state: xy, dynamics: { x: '-y', y: 'x - (1 - x^2)*y' } }),
    V: expression('1.5*x^2 - x*y + y^2', xy),
    domain: box(2.5, 3.5),
    level: 2.3,
  },
  {
    figure: 'two machines, certify 1.04',
    goal: 20,
    field: twoMachine(),
    V: expression('2*x^2 + 2*x*y + 3*y^2', xy),
    domain: [[-2, 3], [-3, 1.5]],
    level: 1.04,
  },
  {
    figure: "x' = −x + xy, certify 6.7",
    goal: 20,
    field: system({ state: xy, dynamics: { x: '-x + x*y', y: '-y' } }),
    V: square,
    domain: box(4, 4),
    level: 6.7,
  },
  {
    figure: 'Hahn, certify 1.53',
    goal: 20,
    field: system({ state: xy, dynamics: { x: '-x + 2*x^2*y', y: '-y' } }),
    V: square,
    domain: box(2, 2),
    level: 1.53,
  },
  {
    figure: 'pendulum LQR, 2 states, certify 2',
    goal: 20,
    ...regulated(invertedPendulum()),
    domain: box(1.5, 8),
    level: 2,
  },
  {
    figure: 'Poly1, global',
    goal: 5,
    field: system({
      state: ['x', 'y', 'z'],
      dynamics: { x: '-x^3 - x*z^2', y: '-y - x^2*y', z: '-4*z + 3*x^2*z' },
    }),
    V: expression('4*x^2 + y^2 + z^2', ['x', 'y', 'z']),
    ...global,
  },
  {
    figure: 'Poly2, global',
    goal: 5,
    field: system({ state: xy, dynamics: { x: '-x^3 + y', y: '-x - y' } }),
    V: square,
    ...global,
  },
  {
    figure: 'cart-pole LQR, 4 states, certify 0.1',
    goal: 200,
    ...regulated(cartPole()),
    domain: box(3, 1.5, 6, 9),
    level: 0.1,
  },
  {
    figure: 'planar quadrotor LQR, 6 states, certify 3',
    goal: 200,
    ...regulated(planarQuadrotor()),
    domain: box(8, 8, 1.5, 8, 8, 20),
    level: 3,
  },
] // biome-ignore format: a box is one row

/** Milliseconds of processor time that each case takes once warm. */
export function certifyTable(): Row[] {
  return cases.map(({ figure, goal, ...options }) => {
    const { kind, stats } = certify(options)
    return {
      figure,
      value: milliseconds(() => certify(options), 9, 30),
      unit: 'ms',
      goal: { most: goal },
      note: `${kind}, ${stats.boxes} boxes`,
    }
  })
}
