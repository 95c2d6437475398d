import { createHash } from 'node:crypto'
import { encloseInterpreted, expression, system, withTheta } from '@separatrix/field'
import { enclose, type Field, gradient } from '@separatrix/field/core'
import { certify, checkCertificate, invariantSet, regionOfAttraction } from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cases, vanDerPol } from './cases.js'

type Json = Record<string, unknown>
type Side = readonly [number, number]
const xy = ['x', 'y'] as const
const square = expression('x^2 + y^2', xy)
const line = (text: string) => system({ state: ['x'], dynamics: { x: text } })
const parabola = expression('x^2', ['x'])
const unit = [[-1, 1], [-1, 1]] as const // biome-ignore format: a box is one row

interface Attack {
  readonly name: string
  readonly field: Field
  readonly V: Field
  readonly domain: readonly Side[]
  readonly level: number
}

/** Claims that are false, or that speak of a field which is not defined: none may be proved. */
const falseClaims: readonly Attack[] = [
  {
    name: 'a power whose halves do not fit 32 bits: x^(2³² + 2) is not x²',
    field: line('-x + x*(0.125*x^4294967298)'),
    V: parabola,
    domain: [[-3, 3]],
    level: 5,
  },
  {
    name: 'a field undefined for x ≤ −½, hidden in a power 0',
    field: line('-x*log(x + 0.5)^0'),
    V: parabola,
    domain: [[-3, 3]],
    level: 5,
  },
  ...[1e-3, 1e-6].map((size) => ({
    name: `a pocket with V̇ > 0 of size ${size} away from the origin`,
    field: line(`-x*(1 - 2*exp(-((x - 0.3141592)/${size})^2))`),
    V: parabola,
    domain: [[-1, 1]] as const,
    level: 0.5,
  })),
  ...[1e-9, 1e-30, 1e-300].map((offset) => ({
    name: `an equilibrium off 0 by ${offset}`,
    field: line(`-(x - ${offset})`),
    V: parabola,
    domain: [[-1, 1]] as const,
    level: 0.5,
  })),
  {
    name: 'a second equilibrium inside',
    field: line('-x*(x - 0.5)^2'),
    V: parabola,
    domain: [[-1, 1]],
    level: 0.5,
  },
  {
    name: 'a limit cycle inside',
    field: system({
      state: xy,
      dynamics: { x: 'y - x*(0.25 - x^2 - y^2)^2', y: '-x - y*(0.25 - x^2 - y^2)^2' },
    }),
    V: square,
    domain: unit,
    level: 0.5,
  },
  {
    name: 'a line on which nothing moves',
    field: system({ state: xy, dynamics: { x: '-x', y: '-y*x^2' } }),
    V: square,
    domain: unit,
    level: 0.5,
  },
  {
    name: 'a saddle with an indefinite V that decreases',
    field: system({ state: xy, dynamics: { x: '-x', y: 'y' } }),
    V: expression('x^2 - y^2', xy),
    domain: unit,
    level: 0.5,
  },
  {
    name: 'a candidate that is negative in a second well',
    field: line('-x'),
    V: expression('x^2*(1 - 4*exp(-((x - 2)*3)^2))', ['x']),
    domain: [[-3, 3]],
    level: 5,
  },
  {
    name: 'a coefficient in the subnormal range',
    field: line('1e-320*x'),
    V: parabola,
    domain: [[-1, 1]],
    level: 0.5,
  },
  {
    name: 'a dead zone by max and min',
    field: line('-max(x - 0.25, 0) - min(x + 0.25, 0)'),
    V: parabola,
    domain: [[-1, 1]],
    level: 0.5,
  },
  {
    name: 'an equilibrium at a kink off the origin',
    field: line('-x + 3*relu(x - 0.2)'),
    V: parabola,
    domain: [[-1, 1]],
    level: 0.5,
  },
  ...[2 ** -10, 2 ** -20].map((width) => ({
    // dyadic numbers, so that V(0) = 0 is exact; V̇ jumps at both kinks: a slope that leaves the jumps out sees −2x² everywhere, and the origin box all of the domain
    name: `a notch of V of width ${width} with V̇ > 0 between two kinks`,
    field: line('-x'),
    V: expression(`x^2 - 3*relu(x - 0.312744140625) + 3*relu(x - (0.312744140625 + ${width}))`, ['x']),
    domain: [[-1, 1.1]] as const,
    level: 0.5,
  })),
  {
    name: 'the cut of atan2 within the domain',
    field: system({ state: xy, dynamics: { x: '-x - x*atan2(y, x)^2', y: '-y' } }),
    V: square,
    domain: unit,
    level: 0.5,
  },
  {
    name: 'a root that ends within the domain',
    field: system({ state: xy, dynamics: { x: '-x', y: '-y*sqrt(x + 0.5)' } }),
    V: square,
    domain: unit,
    level: 0.5,
  },
  {
    name: 'three states, one of them unstable beyond 0.4',
    field: system({ state: ['x', 'y', 'z'], dynamics: { x: '-x', y: '-y', z: '-z + 6.25*z^3' } }),
    V: expression('x^2 + y^2 + z^2', ['x', 'y', 'z']),
    domain: [[-1, 1], [-1, 1], [-1, 1]],
    level: 0.2,
  },
  {
    name: 'a domain of huge sides whose products overflow',
    field: line('-x + x^3'),
    V: parabola,
    domain: [[-1e300, 1e300]],
    level: 1e10,
  },
] // biome-ignore format: a box is one row

for (const { name, field, V, domain, level } of falseClaims) {
  test(`not proved: ${name}`, () => {
    const verdict = certify({ field, V, domain, level, maxBoxes: 20_000 })
    assert.is.not(verdict.kind, 'proved', verdict.message)
    const region = regionOfAttraction({ field, V, domain, maxBoxes: 20_000 })
    assert.ok(region.level[0] < level, region.message)
    if (region.certificate !== undefined)
      assert.is(
        checkCertificate(
          rehashed({ ...copy(region.certificate), claim: { ...region.certificate.claim, level } }),
        ).valid,
        false,
      )
  })
}

test('parameters that are no numbers are refused, even where they cancel', () => {
  const field = system({ state: ['x'], params: { a: 1 }, dynamics: { x: '-x + (a - a)' } })
  for (const a of [Number.NaN, Infinity, -Infinity]) {
    const verdict = certify({ field: withTheta(field, [a]), V: parabola, domain: [[-1, 1]], level: 0.5 })
    assert.is(verdict.kind, 'unknown', verdict.message)
  }
})

test('a candidate that names the states in another order is refused', () => {
  const V = expression('x^2 + 9*y^2', ['y', 'x'])
  const field = system({ state: xy, dynamics: { x: '-x', y: '-y' } })
  assert.throws(() => certify({ field, V, domain: unit, level: 0.5 }), /states in the order of system/)
  const honest = certify({ field, V: expression('9*x^2 + y^2', xy), domain: unit, level: 0.5 })
  if (honest.kind !== 'proved') throw new Error(honest.message)
  const swapped = copy(honest.certificate)
  swapped.candidate = { ...(swapped.candidate as Json), state: ['y', 'x'] }
  assert.is(checkCertificate(rehashed(swapped)).valid, false)
})

test('levels, domains and subnormal numbers at the edge', () => {
  const field = line('-x')
  for (const level of [0, -0, -1, Number.NaN, Infinity, -Infinity])
    assert.throws(() => certify({ field, V: parabola, domain: [[-1, 1]], level }), /level/)
  for (const domain of [[[1, -1]], [[0, 1]], [[-1, 0]], [[1, 2]], [[-Infinity, 1]], [[Number.NaN, 1]], [[0, 0]]] as const) // biome-ignore format: boxes
    assert.throws(() => certify({ field, V: parabola, domain, level: 0.1 }), /domain/)
  // a subnormal level does not shrink by a relative slack: no claim that touches what was only bounded below
  const tiny = regionOfAttraction({ field, V: parabola, domain: [[-7e-162, 7e-162]] })
  assert.ok(tiny.level[0] === 0 || tiny.level[0] < tiny.level[1] * (1 - 1e-7), tiny.message)
})

/** Sets that are not forward invariant, or that leave their domain, or are empty. */
const falseSets: readonly Omit<Attack & { readonly B: string }, 'V' | 'level'>[] = [
  {
    name: 'a face at an odd subnormal, whose halves round to 0: B = 1.2e-247 there',
    field: line('x + 1'),
    B: '3.6615129e-247 - (1e200*x)^2',
    domain: [[-5e-324, 5e-324]],
  },
  {
    name: 'a field that is undefined within the set',
    field: line('-x + 0*log(x^2 - 0.25)'),
    B: '1 - x^2',
    domain: [[-2, 2]],
  },
  { name: 'a field that leaves on one side', field: line('0.5'), B: '1 - x^2', domain: [[-2, 2]] },
  { name: 'two pieces of which one leaks', field: line('-(x - 2)'), B: '-(x^2 - 4)^2 + 1', domain: [[-3, 3]] },
  { name: 'no gradient on the boundary of the set', field: line('1'), B: '-(x^2 - 1)^3', domain: [[-2, 2]] },
  { name: 'a single point', field: line('1'), B: '-x^2', domain: [[-1, 1]] },
  { name: 'an empty set', field: line('-x'), B: '-1 - x^2', domain: [[-1, 1]] },
  { name: 'a set that touches the domain', field: line('-x'), B: '1 - x^2', domain: [[-1, 1]] },
  { name: 'a set beyond the domain', field: line('-x'), B: '1 + x^2', domain: [[-1, 1]] },
  { name: 'B undefined inside', field: line('-x'), B: '1 - x^2 + 0*log(x^2 - 0.01)', domain: [[-2, 2]] },
] // biome-ignore format: a box is one row

for (const { name, field, B, domain } of falseSets) {
  test(`not an invariant set: ${name}`, () => {
    const verdict = invariantSet({ field, barrier: expression(B, ['x']), domain, maxBoxes: 20_000 })
    assert.is.not(verdict.kind, 'proved', verdict.message)
  })
}

test('an invariant set of two pieces is proved where both hold', () => {
  // x' = −x(x² − 4) has its sinks at ±2, one in each piece
  const verdict = invariantSet({
    field: line('-x*(x^2 - 4)'),
    barrier: expression('1 - (x^2 - 4)^2', ['x']),
    domain: [[-3, 3]],
  })
  assert.is(verdict.kind, 'proved', verdict.message)
  if (verdict.kind === 'proved') assert.ok(checkCertificate(verdict.certificate).valid)
})

const copy = (value: unknown) => JSON.parse(JSON.stringify(value)) as Json

/** The hash that an honest writer would put. */
function rehashed({ hash: _hash, ...payload }: Json): Json {
  const canonical = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
    if (typeof value !== 'object' || value === null) return JSON.stringify(value)
    const keys = Object.keys(value).sort()
    return `{${keys.map((k) => `${JSON.stringify(k)}:${canonical((value as Json)[k])}`).join(',')}}`
  }
  return { ...payload, hash: createHash('sha256').update(canonical(payload)).digest('hex') }
}

function honest(): Json {
  const verdict = certify({ ...vanDerPol, level: 2.2 })
  if (verdict.kind !== 'proved') throw new Error(verdict.message)
  return copy(verdict.certificate)
}

test('forged statements: the checker vouches for its own words only', () => {
  const c = honest()
  const claim = c.claim as Json
  assert.ok(checkCertificate(rehashed(c)).valid)
  for (const changed of [
    { ...claim, statement: 'Every solution from anywhere converges to 0.' },
    { ...claim, statement: `${claim.statement} Globally.` },
    { ...claim, rate: 5 },
    { ...claim, property: 'toString' },
    { property: claim.property, level: claim.level, domain: claim.domain },
  ])
    assert.is(checkCertificate(rehashed({ ...c, claim: changed })).valid, false, JSON.stringify(changed))
})

const last = (nodes: readonly Json[]) => nodes.length - 1
const doubling = (count: number) => {
  const nodes: Json[] = [{ op: 'state', args: [], size: 2 }]
  for (let k = 0; k < count; k++)
    nodes.push({ op: 'concat', args: [last(nodes), last(nodes)], size: 2 ** (k + 2) })
  return nodes
}
const big = Array.from({ length: 40_000 }, () => 0)

/** Programs that are malformed, name things that every object has, or would fill memory or time. */
const forgedNodes: Readonly<Record<string, readonly Json[]>> = {
  'forty doublings': [...doubling(40), { op: 'gather', args: [40], size: 2, indices: [0, 1] }],
  'an outer product of 40,000 by 40,000': [
    { op: 'const', args: [], size: 40_000, values: big },
    { op: 'outer', args: [0, 0], size: 1.6e9 },
    { op: 'gather', args: [1], size: 2, indices: [0, 1] },
  ],
  'a scatter of 40,000 into a million': [
    { op: 'const', args: [], size: 40_000, values: big },
    { op: 'scatter', args: [0], size: 999_999, indices: big },
    { op: 'gather', args: [1], size: 2, indices: [0, 1] },
  ],
  'a wide transposed product': [
    { op: 'const', args: [], size: 40_000, values: big },
    { op: 'const', args: [], size: 1, values: [0] },
    { op: 'matvec', args: [0, 1], size: 40_000, rows: 1, cols: 40_000, transposed: true },
    { op: 'gather', args: [2], size: 2, indices: [0, 1] },
  ],
  ...Object.fromEntries(
    ['constructor', 'toString', 'valueOf', '__proto__', 'hasOwnProperty', '__lookupGetter__', 'kink', 'sign', 'step', 'time'].flatMap((op) =>
      [1, 2, 15].map((size) => [`the operation ${op} of size ${size}`, [
        { op: 'state', args: [], size: 2 },
        { op, args: size === 2 ? [0, 0] : [0], size },
        { op: 'gather', args: [1], size: 2, indices: [0, 0] },
      ]]),
    ),
  ),
  'a node that names itself': [{ op: 'neg', args: [0], size: 2 }],
  'a node that names a later one': [{ op: 'neg', args: [1], size: 2 }, { op: 'state', args: [], size: 2 }],
  'an enormous power': [{ op: 'state', args: [], size: 2 }, { op: 'powi', args: [0], size: 2, exponent: 1e9 }],
  'a broken power': [{ op: 'state', args: [], size: 2 }, { op: 'powi', args: [0], size: 2, exponent: 2.5 }],
  'an index without an entry': [{ op: 'state', args: [], size: 2 }, { op: 'gather', args: [0], size: 2, indices: [0, 2] }],
  'sums of unequal lengths': [{ op: 'state', args: [], size: 2 }, { op: 'const', args: [], size: 1, values: [1] }, { op: 'add', args: [0, 1], size: 2 }],
  nothing: [],
} // biome-ignore format: one table

test('forged programs are refused at once', () => {
  const c = honest()
  const started = performance.now()
  for (const [name, nodes] of Object.entries(forgedNodes)) {
    const system = { ...(c.system as Json), nodes, output: Math.max(0, nodes.length - 1) }
    assert.is(checkCertificate(rehashed({ ...c, system })).valid, false, name)
  }
  // forty cases in about a second where nothing runs away; one doubling too many would take hours
  assert.ok(performance.now() - started < 20_000)
})

test('forged shapes: thousands of states, deep nesting, a polluted prototype', () => {
  const c = honest()
  const many = Array.from({ length: 3000 }, (_, i) => `x${i}`)
  const wide = {
    ...c,
    claim: { ...(c.claim as Json), domain: many.map(() => [-1, 1]) },
    system: { ...(c.system as Json), state: many, nodes: [{ op: 'state', args: [], size: 3000 }], output: 0 },
    candidate: { ...(c.candidate as Json), state: many, nodes: [{ op: 'const', args: [], size: 1, values: [1] }], output: 0 },
    proof: { tree: [-2], origin: many.map(() => [-1, 1]) },
  } // biome-ignore format: one value a line
  assert.is(checkCertificate(rehashed(wide)).valid, false)
  assert.is(checkCertificate(`${'['.repeat(200_000)}${']'.repeat(200_000)}`).valid, false)
  assert.is(checkCertificate('{"__proto__":{"format":"separatrix-certificate","version":1}}').valid, false)
  let deep: unknown = 1
  for (let k = 0; k < 50_000; k++) deep = [deep]
  assert.is(checkCertificate({ ...c, note: deep }).valid, false)
})

test('x⁰ and x^k of what is undefined stay undefined; long exponents are no products', () => {
  for (const text of ['(1/x)^0', 'log(x)^0', '(log(x)^0)^3', '1/x - 1/x'])
    for (const read of [enclose, encloseInterpreted]) {
      const [lo, hi] = [new Float64Array(1), new Float64Array(1)]
      read(expression(text, ['x']))([-1], [1], lo, hi)
      assert.ok(Number.isNaN(lo[0]) && Number.isNaN(hi[0]), `${text}: [${lo[0]}, ${hi[0]}]`)
    }
  for (const text of ['x^4294967298', 'x^2147483649', '(x^94906267)^94906267', '(x^999)*(x^999)']) {
    const [lo, hi] = [new Float64Array(1), new Float64Array(1)]
    enclose(expression(text, ['x']))([2], [2], lo, hi)
    assert.ok(!((hi[0] as number) < 1e300), `${text} at 2: [${lo[0]}, ${hi[0]}]`)
  }
})

test('derivatives at a kink contain both sides, also where the kink is the edge of the box', () => {
  for (const text of ['relu(x)', 'abs(x)', 'max(x, 0)', '-min(-x, 0)'])
    for (const read of [enclose, encloseInterpreted])
      for (const [low, high] of [[-1, 0], [0, 1], [0, 0], [-1, 1]] as const) {
        const [lo, hi] = [new Float64Array(1), new Float64Array(1)]
        read(gradient(expression(text, ['x'])))([low], [high], lo, hi)
        const left = text === 'abs(x)' ? -1 : 0
        assert.ok((lo[0] as number) <= left && (hi[0] as number) >= 1, `${text} on [${low}, ${high}]`)
      } // biome-ignore format: boxes
})

test('the reference levels hold from both sides by a part in a million', () => {
  for (const { name, field, V, domain, critical } of cases) {
    const above = certify({ field, V, domain, level: critical * (1 + 1e-6), maxBoxes: 50_000 })
    assert.is.not(above.kind, 'proved', name)
  }
})

test.run()
