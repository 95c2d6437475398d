import { createHash } from 'node:crypto'
import { closeLoop, expression, system } from '@separatrix/field'
import type { Field } from '@separatrix/field/core'

/** A system, a candidate and the level c* = sup { c : V̇ < 0 on {0 < V < c} }, known independently. */
export interface Case {
  readonly name: string
  readonly field: Field
  readonly V: Field
  readonly domain: readonly (readonly [number, number])[]
  readonly critical: number
}

const xy = ['x', 'y'] as const
const square = expression('x^2 + y^2', xy)

export const vanDerPol: Case = {
  name: 'Van der Pol, reversed',
  field: system({ state: xy, dynamics: { x: '-y', y: 'x - (1 - x^2)*y' } }),
  V: expression('1.5*x^2 - x*y + y^2', xy),
  domain: [[-2.5, 2.5], [-3.5, 3.5]],
  critical: 2.304477565,
} // biome-ignore format: a box is one row

export const cases: readonly Case[] = [
  vanDerPol,
  {
    name: 'two machines',
    field: system({ state: xy, dynamics: { x: 'y', y: '-0.5*y - (sin(x + pi/3) - sin(pi/3))' } }),
    V: expression('2*x^2 + 2*x*y + 3*y^2', xy),
    domain: [[-2, 3], [-3, 1.5]],
    critical: 1.0410816387,
  },
  {
    name: "x' = −x + xy",
    field: system({ state: xy, dynamics: { x: '-x + x*y', y: '-y' } }),
    V: square,
    domain: [[-4, 4], [-4, 4]],
    critical: 27 / 4,
  },
  {
    name: 'Hahn',
    field: system({ state: xy, dynamics: { x: '-x + 2*x^2*y', y: '-y' } }),
    V: square,
    domain: [[-2, 2], [-2, 2]],
    critical: 8 / (3 * Math.sqrt(3)),
  },
  {
    name: 'one dimension',
    field: system({ state: ['x'], dynamics: { x: '-x + x^3' } }),
    V: expression('x^2', ['x']),
    domain: [[-1.5, 2]],
    critical: 1,
  },
] // biome-ignore format: a box is one row

export const pendulum = system({
  name: 'pendulum',
  state: ['theta', 'omega'],
  input: ['u'],
  params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
  dynamics: { theta: 'omega', omega: '(g/l)*sin(theta) - b/(m*l^2)*omega + u/(m*l^2)' },
})

/** The pendulum under its regulator, and the regulator's cost. */
export const regulated = closeLoop(
  pendulum,
  expression('-(1.977252340916057*theta + 0.976240644822852*omega)', ['theta', 'omega']),
)
export const cost = expression(
  '1.409730279936563*theta^2 + 2*0.074146962784352*theta*omega + 0.036609024180857*omega^2',
  ['theta', 'omega'],
)

export type Json = Record<string, unknown>

/** A certificate with the hash that an honest writer would put, so that only the proof can tell. */
export function rehashed({ hash: _hash, ...payload }: Json): Json {
  const canonical = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
    if (typeof value !== 'object' || value === null) return JSON.stringify(value)
    const keys = Object.keys(value).sort()
    return `{${keys.map((k) => `${JSON.stringify(k)}:${canonical((value as Json)[k])}`).join(',')}}`
  }
  return { ...payload, hash: createHash('sha256').update(canonical(payload)).digest('hex') }
}
