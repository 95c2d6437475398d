import { compile, type Field } from '@separatrix/field'
import { dopri5, solve } from '@separatrix/ode'

/** A solution read for pictures. */
export interface Trajectory {
  readonly times: Float64Array
  readonly states: readonly (readonly number[])[]
  /** whether it ended near the origin */
  readonly arrives: boolean
}

export interface TrajectoryOptions {
  readonly time: number
  readonly rtol: number
  readonly atol: number
  /** number of equal intervals at which states are kept */
  readonly samples?: number
  /** a distance from the origin that counts as having arrived */
  readonly near: number
}

/** Solves from each start and says whether it came home. A picture, not a proof. */
export function trajectories(
  field: Field,
  starts: readonly (readonly number[])[],
  { time, rtol, atol, samples = 400, near }: TrajectoryOptions,
): Trajectory[] {
  const saveAt = Float64Array.from({ length: samples + 1 }, (_, i) => (time * i) / samples)
  return starts.map((start) => {
    const { t, y } = solve(field, start, [0, time], { method: dopri5, rtol, atol, saveAt })
    const states = Array.from(t, (_, i) => start.map((_v, k) => y.get(i, k)))
    const end = states.at(-1) as number[]
    return { times: t, states, arrives: t.length === saveAt.length && Math.hypot(...end) < near }
  })
}

/**
 * Points at which V = level in evenly spaced directions (of the state scaled by the domain), each found by
 * bisection along its ray; two states only. Directions in which V stays below the level within the domain are
 * left out.
 */
export function rimPoints(
  V: Field,
  level: number,
  domain: readonly (readonly [number, number])[],
  count: number,
): number[][] {
  const value = compile(V)
  const out = new Float64Array(1)
  const scale = domain.map(([lo, hi]) => Math.min(-lo, hi))
  const points: number[][] = []
  for (let k = 0; k < count; k++) {
    const angle = (2 * Math.PI * (k + 0.5)) / count
    const ray = [Math.cos(angle) * (scale[0] as number), Math.sin(angle) * (scale[1] as number)]
    const at = (s: number) => {
      value(
        0,
        ray.map((v) => v * s),
        out,
      )
      return out[0] as number
    }
    let [inside, outside] = [0, 1.5]
    if (at(outside) <= level) continue
    // 50 halvings end at rounding
    for (let i = 0; i < 50; i++) {
      const middle = (inside + outside) / 2
      if (at(middle) <= level) inside = middle
      else outside = middle
    }
    points.push(ray.map((v) => v * inside))
  }
  return points
}

/** V along a trajectory, as points (t, V). */
export function valueAlong(V: Field, { times, states }: Trajectory): [number, number][] {
  const value = compile(V)
  const out = new Float64Array(1)
  return Array.from(times, (t, i) => {
    value(t, states[i] as readonly number[], out)
    return [t, out[0] as number]
  })
}
