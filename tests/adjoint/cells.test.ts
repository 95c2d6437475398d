// Every way to a gradient on every kind of problem, method and loss: it agrees with forward sensitivities as well
// as theory allows, or says why it cannot.
import assert from 'node:assert/strict'
import {
  type GradientOptions,
  type PreparedSensitivity,
  prepareSensitivity,
  type Sensitivity,
  type SolutionLoss,
  type Via,
  vias,
} from '@separatrix/adjoint'
import { expression, system } from '@separatrix/field'
import {
  dopri5,
  type Event,
  gbs,
  implicitMidpoint,
  leapfrog,
  type Method,
  partitioned,
  rk4,
} from '@separatrix/ode'
import { test } from 'uvu'
import { lotkaVolterra, mixedLoss, neural, oscillators, type Problem } from './problems.js'

/** Robertson's rates from the slow manifold, which its fast reactant reaches in 1e-4. */
const robertson: Problem = {
  field: system({
    name: 'Robertson',
    state: ['a', 'b', 'c'],
    params: { k1: 0.04, k2: 3e7, k3: 1e4 },
    dynamics: { a: '-k1*a + k3*b*c', b: 'k1*a - k3*b*c - k2*b^2', c: 'k2*b^2' },
  }),
  y0: [1, 3.65e-5, 0],
  span: [0, 0.02],
}
const vanDerPol: Problem = {
  field: system({
    name: 'van der Pol',
    state: ['x', 'y'],
    params: { mu: 20 },
    dynamics: { x: 'y', y: 'mu*(1 - x^2)*y - x' },
  }),
  y0: [2, 0],
  span: [0, 0.6],
}
const ball: Problem = {
  field: system({
    name: 'ball',
    state: ['h', 'v'],
    params: { g: 9.81, keep: 0.8, drag: 0.1 },
    dynamics: { h: 'v', v: '-g - drag*v' },
  }),
  y0: [1, 0],
  span: [0, 1.3],
}
const bounce: Event = {
  when: expression('h', ['h', 'v']),
  direction: 'falling',
  reset: system({ state: ['h', 'v'], params: { keep: 1 }, dynamics: { h: 'h', v: '-keep*v' } }),
}

/** A problem, a method, and how far a way may be from forward sensitivities of the very same solve. */
interface Case {
  readonly problem: Problem
  readonly options: Omit<GradientOptions, 'loss'>
  /** of the ways that solve an adjoint equation: their own error of discretisation, of the order of the method's */
  readonly continuous: number
  readonly reversible: number
  /** what a cell says instead */
  readonly otherwise?: { readonly [V in Via]?: RegExp }
}

const lost = /unstable|step-underflow|max-steps|non-finite|newton-failed/
const split = /which is not split into positions and momenta/
const eventful = /without events for via: 'reversible'/
const irreversible = /expected a reversible method, or an explicit/
const one = (method: Method, step: number) => ({ method, step })
const close = { method: dopri5, rtol: 1e-9, atol: 1e-9 }
const forAll = (text: RegExp, list: readonly Via[]) => Object.fromEntries(list.map((via) => [via, text]))
const backwards: readonly Via[] = ['backsolve', 'interpolated', 'quadrature', 'gaussKronrod']

const cases: readonly Case[] = [
  { problem: lotkaVolterra, options: close, continuous: 1e-6, reversible: 1e-6 },
  { problem: lotkaVolterra, options: one(rk4, 0.01), continuous: 1e-6, reversible: 1e-6 },
  {
    problem: lotkaVolterra,
    options: { ...close, method: gbs },
    continuous: 1e-6,
    reversible: 0,
    otherwise: { reversible: irreversible },
  },
  {
    problem: lotkaVolterra,
    options: one(implicitMidpoint, 0.01),
    continuous: 5e-3,
    reversible: 0,
    otherwise: { reversible: irreversible },
  },
  // what contracts at a rate k forwards grows as e^(kt) when it is solved backwards
  {
    problem: robertson,
    options: one(implicitMidpoint, 5e-5),
    continuous: 1e-2,
    reversible: 0,
    otherwise: { reversible: irreversible, backsolve: lost },
  },
  {
    problem: vanDerPol,
    options: one(implicitMidpoint, 1e-3),
    continuous: 1e-2,
    reversible: 0,
    otherwise: { reversible: irreversible, backsolve: lost },
  },
  { problem: neural, options: close, continuous: 1e-6, reversible: 1e-6 },
  {
    problem: ball,
    options: { ...close, events: [bounce] },
    continuous: 1e-6,
    reversible: 0,
    otherwise: { reversible: eventful },
  },
  { problem: oscillators, options: { ...close, rtol: 1e-10 }, continuous: 1e-6, reversible: 1e-6 },
  {
    problem: oscillators,
    options: one(partitioned(leapfrog, { q: [0, 2], p: [1, 3] }), 0.02),
    continuous: 0,
    reversible: 0,
    otherwise: { reversible: irreversible, ...forAll(split, backwards) },
  },
]

const last: SolutionLoss = {
  value: ({ data }) => data[data.length - 1] ** 2,
  gradient: ({ data }, { data: d }) => {
    d[d.length - 1] = 2 * data[data.length - 1]
  },
}

/** Losses at the end, at times inside of steps, of all steps, as an integral, and with a jump of the field. */
function losses({
  field,
  span: [t0, t1],
}: Problem): readonly (readonly [string, Omit<GradientOptions, 'method'>])[] {
  const at = (part: number) => t0 + part * (t1 - t0)
  const running = expression(`${field.stateNames[0]}^2 + t`, field.stateNames)
  return [
    ['the end', { loss: last, saveAt: 'end' }],
    ['many times', { loss: mixedLoss, saveAt: [0, 0.123, 0.5, 0.777].map(at) }],
    ['every tenth step', { loss: mixedLoss, saveAt: { everySteps: 10 } }],
    ['an integral', { integral: running, saveAt: 'end' }],
    ['breakpoints', { loss: mixedLoss, saveAt: [0.4, 1].map(at), breakpoints: [0.3, 0.6].map(at) }],
  ]
}

const entries = ({ dy0, dtheta, dt0, dt1 }: Sensitivity) => [...dy0, ...dtheta, dt0, dt1]

/** Largest deviation relative to the largest entry of a block: y₀, t₀ and t₁, θ. */
function deviation(one: Sensitivity, other: Sensitivity): number {
  const blocks = (s: Sensitivity) => [[...s.dy0], [...s.dtheta], [s.dt0, s.dt1]]
  return Math.max(
    ...blocks(one).map((block, k) => {
      const expected = blocks(other)[k]
      const size = Math.max(...expected.map(Math.abs)) || 1
      return Math.max(0, ...block.map((v, i) => Math.abs(v - expected[i]))) / size
    }),
  )
}

for (const { problem, options, continuous, reversible, otherwise = {} } of cases) {
  const { field, y0, span } = problem
  const prepared = new Map<Via, PreparedSensitivity>()
  const gradient = (via: Via, given: GradientOptions): Sensitivity => {
    const known = prepared.get(via) ?? prepareSensitivity(field, options.method, via)
    prepared.set(via, known)
    return known(y0, span, given)
  }
  for (const [kind, loss] of losses(problem))
    test(`${options.method.name} on ${field.name}, ${kind}`, () => {
      const given = { ...options, ...loss }
      if (loss.integral !== undefined && options.method.family === 'symplectic') {
        assert.throws(() => gradient('forward', given), /neither a position nor a momentum/)
        return
      }
      const reference = gradient('forward', given)
      assert.equal(reference.status, 'success')
      for (const via of vias) {
        const refusal = otherwise[via]
        // refused at the door, or said by the status
        const found = attempt(() => gradient(via, given))
        if (typeof found === 'string') {
          assert.match(found, refusal ?? /^$/, via)
          continue
        }
        if (refusal !== undefined && found.status !== 'success') {
          assert.match(found.status, refusal)
          assert.ok(entries(found).every(Number.isNaN))
          continue
        }
        assert.equal(found.status, 'success', `${via}: ${found.message}`)
        // a way that warns may be as wrong as the departure that it tolerates
        const own = refusal === undefined ? continuous : 0.1
        const bound =
          via === 'discrete' || via === 'forward' ? 1e-11 : via === 'reversible' ? reversible : own
        const error = deviation(found, reference)
        assert.ok(error <= bound, `${via}: ${error}`)
        if (via !== 'discrete' || (options.method === gbs && loss.breakpoints !== undefined)) continue
        const kept = gradient('discrete', { ...given, checkpoints: 4 })
        assert.ok(deviation(kept, reference) < 1e-11, `checkpoints: ${deviation(kept, reference)}`)
      }
    })
}

function attempt(job: () => Sensitivity): Sensitivity | string {
  try {
    return job()
  } catch (error) {
    return (error as Error).message
  }
}

test.run()
