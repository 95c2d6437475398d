import { createHash } from 'node:crypto'
import { closeLoop, expression, system } from '@separatrix/field'
import { compile, type Field, fromJSON, seededRandom } from '@separatrix/field/core'
import { type Certificate, checkCertificate } from '@separatrix/lyapunov'

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

/** Every place of a JSON value that holds a number, as a path of keys. */
function numbersOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value === 'number') return [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([k, v]) => numbersOf(v, [...path, k]))
}

function changedAt(value: unknown, [key, ...rest]: readonly string[], by: (old: number) => number): unknown {
  if (key === undefined) return by(value as number)
  const out: Json | unknown[] = Array.isArray(value) ? [...value] : { ...(value as Json) }
  ;(out as Json)[key] = changedAt((value as Json)[key], rest, by)
  return out
}

const alterations: readonly ((v: number) => number)[] = [
  () => 0,
  () => 1,
  () => 3,
  (v) => -v,
  (v) => v + 1,
  (v) => v - 1,
  (v) => 2 * v,
  (v) => v / 2,
  (v) => v * (1 + 1e-3),
  (v) => v * (1 - 1e-3),
  (v) => v + 1e-9,
]

/**
 * Alters numbers of a certificate one at a time, with a hash and a statement as an honest forger would write them, and
 * hands over those that still pass; returns how many were refused.
 */
export function alterNumbers(
  certificate: unknown,
  { count, seed, passed }: { count: number; seed: number; passed: (altered: Json, what: string) => void },
): number {
  const random = seededRandom(seed)
  const original = JSON.parse(JSON.stringify(certificate)) as Json
  const places = numbersOf(original)
  let refused = 0
  for (let k = 0; k < count; k++) {
    const path = places[random.integer(places.length)] as readonly string[]
    const by = alterations[random.integer(alterations.length)] as (v: number) => number
    const altered = changedAt(original, path, by) as Json
    if (JSON.stringify(altered) === JSON.stringify(original)) continue
    const claim = altered.claim as { rate?: number; statement: string } & Json
    const old = (original.claim as { rate?: number }).rate
    if (old !== undefined && old !== claim.rate)
      claim.statement = claim.statement.replaceAll(String(old), String(claim.rate))
    const forged = rehashed(altered)
    if (checkCertificate(forged).valid) passed(forged, path.join('.'))
    else refused++
  }
  return refused
}

/**
 * Whether random points agree with the claim of a region or of stability: V falls (or does not rise), a map leads into the
 * domain, and an equilibrium is where Newton's method finds it. The slack is far above rounding, 10⁻¹⁵, and far below what
 * an alteration by 10⁻³ does.
 */
export function seemsTrue(c: Json): boolean {
  const { level, domain, rate = 0, time, equilibrium, property } = c.claim as Certificate['claim']
  const [f, V] = [fromJSON(c.system as never), fromJSON(c.candidate as never)]
  const centre = equilibrium === undefined ? domain.map(() => 0) : newton(f, equilibrium, time === 'discrete')
  if (equilibrium?.some(([lo, hi], i) => !(centre[i] >= lo - 1e-9 && centre[i] <= hi + 1e-9))) return false
  const read = (g: Field) => {
    const [run, out] = [compile(g), new Float64Array(g.outputSize)]
    return (x: readonly number[]) => {
      run(0, Float64Array.from(x), out)
      return Array.from(out)
    }
  }
  const [value, motion, gradient] = [read(V), read(f), differences(read(V))]
  const random = seededRandom(1)
  for (let k = 0; k < 400; k++) {
    const x = domain.map(([lo, hi]) => lo + (hi - lo) * random.uniform())
    const [v] = value(x)
    if (v > level || Math.hypot(...x) < 1e-3) continue
    const after = motion(x.map((u, i) => u + centre[i])).map(
      (u, i) => u - (time === 'discrete' ? centre[i] : 0),
    )
    const change =
      time === 'discrete' ? value(after)[0] - v : gradient(x).reduce((s, g, i) => s + g * after[i], 0)
    if (time === 'discrete' && after.some((u, i) => u < domain[i][0] - 1e-9 || u > domain[i][1] + 1e-9))
      return false
    if (!(change + rate * v < (property === 'stability' ? 1e-7 : 1e-8))) return false
  }
  return true
}

const moved = (x: readonly number[], i: number, by: number) => x.map((u, k) => (k === i ? u + by : u))

const differences = (value: (x: readonly number[]) => number[]) => (x: readonly number[]) =>
  x.map((_, i) => (value(moved(x, i, 1e-6))[0] - value(moved(x, i, -1e-6))[0]) / 2e-6)

/** The zero of f (or of f(x) − x) next to the middle of a box, coordinate by coordinate: near enough for tests in 1-D. */
function newton(f: Field, box: readonly (readonly [number, number])[], isMap: boolean): number[] {
  const [run, out] = [compile(f), new Float64Array(f.outputSize)]
  const residual = (x: readonly number[], i: number) => {
    run(0, Float64Array.from(x), out)
    return out[i] - (isMap ? x[i] : 0)
  }
  const x = box.map(([lo, hi]) => (lo + hi) / 2)
  for (let k = 0; k < 60; k++)
    x.forEach((u, i) => {
      const slope = (residual(moved(x, i, 1e-6), i) - residual(moved(x, i, -1e-6), i)) / 2e-6
      x[i] = u - residual(x, i) / slope
    })
  return x
}
