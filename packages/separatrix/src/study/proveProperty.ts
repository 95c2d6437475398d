import { expression, misuse } from '@separatrix/field'
import { certify, invariantSet, reachAvoidStay, type Verdict } from '@separatrix/lyapunov'
import { boxOf, buildCandidate, domainOf, type Study, single } from './buildStudy.js'
import type { StudySource } from './readStudy.js'
import type { StudyFile } from './schema.js'

type Property = NonNullable<StudyFile['property']>

/** What each property reads of a study beside its system, its controller and what is simulated. */
const keysOf: Readonly<Record<Property, readonly (keyof StudyFile)[]>> = {
  'region-of-attraction': ['candidate', 'domain', 'level', 'rate', 'time'],
  stability: ['candidate', 'domain', 'level'],
  'global-asymptotic-stability': ['candidate', 'domain', 'rate'],
  'invariant-set': ['candidate', 'domain', 'set'],
  'reach-avoid-stay': ['candidate', 'domain', 'level', 'inner', 'initial', 'goal', 'avoid'],
}
const all = [...new Set(Object.values(keysOf).flat())]

/** Refuses what the property of a study does not read, so that nothing in a file is silently ignored. */
export function checkKeys({ file, study }: StudySource): void {
  const { property = 'region-of-attraction' } = study
  const stray = all.find((key) => study[key] !== undefined && !keysOf[property].includes(key))
  if (stray === undefined) return
  throw misuse({
    where: file,
    expected: `with the property ${property} the keys ${keysOf[property].join(', ')}`,
    got: stray,
    try: `property: ${Object.entries(keysOf).find(([, keys]) => keys.includes(stray))?.[0]}`,
    code: 'unknown-key',
  })
}

/** Proves what a study names in `property`; without a level, the largest provable one where there is one. */
export function proveProperty(source: StudySource, study: Study): Verdict {
  const { property = 'region-of-attraction', level, rate, time } = source.study
  if (property === 'invariant-set') return proveSet(source, study)
  if (property === 'reach-avoid-stay') return proveReach(source, study)
  const V = buildCandidate(source, study)
  const domain = property === 'global-asymptotic-stability' ? {} : { domain: domainOf(source, study) }
  const options = { ...(level && { level }), ...(rate && { rate }), ...(time === 'discrete' && { time }) }
  return certify({ field: study.field, V, property, ...domain, ...options })
}

function proveSet(source: StudySource, study: Study): Verdict {
  const { file, study: said } = source
  const { set } = said
  const { field, plant } = study
  if (set === undefined)
    throw missing(file, 'set', 'set: { box: { … } }, or ellipsoid, simplex, polytope, barrier')
  const kind = single(file, 'set', set)
  if (kind === 'barrier') {
    const barrier = expression(set.barrier as string, plant.stateNames, said.system.params)
    return invariantSet({ field, barrier, domain: domainOf(source, study) })
  }
  const shapes = {
    box: () => ({ kind: 'box', sides: boxOf(file, 'set.box', set.box ?? {}, plant) }) as const,
    ellipsoid: () => ({ kind: 'ellipsoid', shape: [] as number[][], ...set.ellipsoid }) as const,
    simplex: () => ({ kind: 'simplex', ...set.simplex }) as const,
    polytope: () =>
      ({
        kind: 'polytope',
        halfSpaces: [],
        witness: [],
        ...set.polytope,
        domain: domainOf(source, study),
      }) as const,
  }
  return invariantSet({ field, set: shapes[kind]() })
}

function proveReach(source: StudySource, study: Study): Verdict {
  const { file, study: said } = source
  const { level, inner, initial, goal, avoid } = said
  if (level === undefined || inner === undefined)
    throw missing(file, level === undefined ? 'level' : 'inner', 'inner: 0.1 and level: 1')
  const box = (key: string, ranges: NonNullable<typeof goal>) => boxOf(file, key, ranges, study.plant)
  return reachAvoidStay({
    field: study.field,
    V: buildCandidate(source, study),
    domain: domainOf(source, study),
    level,
    inner,
    ...(initial && { initial: box('initial', initial) }),
    ...(goal && { goal: box('goal', goal) }),
    ...(avoid && { avoid: avoid.map((ranges) => box('avoid', ranges)) }),
  })
}

const missing = (file: string, key: string, example: string) =>
  misuse({ where: file, expected: `the key ${key}`, got: 'none', try: example, code: 'missing-key' })
