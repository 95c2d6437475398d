import { combine, compile, type Field } from '@separatrix/field'
import { quadratic } from '@separatrix/lyapunov'
import type { Study } from '../study/buildStudy.js'
import { ellipsoidMap, reachOf } from '../study/ellipsoid.js'
import type { Outcome } from '../study/outcome.js'
import type { ProofJob, Sides } from '../study/proofJob.js'
import { fault } from '../study/prove.js'
import type { StudyFile } from '../study/schema.js'
import type { HalfSpace, Scene, SceneBox, SceneSet } from './scene.js'
import { movedTo, restPoint, type SceneTask } from './sceneFields.js'
import { scenePaths } from './scenePaths.js'

/** What is to be drawn of a proof: the sets and boxes of its claim, where it failed, and some solutions. */
export function sceneOf(task: SceneTask): Scene {
  const { study, job, outcome } = task
  const sets = setsOf(task)
  const isMap = job.time === 'discrete'
  const centre = new Array<number>(study.plant.stateSize).fill(0)
  const about = sets.centre ?? centre
  const field = movedTo(study.nominal, restPoint(job, outcome), isMap)
  const n = field.stateSize
  const still = {
    field,
    isMap,
    axes: study.axes,
    domain: sets.domain,
    centre: about,
    hasOrigin: job.V !== undefined && job.property !== 'reach-avoid-stay',
    sets: sets.sets,
    boxes: boxesOf(job, outcome, n),
    ...(outcome.point !== undefined && {
      point: { at: Array.from(outcome.point), text: fault(outcome).replace(/ at$/, ' here') },
    }),
  }
  return { ...still, paths: scenePaths(still, task) }
}

interface Sets {
  readonly sets: readonly SceneSet[]
  readonly domain: Sides
  readonly centre?: readonly number[]
}

function setsOf({ study, job, outcome, simulate }: SceneTask): Sets {
  const isProved = outcome.kind === 'proved'
  const emphasis = isProved ? 'proved' : 'compared'
  const named = (name: string) => (isProved ? `proved: ${name}` : `asked for, not proved: ${name}`)
  const { V, barrier, set, property } = job
  if (set !== undefined) return shapeOf(set, { emphasis, named, names: study.plant.stateNames })
  if (barrier !== undefined) {
    // {1 − B ≤ 1}: a level of 0 is that of nothing
    const turned = combine([barrier], (b, place) => b.sub(b.constant(1), place(barrier)))
    const shape = { kind: 'sublevel', of: turned, level: 1 } as const
    return { sets: [{ name: named('B ≥ 0'), emphasis, shape }], domain: job.domain as Sides }
  }
  const of = V as Field
  if (property === 'global-asymptotic-stability') {
    const domain = spanOf(study, simulate)
    // level sets of V through a third and two thirds of the way to the nearest side: pictures, all space is proved
    const edge = compile(of)
    const out = new Float64Array(1)
    const least = Math.min(
      ...domain.map(([, hi], i) => {
        edge(
          0,
          domain.map((_, k) => (k === i ? hi : 0)),
          out,
        )
        return out[0]
      }),
    )
    const level = (share: number) => ({ kind: 'sublevel', of, level: share * least }) as const
    return {
      sets: [1 / 9, 4 / 9].map((share) => ({ name: 'sublevel sets of V', emphasis, shape: level(share) })),
      domain,
    }
  }
  const level = isProved ? outcome.level : (job.level ?? outcome.refuted ?? 0)
  const domain = job.domain as Sides
  const sets: SceneSet[] = []
  const shown = (name: string, at: number): SceneSet => ({
    name: named(name),
    emphasis,
    shape: { kind: 'sublevel', of, level: at },
  })
  if (Number.isFinite(level))
    sets.push(shown(job.inner === undefined ? 'V ≤ level' : 'V ≤ level, kept', level))
  if (job.inner !== undefined) sets.push(shown('V ≤ inner, reached', job.inner))
  return { sets, domain }
}

interface Naming {
  readonly emphasis: 'proved' | 'compared'
  readonly named: (name: string) => string
  readonly names: readonly string[]
}

function shapeOf(set: NonNullable<ProofJob['set']>, { emphasis, named, names }: Naming): Sets {
  const n = names.length
  const unit = (i: number, v: number) => Array.from({ length: n }, (_, k) => (k === i ? v : 0))
  const polytope = (name: string, sides: readonly HalfSpace[]): SceneSet[] => [
    { name: named(name), emphasis, shape: { kind: 'polytope', sides } },
  ]
  const within = (sides: Sides): HalfSpace[] =>
    sides.flatMap(([lo, hi], i) => [
      { normal: unit(i, 1), bound: hi },
      { normal: unit(i, -1), bound: -lo },
    ])
  const wider = (sides: Sides, by: number): Sides =>
    sides.map(([lo, hi]) => [lo - by * (hi - lo), hi + by * (hi - lo)])
  switch (set.kind) {
    case 'box':
      return {
        sets: polytope('the box', within(set.sides)),
        domain: wider(set.sides, 0.25),
        centre: set.sides.map(([lo, hi]) => (lo + hi) / 2),
      }
    case 'polytope':
      return {
        sets: polytope('the polytope', [...set.halfSpaces, ...within(set.domain)]),
        domain: set.domain,
        centre: set.witness,
      }
    case 'simplex': {
      const { total = 1, isFilled = false } = set
      const sum = { normal: new Array<number>(n).fill(1), bound: total, isEqual: !isFilled }
      return {
        sets: polytope('the simplex', [sum, ...unitsOf(n).map((normal) => ({ normal, bound: 0 }))]),
        domain: Array.from({ length: n }, () => [-0.1 * total, 1.1 * total] as const),
        centre: new Array<number>(n).fill(total / (isFilled ? n + 1 : n)),
      }
    }
    case 'ellipsoid': {
      const rows = set.shape as readonly (readonly number[])[]
      const centre = set.centre ?? new Array<number>(n).fill(0)
      const form = quadratic(
        rows.map((r) => Array.from(r)),
        { state: names },
      )
      const of = combine([form], (b, place) =>
        place(form, { state: b.sub(b.leaf('state', n), b.constant(Array.from(centre))) }),
      )
      const reach = reachOf(ellipsoidMap(form))
      return {
        sets: [{ name: named('the ellipsoid'), emphasis, shape: { kind: 'sublevel', of, level: 1 } }],
        domain: reach.map((r, i) => [centre[i] - 1.4 * r, centre[i] + 1.4 * r]),
        centre: Array.from(centre),
      }
    }
  }
}

const unitsOf = (n: number) =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_v, k) => (k === i ? -1 : 0)))

/** A claim about all of space is drawn where its simulations start, or within ±2. */
function spanOf({ plant }: Study, simulate: StudyFile['simulate']): Sides {
  return plant.stateNames.map((_, i) => {
    const most = Math.max(...(simulate?.initial ?? [[]]).map((x) => Math.abs(x[i] ?? 0)))
    const reach = most > 0 ? 1.2 * most : 2
    return [-reach, reach]
  })
}

function boxesOf({ initial, goal, avoid = [] }: ProofJob, { box }: Outcome, n: number): SceneBox[] {
  const boxes: SceneBox[] = avoid.map((sides) => ({ name: 'to avoid', tone: 'lost', sides, opacity: 0.22 }))
  if (initial) boxes.push({ name: 'to start from', tone: 'ink', sides: initial, dashed: true, opacity: 0 })
  if (goal) boxes.push({ name: 'to come to', tone: 'proved', sides: goal, dashed: true, opacity: 0 })
  if (box)
    boxes.push({ name: 'where the proof got stuck', tone: 'lost', sides: box.slice(0, n), opacity: 0.5 })
  return boxes
}
