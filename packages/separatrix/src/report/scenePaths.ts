import { compile, type Field } from '@separatrix/field'
import { dopri5, solve } from '@separatrix/ode'
import type { Scene, ScenePath, SceneSet } from './scene.js'
import { cornerFields, refutedField, type SceneTask } from './sceneFields.js'

type Still = Omit<Scene, 'paths'>

/** Kept states of a solution. */
const samples = 300
/** Iterates of a map. */
const steps = 40

/** Solutions from the rim of the set, from outside of it, and through the point of a refutation. */
export function scenePaths(scene: Still, task: SceneTask): ScenePath[] {
  const { simulate, job } = task
  const fields = cornerFields(task)
  const time = simulate?.time ?? (scene.isMap ? steps : 20)
  const follow = (field: Field, start: readonly number[]) =>
    scene.isMap ? iterate(field, start, Math.ceil(time), scene) : flow(field, start, time)
  const isGood = goodness(scene, task)
  const [outer] = scene.sets
  const starts = [...(outer === undefined ? [] : rimOf(outer, scene)), ...outside(scene, job.V !== undefined)]
  const paths = starts.map((start, k): ScenePath => {
    const path = follow(fields[k % fields.length], start)
    return { ...path, isGood: isGood(path) }
  })
  if (scene.point === undefined) return paths
  const through = follow(refutedField(task), scene.point.at)
  return [...paths, { ...through, isGood: false, isMarked: true }]
}

type Path = Pick<ScenePath, 'times' | 'states'> & { readonly isWhole: boolean }

function flow(field: Field, start: readonly number[], time: number): Path {
  const saveAt = Float64Array.from({ length: samples + 1 }, (_, i) => (time * i) / samples)
  const { t, y } = solve(field, start, [0, time], { method: dopri5, rtol: 1e-7, atol: 1e-9, saveAt })
  const states = Array.from(t, (_, i) => start.map((_v, k) => y.get(i, k)))
  return { times: t, states, isWhole: t.length === saveAt.length }
}

function iterate(field: Field, start: readonly number[], count: number, { domain }: Still): Path {
  const next = compile(field)
  const states = [Array.from(start)]
  const isFar = (x: readonly number[]) =>
    x.some((v, i) => !(Math.abs(v - (domain[i][0] + domain[i][1]) / 2) <= 5 * (domain[i][1] - domain[i][0])))
  for (let k = 0; k < count && !isFar(states[k]); k++) {
    const x = new Float64Array(start.length)
    next(k, states[k], x)
    states.push(Array.from(x))
  }
  return { times: states.map((_, k) => k), states, isWhole: states.length === count + 1 }
}

/** Whether a path ends as the claim says: near 0, below the inner level, or without having left the set. */
function goodness(scene: Still, { job }: SceneTask): (path: Path) => boolean {
  const { domain, sets } = scene
  const near = 0.02 * Math.min(...domain.map(([lo, hi]) => Math.min(Math.abs(lo), Math.abs(hi))))
  if (job.property === 'region-of-attraction' || job.property === 'global-asymptotic-stability')
    return ({ states, isWhole }) => isWhole && Math.hypot(...(states.at(-1) as readonly number[])) < near
  const last = sets.at(-1)
  if (last === undefined) return ({ isWhole }) => isWhole
  const inside = insideOf(last)
  // rims are started from a hair inside, and solutions err by less than this
  const slack = 1e-5 * (1 + Math.abs(last.shape.kind === 'sublevel' ? last.shape.level : 0))
  return ({ states, isWhole }) => isWhole && inside(states.at(-1) as readonly number[]) <= slack
}

/** A function of the state that is at most 0 on a set. */
export function insideOf({ shape }: SceneSet): (x: readonly number[]) => number {
  if (shape.kind === 'polytope')
    return (x) =>
      Math.max(
        ...shape.sides.map(({ normal, bound, isEqual }) => {
          const excess = normal.reduce((s, a, i) => s + a * x[i], -bound)
          return isEqual ? Math.abs(excess) : excess
        }),
      )
  const value = compile(shape.of)
  const out = new Float64Array(1)
  return (x) => {
    value(0, x, out)
    return out[0] - shape.level
  }
}

/** Points just inside the rim of a set, along rays from its middle. */
function rimOf(set: SceneSet, { centre, domain }: Still): number[][] {
  const isThin = set.shape.kind === 'polytope' && set.shape.sides.some((s) => s.isEqual)
  if (isThin) return simplexPoints(centre)
  const inside = insideOf(set)
  const from = inside(centre) <= 0 ? centre : leastOf(inside, domain)
  if (!(inside(from) <= 0)) return []
  return directions(domain.length).flatMap((direction) => {
    const at = (s: number) => from.map((v, i) => v + (s * direction[i] * (domain[i][1] - domain[i][0])) / 2)
    // outward in hundredths of the domain's width, then by bisection to rounding
    let hi = 0
    while (hi < 2.5 && inside(at(hi)) <= 0) hi += 0.02
    if (hi >= 2.5) return []
    let lo = Math.max(0, hi - 0.02)
    for (let k = 0; k < 50; k++) {
      const middle = (lo + hi) / 2
      if (inside(at(middle)) <= 0) lo = middle
      else hi = middle
    }
    return [at(0.999 * lo)]
  })
}

/** Eight of the plane, the axes and the diagonals of neighbouring ones beyond it. */
function directions(n: number): number[][] {
  if (n === 2)
    return Array.from({ length: 8 }, (_, k) => [
      Math.cos(((k + 0.5) * Math.PI) / 4),
      Math.sin(((k + 0.5) * Math.PI) / 4),
    ])
  return Array.from({ length: n }, (_, i) =>
    [1, -1].map((v) => Array.from({ length: n }, (_v, k) => (k === i ? v : k === (i + 1) % n ? 0.6 * v : 0))),
  ).flat()
}

/** The point of a lattice at which a function is least, for sets that do not hold their middle. */
function leastOf(g: (x: readonly number[]) => number, domain: Still['domain']): number[] {
  const count = domain.length <= 2 ? 41 : 7
  let [best, least] = [domain.map(([lo, hi]) => (lo + hi) / 2), Infinity]
  for (let k = 0; k < count ** Math.min(domain.length, 4); k++) {
    let rest = k
    const x = domain.map(([lo, hi]) => {
      const i = rest % count
      rest = (rest - i) / count
      return lo + ((hi - lo) * (i + 0.5)) / count
    })
    const value = g(x)
    if (value < least) [best, least] = [x, value]
  }
  return best
}

/** Near the corners of a simplex, and on its edges. */
function simplexPoints(centre: readonly number[]): number[][] {
  const n = centre.length
  const total = centre[0] * n
  const mix = (weights: readonly number[]) => {
    const sum = weights.reduce((s, w) => s + w, 0)
    return weights.map((w) => (total * w) / sum)
  }
  return centre.flatMap((_, i) => [
    mix(centre.map((_v, k) => (k === i ? 1 : 0.03))),
    mix(centre.map((_v, k) => (k === i ? 1 : k === (i + 1) % n ? 0.4 : 0.02))),
  ])
}

/** Starts on the outskirts of the domain, where a claim has a V that says what becomes of them. */
function outside({ domain, sets }: Still, hasCandidate: boolean): number[][] {
  if (!hasCandidate || domain.length !== 2 || sets.length === 0) return []
  const fractions = [
    [0.06, 0.5], [0.94, 0.5], [0.18, 0.9], [0.82, 0.1], [0.3, 0.78], [0.7, 0.22], [0.63, 0.95], [0.37, 0.05],
  ] as const // biome-ignore format: points
  const isOutside = insideOf(sets[0])
  return fractions
    .map((at) => domain.map(([lo, hi], i) => lo + at[i] * (hi - lo)))
    .filter((x) => isOutside(x) > 0)
}
