import { type Field, system } from '@separatrix/field'
import type { VectorFieldFunction } from '@separatrix/ode'

/** A problem with a known solution at the end of its span. */
export interface Reference {
  readonly field: Field
  readonly y0: readonly number[]
  readonly span: readonly [number, number]
  readonly end: readonly number[]
}

export const lorenz: Reference = {
  field: system({
    name: 'lorenz',
    state: ['x', 'y', 'z'],
    params: { sigma: 10, rho: 28, beta: 8 / 3 },
    dynamics: { x: 'sigma*(y-x)', y: 'x*(rho-z)-y', z: 'x*y-beta*z' },
  }),
  y0: [1, 0, 0],
  span: [0, 1],
  end: [-9.408450567056036, -9.096199071186479, 28.58162762439233],
}

export const lotkaVolterra: Reference = {
  field: system({
    name: 'lotkaVolterra',
    state: ['u', 'v'],
    dynamics: { u: '1.5*u-u*v', v: '-3*v+u*v' },
  }),
  y0: [1, 1],
  span: [0, 10],
  end: [1.026344767567509, 0.9096910781360416],
}

/** y' = y cos t, y = e^{sin t}: smooth, not autonomous, exact at every t. */
export const cosine: Reference = {
  field: system({ name: 'cosine', state: ['y'], dynamics: { y: 'y*cos(t)' } }),
  y0: [1],
  span: [0, 2],
  end: [Math.exp(Math.sin(2))],
}

/** Without destructuring, which would allocate an iterator per call. */
export const lorenzFunction: VectorFieldFunction = (_t, y, dydt) => {
  dydt[0] = 10 * (y[1] - y[0])
  dydt[1] = y[0] * (28 - y[2]) - y[1]
  dydt[2] = y[0] * y[1] - (8 / 3) * y[2]
}

export const pendulum = system({ name: 'pendulum', state: ['q', 'p'], dynamics: { q: 'p', p: '-sin(q)' } })

export const pendulumEnergy = (q: number, p: number) => (p * p) / 2 - Math.cos(q)

/** Largest absolute difference of two vectors. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((most, v, i) => Math.max(most, Math.abs(v - (b[i] as number))), 0)
}

/** Lorenz's ring of 1996, x_i' = (x_(i+1) − x_(i−2)) x_(i−1) − x_i + 8, written equation by equation. */
export function ring(size: number): Field {
  const state = Array.from({ length: size }, (_, i) => `x${i}`)
  const at = (i: number) => state[(i + size) % size]
  const dynamics = Object.fromEntries(
    state.map((x, i) => [x, `(${at(i + 1)} - ${at(i - 2)})*${at(i - 1)} - ${x} + 8`]),
  )
  return system({ name: 'ring', state, dynamics })
}
