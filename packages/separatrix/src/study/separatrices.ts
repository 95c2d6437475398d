import { type Field, interpret, jacobian } from '@separatrix/field'
import { equilibria } from '@separatrix/lyapunov'
import { dopri5, solve } from '@separatrix/ode'

type Curve = readonly (readonly [number, number])[]
type Domain = readonly (readonly [number, number])[]

const settings = { method: dopri5, rtol: 1e-9, atol: 1e-11 } as const

/**
 * The curves that bound what flows to the origin of a two-state system, computed, not proved: the stable manifolds
 * of its saddles, followed backwards in time from both sides of each saddle; without saddles, the limit cycle that
 * trajectories approach backwards in time, if there is one within the domain.
 */
export function separatrices(field: Field, domain: Domain): Curve[] {
  const found = equilibria(field, { domain, seed: 1 })
  const saddles = found.filter(({ eigenvalues: [p, q] }) => p?.im === 0 && p.re > 0 && (q?.re ?? 0) < 0)
  if (saddles.length > 0) return saddles.flatMap(({ x }) => stableManifold(field, domain, x))
  return limitCycle(field, domain)
}

function stableManifold(field: Field, domain: Domain, x: Float64Array): Curve[] {
  const [a, b, c, d] = interpret(jacobian(field), 0, x) as unknown as [number, number, number, number]
  const half = (a - d) / 2
  const stable = (a + d) / 2 - Math.sqrt(half * half + b * c)
  const direction = Math.abs(b) > Math.abs(c) ? [b, stable - a] : [stable - d, c]
  const length = Math.hypot(...direction)
  // 1e-5 of a unit vector: the manifold bends away from its tangent by the square of that
  return [1e-5, -1e-5].map((s) => {
    const start = direction.map((v, i) => (x[i] as number) + (s * v) / length)
    return [
      [x[0] as number, x[1] as number] as const,
      ...backwards(field, domain, start, 30 / Math.abs(stable)),
    ]
  })
}

function limitCycle(field: Field, domain: Domain): Curve[] {
  const scale = domain.map(([lo, hi]) => Math.min(-lo, hi))
  const curve = backwards(
    field,
    domain,
    scale.map((v) => 0.1 * v),
    200,
  )
  const late = lastTurn(curve)
  const [x, y] = [0, 1].map((k) =>
    Math.max(...late.map((p) => Math.abs(p[k] as number) / (scale[k] as number))),
  )
  const isInside = late.length > 10 && (x as number) < 1 && (y as number) < 1
  return isInside && (x as number) > 0.11 ? [late] : []
}

/** The end of a curve that goes once around the origin; empty where it does not. */
function lastTurn(curve: Curve): Curve {
  let turned = 0
  for (let i = curve.length - 1; i > 0; i--) {
    const [[x0, y0], [x1, y1]] = [curve[i - 1], curve[i]] as [[number, number], [number, number]]
    turned += Math.atan2(x0 * y1 - y0 * x1, x0 * x1 + y0 * y1)
    if (Math.abs(turned) >= 2 * Math.PI) return curve.slice(i - 1)
  }
  return []
}

/** A trajectory into the past until it leaves the domain (widened by a half). */
function backwards(field: Field, domain: Domain, start: readonly number[], time: number): Curve {
  const saveAt = Float64Array.from({ length: 4000 }, (_, i) => (-time * i) / 3999)
  const { t, y } = solve(field, start, [0, -time], { ...settings, saveAt, maxSteps: 100_000 })
  const points: [number, number][] = []
  for (let i = 0; i < t.length; i++) {
    const p: [number, number] = [y.get(i, 0), y.get(i, 1)]
    if (!p.every((v, k) => Math.abs(v) <= 1.5 * Math.max(...(domain[k] as [number, number]).map(Math.abs))))
      break
    points.push(p)
  }
  return points
}
