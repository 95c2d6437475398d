import { closeLoop, expression, network, system } from '@separatrix/field'
import { type Field, seededRandom } from '@separatrix/field/core'
import {
  type Certificate,
  certify,
  checkCertificate,
  invariantSet,
  regionOfAttraction,
} from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cases, cost, type Json, pendulum, regulated, rehashed, vanDerPol } from './cases.js'

type Side = readonly [number, number]
const copy = (value: unknown) => JSON.parse(JSON.stringify(value)) as Json

function proved(options: { field: Field; V: Field; domain: readonly Side[]; level: number }): Certificate {
  const verdict = certify(options)
  if (verdict.kind !== 'proved') throw new Error(verdict.message)
  return verdict.certificate
}

const one = cases.at(-1) as (typeof cases)[number]
const small = proved({ ...one, level: 0.9 })

test('certificates of every case hold, also as text', () => {
  for (const c of cases)
    assert.ok(checkCertificate(JSON.stringify(proved({ ...c, level: 0.99 * c.critical }))).valid, c.name)
})

test('a neural closed loop is proved fast, and checked', () => {
  const controller = network({
    widths: [2, 16, 1],
    activation: 'tanh',
    seed: 5,
    bias: false,
    outputGain: 0.05,
  })
  // a small odd network beside the regulator: V̇ stays negative in a large region, through 16 tanh
  const field = closeLoop(
    system({
      state: ['theta', 'omega'],
      input: ['w'],
      dynamics: {
        theta: 'omega',
        omega: '19.62*sin(theta) - 2.666666*omega - 26.666666*(1.977252*theta + 0.97624*omega) + w',
      },
    }),
    controller,
  )
  const started = performance.now()
  const region = regionOfAttraction({ field, V: cost, domain: [[-1.5, 1.5], [-8, 8]] }) // biome-ignore format: a box
  assert.ok(performance.now() - started < 10_000)
  assert.ok(region.level[0] > 1, region.message)
  assert.ok(checkCertificate(region.certificate).valid)
})

test('every altered digit fails by the hash', () => {
  const text = JSON.stringify(small)
  const random = seededRandom(4)
  for (let k = 0; k < 300; k++) {
    const at = random.integer(text.length)
    const old = text[at] as string
    if (!/[0-9a-f]/.test(old)) continue
    const changed = text.slice(0, at) + (old === '7' ? '3' : '7') + text.slice(at + 1)
    assert.is(checkCertificate(changed).valid, false, `digit ${at}`)
  }
})

test('a digit beyond the precision of a double is altered all the same', () => {
  const text = JSON.stringify(proved({ ...vanDerPol, level: 2.0022967250989043 }))
  const other = text.replace('2.0022967250989043', '2.0022967250989044')
  assert.is(JSON.stringify(JSON.parse(other)), text)
  assert.ok(checkCertificate(text).valid && checkCertificate(JSON.stringify(JSON.parse(text), null, 2)).valid)
  assert.match(checkCertificate(other).reason, 'not written as its double prints')
})

test('a false claim with a fresh hash fails by the proof', () => {
  const c = copy(proved({ ...vanDerPol, level: 2.3 }))
  const claim = c.claim as Json
  const proof = c.proof as Json
  const variants: Readonly<Record<string, Json>> = {
    'a level above the critical one': { ...c, claim: { ...claim, level: 2.3046 } },
    'a level that leaves the domain': { ...c, claim: { ...claim, level: 20 } },
    'a smaller domain': { ...c, claim: { ...claim, domain: [[-1, 1], [-1, 1]] } }, // biome-ignore format: a box
    'a tree cut short': { ...c, proof: { ...proof, tree: (proof.tree as number[]).slice(0, -1) } },
    'a tree with more': { ...c, proof: { ...proof, tree: [...(proof.tree as number[]), -1] } },
    'no tree': { ...c, proof: { ...proof, tree: [] } },
    'an origin box beside the origin': { ...c, proof: { ...proof, origin: [[0.1, 1], [-1, 1]] } }, // biome-ignore format: a box
    'another system': { ...c, system: copy(small).system as Json },
    'the other candidate': { ...c, candidate: copy(small).candidate as Json },
    'another property': { ...c, claim: { ...claim, property: 'global' } },
    'a discrete system': { ...c, claim: { ...claim, property: 'region-of-attraction-discrete' } },
    'a negative level': { ...c, claim: { ...claim, level: -1 } },
    'an enormous level': { ...c, claim: { ...claim, level: Number.MAX_VALUE } },
  }
  assert.ok(checkCertificate(rehashed(c)).valid)
  for (const [name, variant] of Object.entries(variants))
    assert.is(checkCertificate(rehashed(variant)).valid, false, name)
})

test('where a function is undefined on part of the domain only, the rest is still checked', () => {
  // tan has a pole at x = π/2 − 1; the squares of its undefined enclosures must come to an end
  const field = system({ state: ['x', 'y'], dynamics: { x: '-x*tan(x + 1)', y: '-y' } })
  const c = proved({ field, V: expression('x^2+y^2', ['x', 'y']), domain: [[-1, 1], [-1, 1]], level: 0.2 }) // biome-ignore format: a box
  assert.is(checkCertificate(c).reason, 'every leaf, the boundary and the origin were proved again')
})

test('a whole tree of leaves that lie is no proof', () => {
  // a single leaf "V̇ < 0" over the whole domain: the checker must bisect by itself, and fail where it is false
  const unstable = system({ state: ['x', 'y'], dynamics: { x: '-x + 4*x*y^2', y: '-y + 4*y*x^2' } })
  const honest = copy(proved({ field: unstable, V: expression('x^2+y^2', ['x', 'y']), domain: [[-3, 3], [-3, 3]], level: 0.4 })) // biome-ignore format: a box
  const lie = {
    ...honest,
    claim: { ...(honest.claim as Json), level: 0.6 },
    proof: { ...(honest.proof as Json), tree: [-2] },
  }
  assert.is(checkCertificate(rehashed(lie)).valid, false)
})

/** Every place of a JSON value, as a path of keys. */
function paths(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([k, v]) => paths(v, [...path, k]))]
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by
  const out: Json | unknown[] = Array.isArray(value) ? [...value] : { ...(value as Json) }
  ;(out as Json)[key] = replaced((value as Json)[key], rest, by)
  return out
}

test('fuzzing: whatever is put anywhere, the answer is no or the claim is still true, and nothing is thrown', () => {
  const random = seededRandom(6)
  const c = copy(small)
  const places = paths(c).filter((p) => p[0] !== 'hash')
  const values = [null, -1, 0, 1, 2, 0.5, 1e300, 'x', '', [], {}, [[]], true, -2, 1e-9, [1, 2]]
  let rejected = 0
  for (let k = 0; k < 1500; k++) {
    const path = places[random.integer(places.length)] as readonly string[]
    const value = values[random.integer(values.length)]
    const fuzzed = replaced(c, path, value) as Json
    const { valid } = checkCertificate(
      typeof fuzzed === 'object' && fuzzed !== null && !Array.isArray(fuzzed) ? rehashed(fuzzed) : fuzzed,
    )
    if (!valid) {
      rejected++
      continue
    }
    // what may pass: names and words, another leaf kind, numbers that leave the claim true (checked by sampling below)
    assert.ok(stillTrue(fuzzed), `${path.join('.')} = ${JSON.stringify(value)}`)
  }
  assert.ok(rejected > 500, `${rejected} of 1500`)
  for (const garbage of [
    undefined,
    null,
    3,
    'x',
    '{',
    [],
    {},
    { format: 'separatrix-certificate', version: 2 },
  ])
    assert.is(checkCertificate(garbage).valid, false)
})

/** The claim about x' = −x + x³ and x², read back from its JSON by the field package and sampled. */
function stillTrue(c: Json): boolean {
  const claim = c.claim as { readonly level: number; readonly domain: readonly Side[] }
  return sampledClaim(c, claim)
}

function sampledClaim(
  c: Json,
  { level, domain }: { readonly level: number; readonly domain: readonly Side[] },
): boolean {
  const [f, V] = [c.system, c.candidate].map((json) => scalarPolynomial(json as Json)) as [
    (x: number) => number,
    (x: number) => number,
  ]
  const [lo, hi] = domain[0] as Side
  if (!(V(lo) > level && V(hi) > level)) return false
  for (let k = 0; k <= 2000; k++) {
    const x = lo + ((hi - lo) * k) / 2000
    if (Math.abs(x) < 1e-3 || V(x) > level) continue
    const h = 1e-6
    if (((V(x + h) - V(x - h)) / (2 * h)) * f(x) >= 1e-9) return false
  }
  return true
}

/** The certificate's nodes evaluated plainly: the operations of the case in one dimension and those that fuzzing makes. */
function scalarPolynomial(json: Json): (x: number) => number {
  const nodes = json.nodes as readonly {
    op: string
    args: readonly number[]
    values?: readonly number[]
    exponent?: number
    indices?: readonly number[]
  }[]
  return (x) => {
    const v: number[][] = []
    for (const { op, args, values = [], exponent = 1, indices = [] } of nodes) {
      const [a = [], b = []] = args.map((i) => v[i] as number[])
      const rules: Readonly<Record<string, () => number[]>> = {
        const: () => [...values],
        state: () => [x],
        neg: () => a.map((p) => -p),
        add: () => a.map((p, i) => p + (b[i] as number)),
        sub: () => a.map((p, i) => p - (b[i] as number)),
        mul: () => a.map((p, i) => p * (b[i] as number)),
        powi: () => a.map((p) => p ** exponent),
        gather: () => indices.map((i) => a[i] as number),
        concat: () => args.flatMap((i) => v[i] as number[]),
      }
      v.push((rules[op] as () => number[])())
    }
    return (v[json.output as number] as number[])[0] as number
  }
}

test('invariant sets: proved, checked, refuted, and refused where they leave the domain', () => {
  const barrier = expression('1 - (1.409730279936563*x^2 + 0.148293925568704*x*y + 0.036609024180857*y^2)', [
    'x',
    'y',
  ])
  // the angle limit is the width of the domain: a solution that starts in the set never exceeds it
  const domain = [[-0.95, 0.95], [-8, 8]] as const // biome-ignore format: a box
  const verdict = invariantSet({ field: regulated, barrier, domain })
  assert.is(verdict.kind, 'proved', verdict.message)
  if (verdict.kind !== 'proved') return
  const certificate = copy(verdict.certificate)
  assert.ok(checkCertificate(certificate).valid)
  const proof = certificate.proof as Json
  assert.is(
    checkCertificate(rehashed({ ...certificate, proof: { ...proof, witness: [0.94, 0] } })).valid,
    false,
  )
  assert.is(checkCertificate(rehashed({ ...certificate, claim: { ...(certificate.claim as Json), domain: [[-0.7, 0.7], [-8, 8]] } })).valid, false) // biome-ignore format: a box
  const narrow = invariantSet({ field: regulated, barrier, domain: [[-0.7, 0.7], [-8, 8]] }) // biome-ignore format: a box
  assert.is(narrow.kind, 'unknown')
  const tilted = invariantSet({ field: regulated, barrier: expression('1 - x^2 - y^2/30', ['x', 'y']), domain: [[-1.5, 1.5], [-8, 8]] }) // biome-ignore format: a box
  assert.is(tilted.kind, 'refuted', tilted.message)
  const still = invariantSet({
    field: system({ state: ['x', 'y'], dynamics: { x: 'y', y: '-x' } }),
    barrier: expression('1 - x^2 - y^2', ['x', 'y']),
    domain: [[-2, 2], [-2, 2]],
    maxBoxes: 2000,
  }) // biome-ignore format: a box
  assert.is(still.kind, 'unknown', 'Ḃ = 0 on the circle is not Ḃ > 0')
  const empty = invariantSet({ field: regulated, barrier: expression('-1 - x^2', ['x', 'y']), domain })
  assert.is(empty.kind, 'unknown')
  assert.throws(() => invariantSet({ field: pendulum, barrier, domain }), /closeLoop/)
})

test.run()
