import { compile, expression, fromJSON, system } from '@separatrix/field'
import { seededRandom } from '@separatrix/field/core'
import { certify, checkCertificate, invariantSet, reachAvoidStay, type Verdict } from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Json, rehashed } from './cases.js'

type Side = readonly [number, number]
type Point = readonly number[]
const xy = ['x', 'y'] as const
const plane = (x: string, y: string) => system({ state: xy, dynamics: { x, y } })
const line = (x: string) => system({ state: ['x'], dynamics: { x } })
const parabola = expression('x^2', ['x'])
const cubic = line('-x + x^3')
const pushed = system({ state: ['x'], input: ['d'], dynamics: { x: '-x + d' } })
const turning = plane('-x + 0.3*sin(y)', '-y + 0.3*tanh(x)')
const chained = plane('-x + y', '-y + 0.2*x')

/** A small certificate of each property, and of each way to prove one. */
const verdicts: Readonly<Record<string, Verdict>> = {
  region: certify({ field: cubic, V: parabola, domain: [[-1.5, 2]], level: 0.9 }),
  'region with functions': certify({ field: turning, V: expression('x^2 + y^2', xy), domain: [[-1, 1], [-1, 1]], level: 0.5 }),
  'region with a rate': certify({ field: cubic, V: parabola, domain: [[-1.5, 2]], level: 0.4, rate: 0.5 }),
  'region with a parameter': certify({ field: system({ state: ['x'], params: { a: 1 }, dynamics: { x: '-a*x + x^3' } }), V: parabola, domain: [[-1, 1]], level: 0.4, params: { a: [0.8, 1.2] } }),
  'region about an equilibrium': certify({ field: line('3 - x'), V: parabola, domain: [[-1, 1]], level: 0.5, equilibrium: [3] }),
  'region of a map': certify({ field: line('0.5*x + 0.1*x^2'), V: parabola, domain: [[-1, 1]], level: 0.5, time: 'discrete' }),
  'region by a quadratic form': certify({ field: system({ state: ['a', 'b', 'c', 'd'], dynamics: { a: '-a + 0.2*sin(b)', b: '-b', c: '-c + 0.1*a*b', d: '-d' } }), V: expression('a^2 + b^2 + c^2 + d^2', ['a', 'b', 'c', 'd']), domain: [[-2, 2], [-2, 2], [-2, 2], [-2, 2]], level: 1 }),
  'stability by squares': certify({ field: plane('y', '-x - y'), V: expression('x^2 + y^2', xy), domain: [[-2, 2], [-2, 2]], level: 1, property: 'stability' }),
  'stability by factors': certify({ field: plane('y', '-sin(x) - y*(1 - 0.1*y)'), V: expression('2*(1 - cos(x)) + y^2', xy), domain: [[-2, 2], [-2, 2]], level: 1, property: 'stability' }),
  'reach, avoid and stay': reachAvoidStay({ field: pushed, V: parabola, domain: [[-3, 3]], disturbance: { d: [-0.3, 0.3] }, level: 4, inner: 0.1, initial: [[-1, 1]], goal: [[-0.5, 0.5]], avoid: [[[2.1, 3]]] }),
  'an invariant set': invariantSet({ field: chained, barrier: expression('1 - x^2 - y^2', xy), domain: [[-2, 2], [-2, 2]] }),
  'an invariant box': invariantSet({ field: turning, set: { kind: 'box', sides: [[-0.4, 0.4], [-0.5, 0.5]] } }),
  'an invariant triangle': invariantSet({ field: plane('-x', '-y'), set: { kind: 'simplex', isFilled: true } }),
  'global stability': certify({ field: plane('-x^3 + y', '-x - y'), V: expression('x^2 + y^2', xy), property: 'global-asymptotic-stability' }),
} // biome-ignore format: one certificate a line

const certificates = Object.entries(verdicts).map(([name, verdict]) => {
  if (verdict.kind !== 'proved') throw new Error(`${name}: ${verdict.message}`)
  return { name, certificate: JSON.parse(JSON.stringify(verdict.certificate)) as Json }
})

/** Every place of a JSON value, as a path of keys. */
function placesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [
    ...(path.length > 1 ? [path] : []),
    ...Object.entries(value).flatMap(([k, v]) => placesOf(v, [...path, k])),
  ]
}

const at = (value: unknown, path: readonly string[]) => path.reduce((v, key) => (v as Json)[key], value)

/** In place of a value: the key that holds it goes as well. */
const nothing = Symbol('nothing')

function put(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by
  const out: Json | unknown[] = Array.isArray(value) ? [...value] : { ...(value as Json) }
  if (rest.length === 0 && by === nothing) {
    if (Array.isArray(out)) out.splice(Number(key), 1)
    else delete out[key]
  } else (out as Json)[key] = put((value as Json)[key], rest, by)
  return out
}

/** Places by what they are: those in lists that differ in their positions only are of one kind. */
function kindsOf(places: readonly (readonly string[])[]): (readonly string[])[][] {
  const kinds = new Map<string, (readonly string[])[]>()
  for (const path of places) {
    const kind = path.map((key) => (/^\d+$/.test(key) ? '*' : key)).join('.')
    kinds.set(kind, [...(kinds.get(kind) ?? []), path])
  }
  return [...kinds.values()]
}

const operations = ['add', 'sub', 'mul', 'div', 'neg', 'sin', 'cos', 'tanh', 'exp', 'log', 'sqrt', 'abs', 'relu', 'powi', 'min', 'max', 'sum', 'concat', 'state', 'input'] // biome-ignore format: one list
const numbers: readonly ((v: number) => unknown)[] = [
  () => 0,
  () => 1,
  () => -3,
  () => 1e300,
  () => 5e-324,
  (v) => -v,
  (v) => v + 1,
  (v) => v - 1,
  (v) => 2 * v,
  (v) => v / 2,
  (v) => v * (1 + 2 ** -52),
  (v) => v * 1.001,
  (v) => v * 0.999,
  (v) => String(v),
  (v) => [v],
]
const values: readonly unknown[] = [null, true, false, '', 'x', 'constructor', {}, [], [[]], -1, 0.5, 1e9]

/** What stands at a place, altered: a number, an operation or name, a list or a node. */
function altered(value: unknown, random: ReturnType<typeof seededRandom>): unknown {
  const one = <T>(list: readonly T[]) => list[random.integer(list.length)] as T
  if (random.uniform() < 0.1) return one(values)
  if (random.uniform() < 0.05) return nothing
  if (typeof value === 'number') return one(numbers)(value)
  if (typeof value === 'string') return one([...operations, 'y', 'discrete', 'parameter', 'disturbance'])
  if (!Array.isArray(value)) return one(values)
  const [i, j] = [random.integer(value.length + 1), random.integer(value.length + 1)]
  return one([
    () => value.slice(1),
    () => value.slice(0, -1),
    () => [...value, value[i] ?? 0],
    () => [...value].reverse(),
    () => value.map((v, k) => (k === i ? value[j] : v)),
  ])()
}

/** The claim as an honest writer would word it after numbers in it changed. */
function reworded(claim: Json, original: Json): Json {
  const numbersIn = (c: Json) =>
    [c.rate, ...((c.uncertain ?? []) as Json[]).flatMap((u) => [u.name, u.interval]).flat()].map(String)
  const before = numbersIn(original)
  const changed = numbersIn(claim).findIndex((v, i) => v !== before[i])
  if (changed < 0 || typeof claim.statement !== 'string') return claim
  return { ...claim, statement: claim.statement.replaceAll(before[changed] as string, String(numbersIn(claim)[changed])) } // biome-ignore format: one line
}

/** Alterations of each kind of place in a certificate, and more of places at random. */
const [perKind, atRandom] = [4, 200]
let [total, refusals, proofs, claims] = [0, 0, 0, 0]

for (const [index, { name, certificate }] of certificates.entries())
  test(`alterations of a certificate: ${name}`, () => {
    assert.ok(checkCertificate(certificate).valid, checkCertificate(certificate).reason)
    const random = seededRandom(index)
    const places = placesOf(certificate).filter(([key]) => key !== 'hash')
    const kinds = kindsOf(places)
    const groups = [
      ...kinds.flatMap((kind) => new Array(perKind).fill(kind)),
      ...new Array(atRandom).fill(places),
    ]
    let refused = 0
    for (const group of groups) {
      const path = group[random.integer(group.length)] as readonly string[]
      const by = altered(at(certificate, path), random)
      const forged = put(certificate, path, by) as Json
      if (JSON.stringify(forged) === JSON.stringify(certificate)) continue
      total++
      if (path[0] === 'claim' && typeof forged.claim === 'object' && forged.claim !== null)
        try {
          forged.claim = reworded(forged.claim as Json, certificate.claim as Json)
        } catch {
          // a claim that cannot be worded is left as it is
        }
      if (!checkCertificate(rehashed(forged)).valid) refused++
      // what passes claims the same with another proof, or something else that is true, or names things otherwise
      else if (path[0] === 'proof' || path.at(-1) === 'name') proofs++
      else {
        claims++
        assert.ok(agrees(forged), `${path.join('.')} = ${String(by)}`)
      }
    }
    refusals += refused
    assert.ok(refused > groups.length / 3, `${refused} of ${groups.length} refused`)
  })

test('thousands of alterations, most of them refused; what passes is true by random points, or only another proof', () => {
  assert.ok(total > 4000, `${total}`)
  assert.is(refusals + proofs + claims, total)
  // 4261 refused, 225 other proofs and 313 other claims when this was written
  assert.ok(
    refusals > 0.7 * total,
    `${refusals} refused, ${proofs} other proofs, ${claims} other claims of ${total}`,
  )
})

/** Whether random points agree with a claim, by values and difference quotients alone. */
function agrees(c: Json): boolean {
  const claim = c.claim as { property: string; level: number; inner: number; rate?: number; time?: string; domain: Side[]; equilibrium?: Side[]; initial?: Side[]; goal?: Side[]; avoid?: Side[][]; uncertain?: { interval: Side }[] } // biome-ignore format: one claim
  const { property, level, domain, rate = 0, time } = claim
  const random = seededRandom(5)
  const inputs = (claim.uncertain ?? []).map(({ interval: [lo, hi] }) => lo + (hi - lo) * random.uniform())
  const f = reader(closed(c.system as Json, inputs))
  const V = reader(c.candidate as Json)
  const isMap = time === 'discrete'
  const center = claim.equilibrium ? zeroIn(claim.equilibrium, f, isMap) : domain.map(() => 0)
  const step = (x: Point) => f(x.map((v, i) => v + (center[i] ?? 0))).map((v, i) => v - (isMap ? (center[i] ?? 0) : 0)) // biome-ignore format: one line
  const slope = (g: (x: Point) => number, x: Point) => {
    const v = step(x)
    if (isMap) return g(v) - g(x)
    // along the direction of f, whose length may be anything
    const [h, speed] = [1e-6, Math.hypot(...v)]
    const moved = (s: number) => x.map((u, i) => u + (speed === 0 ? 0 : s * h * ((v[i] as number) / speed)))
    return ((g(moved(1)) - g(moved(-1))) / (2 * h)) * speed
  }
  const W = (x: Point) => V(x)[0] as number
  const isIn = (x: Point, box: readonly Side[]) =>
    x.every((v, i) => v >= box[i][0] - 1e-9 && v <= box[i][1] + 1e-9)
  const box = property === 'global-asymptotic-stability' ? xy.map((): Side => [-5, 5]) : domain
  const draw = (from: readonly Side[]) => from.map(([lo, hi]) => lo + (hi - lo) * random.uniform())
  const onFace = (x: Point) => {
    const i = random.integer(x.length)
    return x.map((v, k) => (k === i ? (box[i][random.integer(2)] as number) : v))
  }
  for (let k = 0; k < 300; k++) {
    const x = draw(box)
    const face = onFace(x)
    const isFar = Math.hypot(...x) > 1e-3
    if (property === 'invariant-polytope') {
      const A = V(face)
      const at = face.findIndex((v, i) => v === box[i][0] || v === box[i][1])
      const out = (step(face)[at] as number) * (face[at] === box[at][1] ? 1 : -1)
      if (A.every((v) => v <= 0) && out > 1e-9) return false
      continue
    }
    if (property === 'invariant-set') {
      if (W(face) > 1e-9 || (Math.abs(W(x)) < 1e-2 && slope(W, x) < -1e-1)) return false
      continue
    }
    if (property === 'global-asymptotic-stability') {
      if (isFar && !(W(x) > 0 && slope(W, x) + rate * W(x) < 1e-7)) return false
      continue
    }
    if (!isMap && !(W(face) > level - 1e-9)) return false
    const isLower = property === 'reach-avoid-stay' && W(x) < claim.inner
    if (isLower && claim.goal && !isIn(x, claim.goal)) return false
    if (claim.avoid?.some((from) => W(draw(from)) < level - 1e-9)) return false
    if (claim.initial && W(draw(claim.initial)) > level + 1e-9) return false
    if (W(x) > level || isLower || !isFar) continue
    if (isMap && !isIn(step(x), domain)) return false
    if (!(slope(W, x) + rate * W(x) < 1e-7)) return false
  }
  return true
}

/** The equilibrium in a box on a line, by Newton's method; not a number where it is not there. */
function zeroIn([[lo, hi]]: readonly Side[], f: (x: Point) => number[], isMap: boolean): number[] {
  const residual = (x: number) => (f([x])[0] as number) - (isMap ? x : 0)
  let x = (lo + hi) / 2
  for (let k = 0; k < 50; k++) x -= (2e-6 * residual(x)) / (residual(x + 1e-6) - residual(x - 1e-6))
  return [x >= lo - 1e-9 && x <= hi + 1e-9 ? x : Number.NaN]
}

/** A graph whose inputs are numbers. */
function closed(json: Json, inputs: Point): Json {
  const nodes = (json.nodes as Json[]).map((node) =>
    node.op === 'input' ? { op: 'const', args: [], size: inputs.length, values: inputs } : node,
  )
  return { ...json, input: [], nodes }
}

function reader(json: Json): (x: Point) => number[] {
  const field = fromJSON(json as never)
  const [run, out] = [compile(field), new Float64Array(field.outputSize)]
  return (x) => {
    run(0, Float64Array.from(x), out)
    return Array.from(out)
  }
}

test.run()
