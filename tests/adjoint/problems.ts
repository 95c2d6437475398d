// Problems and methods that every way to a gradient is tried on.
import type { SolutionLoss } from '@separatrix/adjoint'
import { closeLoop, type Field, network, system } from '@separatrix/field'
import {
  dopri5,
  euler,
  implicitMidpoint,
  kutta3,
  leapfrog,
  partitioned,
  rk4,
  type SolveOptions,
  symplecticEuler,
} from '@separatrix/ode'

export interface Problem {
  readonly field: Field
  readonly y0: readonly number[]
  readonly span: readonly [number, number]
}

export const lotkaVolterra: Problem = {
  field: system({
    name: 'lotkaVolterra',
    state: ['u', 'v'],
    params: { a: 1.5, b: 1, c: 3, d: 1 },
    dynamics: { u: 'a*u - b*u*v', v: '-c*v + d*u*v' },
  }),
  y0: [1, 1],
  span: [0, 2],
}

/** Depends on time, and is driven backwards. */
export const forced: Problem = {
  field: system({
    name: 'forced',
    state: ['x', 'v', 'z'],
    params: { k: 1.7, w: 0.9, mu: 0.2 },
    dynamics: { x: 'v + 0.1*z^2', v: '-k*sin(x) + cos(w*t)*t - mu*v', z: 'x*v - mu*z*t' },
  }),
  y0: [0.4, -0.3, 0.8],
  span: [2.1, 0.3],
}

export const neural: Problem = {
  field: closeLoop(
    system({
      name: 'pendulum',
      state: ['theta', 'omega'],
      input: ['u'],
      params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
      dynamics: { theta: 'omega', omega: '(g/l) * sin(theta) - b/(m*l^2) * omega + u/(m*l^2)' },
    }),
    network({ widths: [2, 5, 1], activation: 'tanh', seed: 4 }),
  ),
  y0: [0.3, -0.2],
  span: [0, 0.5],
}

/** Separable, with a force that depends on time; positions and momenta interleaved. */
export const oscillators: Problem = {
  field: system({
    name: 'oscillators',
    state: ['q1', 'p1', 'q2', 'p2'],
    params: { k: 1.3, c: 0.4, m: 0.7 },
    dynamics: { q1: 'p1/m', p1: '-k*sin(q1) + c*(q2 - q1) + cos(t)', q2: 'p2', p2: '-q2^3 - c*(q2 - q1)' },
  }),
  y0: [0.5, 0.1, -0.4, 0.3],
  span: [0, 1.7],
}

/** Not separable, with both halves of the general form implicit. */
export const entangled: Problem = {
  field: system({
    name: 'entangled',
    state: ['q1', 'q2', 'p1', 'p2'],
    params: { a: 0.8, c: 0.3 },
    dynamics: {
      q1: 'p1*(1 + c*q1^2) + c*q2*p2',
      q2: 'p2 + c*q1*p1*cos(t)',
      p1: '-a*q1 - c*q1*p1^2',
      p2: '-sin(q2) - c*q1*p2*p1',
    },
  }),
  y0: [0.5, 0.2, -0.4, 0.3],
  span: [0.2, 1.4],
}

export interface Case {
  readonly name: string
  readonly problem: Problem
  readonly options: SolveOptions
}

const general = [lotkaVolterra, forced, neural]
const interleaved = { q: [0, 2], p: [1, 3] }

export const cases: readonly Case[] = [
  ...[euler, rk4, kutta3, implicitMidpoint].flatMap((method) =>
    general.map((problem) => ({ problem, options: { method, step: 0.07 } })),
  ),
  ...general.map((problem) => ({ problem, options: { method: dopri5, step: 0.07 } })),
  ...general.map((problem) => ({ problem, options: { method: dopri5, rtol: 1e-5, atol: 1e-6 } })),
  { problem: oscillators, options: { method: partitioned(leapfrog, interleaved), step: 0.06 } },
  { problem: oscillators, options: { method: partitioned(symplecticEuler, interleaved), step: 0.06 } },
  { problem: entangled, options: { method: leapfrog, step: 0.06 } },
].map(({ problem, options }) => ({
  name: `${options.method.name}${'rtol' in options ? ' (adaptive)' : ''} on ${problem.field.name}`,
  problem,
  options,
}))

/** Output times at the start, inside steps, at the ends of fixed steps, twice, and at the end. */
export function mixedTimes([t0, t1]: readonly [number, number], step = 0.07): number[] {
  const direction = Math.sign(t1 - t0)
  const inside = [0, 0.013, 2.5 * step, 3 * step, 3.2 * step, 3.2 * step, 3.9 * step]
  return [...inside.map((s) => t0 + direction * s), t1]
}

/** Σ cos(3k + i)·yₖᵢ + ½ yₖᵢ²: every output counts, with a weight of its own. */
export const mixedLoss: SolutionLoss = {
  value: ({ data: y, shape: [, n] }) =>
    y.reduce((sum, v, k) => sum + Math.cos(3 * Math.floor(k / n) + (k % n)) * v + 0.5 * v * v, 0),
  gradient({ data: y, shape: [, n] }, { data: dy }) {
    for (let k = 0; k < dy.length; k++) dy[k] = Math.cos(3 * Math.floor(k / n) + (k % n)) + y[k]
  },
}
