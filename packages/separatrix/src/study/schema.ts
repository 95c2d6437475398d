import { misuse, show } from '@separatrix/field'
import * as v from 'valibot'

const number = v.pipe(v.number('a number'), v.finite('a finite number'))
const positive = v.pipe(number, v.gtValue(0, 'a positive number'))
const names = v.array(v.string('a name'), 'a list of names')
const matrix = v.array(v.array(number, 'a row of numbers'), 'a list of rows')
/** a matrix, or the list of its diagonal */
const weights = v.union([v.array(number), matrix], 'a list of numbers (a diagonal) or a list of rows')
const formula = v.union([v.string(), v.pipe(v.number(), v.transform(String))], 'a formula')

const ranges = v.record(
  v.string(),
  v.strictTuple([number, number], 'a range [lo, hi]'),
  'a range for every state',
)
const bounds = v.record(
  v.string(),
  v.strictTuple([number, number], 'a range [lo, hi]'),
  'names with ranges [lo, hi]',
)
const count = v.pipe(number, v.integer('a whole number'), v.minValue(1, 'a whole number of at least 1'))

export const properties = [
  'region-of-attraction',
  'stability',
  'global-asymptotic-stability',
  'invariant-set',
  'reach-avoid-stay',
] as const

/** What a study file may say. Objects are strict: an unknown key is an error that names it. */
export const studySchema = v.strictObject({
  /** names the folder of the results */
  name: v.optional(v.pipe(v.string('text'), v.regex(/^[^/\\.][^/\\]*$/, 'a name that can be a folder'))),
  /** heads the report */
  title: v.optional(v.string('text')),
  system: v.strictObject({
    state: names,
    input: v.optional(names, []),
    params: v.optional(v.record(v.string(), number, 'names with numbers'), {}),
    dynamics: v.record(v.string(), formula, 'a formula for every state'),
  }),
  /** names of the axes in reports, with units, by state */
  labels: v.optional(v.record(v.string(), v.string('text')), {}),
  controller: v.optional(
    v.strictObject({
      lqr: v.optional(v.strictObject({ Q: weights, R: weights })),
      expression: v.optional(v.record(v.string(), formula, 'a formula for every input')),
      network: v.optional(v.string('the path of a field written as JSON')),
    }),
  ),
  candidate: v.optional(
    v.strictObject({
      lqr: v.optional(v.strictObject({ Q: v.optional(weights), R: v.optional(weights) })),
      lyapunov: v.optional(v.strictObject({ Q: weights })),
      quadratic: v.optional(matrix),
      expression: v.optional(formula),
      network: v.optional(v.string('the path of a field written as JSON')),
    }),
  ),
  /** what certify proves: a region of attraction, unless it says otherwise */
  property: v.optional(v.picklist(properties, properties.join(', '))),
  /** discrete: the dynamics are a map, the state one step later */
  time: v.optional(v.picklist(['continuous', 'discrete'], 'continuous or discrete')),
  domain: v.optional(ranges),
  /** params that are constant but known to an interval only: the claim is for all their values */
  uncertain: v.optional(bounds),
  /** inputs that no controller drives: the claim is for all their functions of time within the bounds */
  disturbance: v.optional(bounds),
  /** a point near the equilibrium, where that is not at 0: V and the domain are then about it */
  equilibrium: v.optional(v.record(v.string(), number, 'a number for every state')),
  /** what a proof may cost: seconds, and boxes looked at */
  limits: v.optional(v.strictObject({ time: v.optional(positive), boxes: v.optional(count) })),
  /** an invariant set, by its shape or as {B ≥ 0} */
  set: v.optional(
    v.strictObject({
      box: v.optional(ranges),
      ellipsoid: v.optional(v.strictObject({ shape: matrix, centre: v.optional(v.array(number)) })),
      simplex: v.optional(v.strictObject({ total: v.optional(positive), isFilled: v.optional(v.boolean()) })),
      polytope: v.optional(
        v.strictObject({
          halfSpaces: v.array(v.strictObject({ normal: v.array(number), bound: number })),
          witness: v.array(number),
        }),
      ),
      barrier: v.optional(formula),
    }),
  ),
  /** to reach, avoid and stay: V below which solutions come, and boxes to start from, to come to and not to meet */
  inner: v.optional(number),
  initial: v.optional(ranges),
  goal: v.optional(ranges),
  avoid: v.optional(v.array(ranges, 'a list of boxes')),
  level: v.optional(positive),
  /** κ of V(x(t)) ≤ e^(−κt) V(x(0)) */
  rate: v.optional(positive),
  simulate: v.optional(
    v.strictObject({
      initial: v.array(v.array(number, 'a state as a list of numbers'), 'a list of states'),
      time: positive,
      /** dopri5 where left out */
      method: v.optional(
        v.picklist(
          ['dopri5', 'rk4', 'euler', 'implicitMidpoint', 'rodas5p', 'radau5', 'auto'],
          'dopri5, rk4, euler, implicitMidpoint, rodas5p, radau5 or auto',
        ),
      ),
      rtol: v.optional(positive),
      atol: v.optional(positive),
      step: v.optional(positive),
      every: v.optional(positive),
    }),
  ),
})

export type StudyFile = v.InferOutput<typeof studySchema>

/** Checks a parsed study file; `file` names it in errors. */
export function checkStudy(value: unknown, file: string): StudyFile {
  const result = v.safeParse(studySchema, value)
  if (result.success) return result.output
  const issue = result.issues[0] as v.BaseIssue<unknown>
  const path = (issue.path ?? []).map((p) => String(p.key))
  if (issue.expected === 'never' && issue.type === 'strict_object') throw unknownKey(path, file)
  if (issue.received === 'undefined')
    throw misuse({
      where: file,
      expected: `the key ${path.join('.')}`,
      got: 'none',
      try: hintFor(path) ?? `adding ${path.at(-1)}`,
      code: 'missing-key',
    })
  throw misuse({
    where: path.length === 0 ? file : `${file}, ${path.join('.')}`,
    expected: issue.message.startsWith('Invalid') ? (issue.expected ?? 'another value') : issue.message,
    got: show(issue.input),
    try: hintFor(path) ?? `checking ${path.join('.') || 'the file'}`,
    code: 'bad-study',
  })
}

/** Examples for the keys that matter most. */
const hints: Readonly<Record<string, string>> = {
  system: 'system: { state: [x], dynamics: { x: -x } }',
  'system.state': 'state: [theta, omega]',
  'system.dynamics': 'dynamics: { theta: omega, omega: … }',
  domain: 'domain: { theta: [-3, 3], omega: [-9, 9] }',
  controller: 'controller: { lqr: { Q: [1, 1], R: [1] } }',
  candidate: 'candidate: { quadratic: [[1.5, -0.5], [-0.5, 1]] }',
  set: 'set: { box: { x: [-1, 1], y: [-1, 1] } }',
  uncertain: 'uncertain: { m: [0.9, 1.1] }',
  disturbance: 'disturbance: { d: [-0.1, 0.1] }',
  equilibrium: 'equilibrium: { x: 0.5 }',
  limits: 'limits: { time: 60, boxes: 100000 }',
  simulate: 'simulate: { initial: [[0.5, 0]], time: 5, rtol: 1e-6, atol: 1e-9 }',
}

/** The example for the longest part of the path that has one. */
function hintFor(path: readonly string[]): string | undefined {
  const heads = path.map((_, i) => hints[path.slice(0, i + 1).join('.')])
  return heads.filter((hint) => hint !== undefined).at(-1)
}

function unknownKey(path: readonly string[], file: string) {
  const key = path.at(-1) as string
  const place = path.slice(0, -1)
  const known = keysAt(place)
  const near = known.find((k) => isNear(k, key))
  return misuse({
    where: [file, ...(place.length > 0 ? [place.join('.')] : [])].join(', '),
    expected: `the keys ${known.join(', ')}`,
    got: `the unknown key ${show(key)}`,
    try: near ?? `removing ${key}`,
    code: 'unknown-key',
  })
}

/** The keys that the schema allows at a path. */
function keysAt(path: readonly string[]): string[] {
  let schema: unknown = studySchema
  for (const key of path) schema = entriesOf(schema)[key]
  return Object.keys(entriesOf(schema))
}

function entriesOf(schema: unknown): Record<string, unknown> {
  const s = schema as { entries?: Record<string, unknown>; wrapped?: unknown }
  return s.entries ?? (s.wrapped === undefined ? {} : entriesOf(s.wrapped))
}

/** Same letters up to case, or one letter added, dropped, changed or swapped. */
function isNear(a: string, b: string): boolean {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()]
  if (x === y || Array.from(x).sort().join('') === Array.from(y).sort().join('')) return true
  if (Math.abs(x.length - y.length) > 1) return false
  let i = 0
  while (i < x.length && x[i] === y[i]) i++
  const [skipX, skipY] = [x.length >= y.length ? 1 : 0, y.length >= x.length ? 1 : 0]
  return x.slice(i + skipX) === y.slice(i + skipY)
}
