import { type Field, system } from '@separatrix/field'

/** A stiff problem with its values in quadruple precision. */
export interface StiffProblem {
  readonly field: Field
  readonly y0: readonly number[]
  readonly end: number
  readonly reference: readonly number[]
  /** absolute tolerance for a relative one, component by component where they differ */
  atol(rtol: number): number
}

export const robertson = system({
  name: 'robertson',
  state: ['a', 'b', 'c'],
  dynamics: { a: '-0.04*a + 1e4*b*c', b: '0.04*a - 1e4*b*c - 3e7*b^2', c: '3e7*b^2' },
})

export const vanDerPol = (mu: number) =>
  system({
    name: 'vanDerPol',
    state: ['x', 'v'],
    params: { mu },
    dynamics: { x: 'v', v: 'mu*((1 - x^2)*v - x)' },
  })

const hires = system({
  name: 'hires',
  state: ['y1', 'y2', 'y3', 'y4', 'y5', 'y6', 'y7', 'y8'],
  dynamics: {
    y1: '-1.71*y1 + 0.43*y2 + 8.32*y3 + 0.0007',
    y2: '1.71*y1 - 8.75*y2',
    y3: '-10.03*y3 + 0.43*y4 + 0.035*y5',
    y4: '8.32*y2 + 1.71*y3 - 1.12*y4',
    y5: '-1.745*y5 + 0.43*y6 + 0.43*y7',
    y6: '-280*y6*y8 + 0.69*y4 + 1.71*y5 - 0.43*y6 + 0.69*y7',
    y7: '280*y6*y8 - 1.81*y7',
    y8: '-280*y6*y8 + 1.81*y7',
  },
})

const oregonator = system({
  name: 'oregonator',
  state: ['a', 'b', 'c'],
  dynamics: {
    a: '77.27*(b + a*(1 - 8.375e-6*a - b))',
    b: '(c - (1 + a)*b)/77.27',
    c: '0.161*(a - c)',
  },
})

/**
 * Hairer & Wanner's test problems (Solving ODEs II, §IV.10); reference values by two independent runs in quadruple
 * precision, in agreement with the published ones.
 */
export const stiffProblems = {
  robertson: {
    field: robertson,
    y0: [1, 0, 0],
    end: 1e11,
    reference: [2.083340149701294e-8, 8.333360770334783e-14, 0.9999999791665152],
    atol: (rtol) => 1e-8 * rtol,
  },
  vanDerPol: {
    field: vanDerPol(1e6),
    y0: [2, 0],
    end: 2,
    reference: [1.706167732170465, -0.8928097010248165],
    atol: (rtol) => rtol,
  },
  hires: {
    field: hires,
    y0: [1, 0, 0, 0, 0, 0, 0, 0.0057],
    end: 321.8122,
    reference: [
      0.0007371312573325668, 0.00014424857263161845, 5.888729740967575e-5, 0.001175651343283149,
      0.0023863561988313304, 0.0062389682527427956, 0.0028499983951857685, 0.0028500016048142313,
    ],
    atol: (rtol) => 1e-3 * rtol,
  },
  oregonator: {
    field: oregonator,
    y0: [1, 2, 3],
    end: 360,
    reference: [1.0008148703185227, 1228.1785215498878, 132.05549428465082],
    atol: (rtol) => 1e-3 * rtol,
  },
} as const satisfies Record<string, StiffProblem>

export type StiffName = keyof typeof stiffProblems

/** Largest relative error over the components. */
export const relativeError = (found: ArrayLike<number>, { reference }: StiffProblem): number =>
  reference.reduce((most, v, i) => Math.max(most, Math.abs(((found[i] as number) - v) / v)), 0)
