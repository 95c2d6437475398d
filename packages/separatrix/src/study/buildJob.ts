import { expression, misuse } from '@separatrix/field'
import type { SetShape } from '@separatrix/lyapunov'
import { boxOf, buildCandidate, domainOf, type Study, single } from './buildStudy.js'
import type { ProofJob, Property } from './proofJob.js'
import type { StudySource } from './readStudy.js'
import type { StudyFile } from './schema.js'

type Key = keyof StudyFile

interface Reads {
  readonly needs: readonly Key[]
  readonly may: readonly Key[]
}

const unknowns = ['uncertain', 'disturbance'] as const

/** What each property reads of a study beside its system, its controller and what is simulated. */
const readsOf: Readonly<Record<Property, Reads>> = {
  'region-of-attraction': {
    needs: ['candidate', 'domain'],
    may: ['level', 'rate', 'time', 'equilibrium', ...unknowns, 'limits'],
  },
  stability: { needs: ['candidate', 'domain'], may: ['level', 'uncertain', 'limits'] },
  'global-asymptotic-stability': { needs: ['candidate'], may: ['rate'] },
  'invariant-set': { needs: ['set'], may: ['domain', ...unknowns, 'limits'] },
  'reach-avoid-stay': {
    needs: ['candidate', 'domain', 'level', 'inner'],
    may: ['initial', 'goal', 'avoid', ...unknowns, 'limits'],
  },
}
const all = [...new Set(Object.values(readsOf).flatMap(({ needs, may }) => [...needs, ...may]))]
const reads = (property: Property, key: Key) =>
  [...readsOf[property].needs, ...readsOf[property].may].includes(key)

/** What to write where a property lacks a key. */
const examples: Partial<Readonly<Record<Key, string>>> = {
  set: 'set: { box: { … } }, or ellipsoid, simplex, polytope, barrier',
  inner: 'inner: 0.1 and level: 1',
  level: 'inner: 0.1 and level: 1',
}

/** Why a key that a property does not read cannot help it, where there is more to say than which property does. */
const remedies: Readonly<Record<string, string>> = {
  'global-asymptotic-stability, domain':
    'removing domain (the claim is about all states), or property: region-of-attraction',
  'global-asymptotic-stability, level':
    'removing level (the claim is about all states), or property: region-of-attraction',
  'global-asymptotic-stability, uncertain': 'property: region-of-attraction, which holds for all values',
  'global-asymptotic-stability, disturbance': 'property: reach-avoid-stay, or invariant-set',
  'stability, disturbance': 'property: reach-avoid-stay, which needs no equilibrium',
  'invariant-set, candidate': 'set: { barrier: … } for a set {B ≥ 0}, or property: region-of-attraction',
}

/** Refuses what the property of a study does not read, or lacks, so that nothing in a file is silently ignored. */
export function checkKeys({ file, study }: StudySource): void {
  const { property = 'region-of-attraction' } = study
  const stray = all.find((key) => study[key] !== undefined && !reads(property, key))
  if (stray !== undefined) {
    const others = Object.keys(readsOf).filter((other) => reads(other as Property, stray))
    const { needs, may } = readsOf[property]
    throw misuse({
      where: file,
      expected: `with the property ${property} the keys ${[...needs, ...may].join(', ')}`,
      got: stray,
      try: remedies[`${property}, ${stray}`] ?? `property: ${others.join(' or ')}`,
      code: 'unknown-key',
    })
  }
  const missing = readsOf[property].needs.find((key) => study[key] === undefined)
  // candidate and domain are asked for, with an example of their own, where they are built
  if (missing !== undefined && examples[missing] !== undefined)
    throw misuse({
      where: file,
      expected: `the key ${missing} with the property ${property}`,
      got: 'none',
      try: examples[missing],
      code: 'missing-key',
    })
  checkContradictions(file, study)
}

/** Keys that are known to the property but do not go together. */
function checkContradictions(file: string, study: StudyFile): void {
  const { set, domain, equilibrium, disturbance, time, rate, level, inner } = study
  const refuse = (expected: string, got: string, remedy: string) => {
    throw misuse({ where: file, expected, got, try: remedy, code: 'contradiction' })
  }
  const kind = set && single(file, 'set', set)
  if (kind !== undefined && kind !== 'barrier' && kind !== 'polytope' && domain !== undefined)
    refuse(
      `no domain beside set.${kind}, which says itself where it is`,
      'domain',
      `removing domain, or set: { ${kind === 'ellipsoid' ? 'barrier: …' : 'polytope: …'} }, which needs one`,
    )
  if (equilibrium !== undefined && disturbance !== undefined)
    refuse(
      'an equilibrium that stands still',
      'equilibrium and disturbance, which moves it',
      'property: reach-avoid-stay, which needs no equilibrium',
    )
  if (time === 'discrete' && rate !== undefined && rate >= 1)
    refuse('a rate below 1 for a map: V falls to (1 − rate)·V in a step', `rate: ${rate}`, 'rate: 0.1')
  if (inner !== undefined && level !== undefined && !(inner < level))
    refuse('levels inner < level', `inner: ${inner} and level: ${level}`, 'inner: 0.1 and level: 1')
}

/** The proof that a study asks for; without a level, the largest provable one where there is one. */
export function buildJob(source: StudySource, study: Study): ProofJob {
  checkKeys(source)
  const { file, study: said } = source
  const { property = 'region-of-attraction', level, rate, time, inner, initial, goal, avoid, limits } = said
  const box = (key: string, ranges: NonNullable<typeof goal>) => boxOf(file, key, ranges, study.plant)
  const common = { property, field: study.field, unknowns: study.unknowns, limits, level, rate, time, inner }
  if (property === 'invariant-set') return { ...common, ...setOf(source, study) }
  return {
    ...common,
    V: buildCandidate(source, study),
    ...(property !== 'global-asymptotic-stability' && { domain: domainOf(source, study) }),
    ...(said.equilibrium && { equilibrium: pointOf(file, said.equilibrium, study) }),
    ...(initial && { initial: box('initial', initial) }),
    ...(goal && { goal: box('goal', goal) }),
    ...(avoid && { avoid: avoid.map((ranges, i) => box(`avoid.${i}`, ranges)) }),
  }
}

function setOf(source: StudySource, study: Study): Pick<ProofJob, 'set' | 'barrier' | 'domain'> {
  const { file, study: said } = source
  const set = said.set as NonNullable<typeof said.set>
  const kind = single(file, 'set', set)
  if (kind === 'barrier')
    return {
      barrier: expression(set.barrier as string, study.plant.stateNames, said.system.params),
      domain: domainOf(source, study),
    }
  const shapes: Readonly<Record<typeof kind, () => SetShape>> = {
    box: () => ({ kind: 'box', sides: boxOf(file, 'set.box', set.box ?? {}, study.plant) }),
    ellipsoid: () => ({ kind: 'ellipsoid', shape: [], ...set.ellipsoid }),
    simplex: () => ({ kind: 'simplex', ...set.simplex }),
    polytope: () => ({
      kind: 'polytope',
      halfSpaces: [],
      witness: [],
      ...set.polytope,
      domain: domainOf(source, study),
    }),
  }
  return { set: shapes[kind]() }
}

function pointOf(file: string, values: Readonly<Record<string, number>>, { plant }: Study): number[] {
  const names = plant.stateNames
  const wrong =
    Object.keys(values).find((s) => !names.includes(s)) ?? names.find((s) => values[s] === undefined)
  if (wrong === undefined) return names.map((s) => values[s])
  throw misuse({
    where: `${file}, equilibrium`,
    expected: `a number for each state (${names.join(', ')})`,
    got: values[wrong] === undefined ? `none for ${wrong}` : wrong,
    try: `equilibrium: { ${names.map((s) => `${s}: 0`).join(', ')} }`,
    code: 'bad-equilibrium',
  })
}
