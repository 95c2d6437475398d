import { compile, expression, network, system } from '@separatrix/field'
import { type Field, seededRandom } from '@separatrix/field/core'
import {
  type Certificate,
  type CertifyOptions,
  certify,
  checkCertificate,
  dlyap,
  leafBoxes,
  quadratic,
  regionOfAttraction,
} from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { alterNumbers, type Json, rehashed, seemsTrue } from './cases.js'

type Side = readonly [number, number]
const time = 'discrete'
const xy = ['x', 'y'] as const
const square = expression('x^2 + y^2', xy)
const parabola = expression('x^2', ['x'])
const line = (text: string) => system({ state: ['x'], dynamics: { x: text } })

function proved(options: CertifyOptions): Certificate {
  const verdict = certify({ ...options, time })
  if (verdict.kind !== 'proved') throw new Error(verdict.message)
  assert.ok(checkCertificate(JSON.stringify(verdict.certificate)).valid)
  return verdict.certificate
}

/** Maps with c* = sup {c : V(f(x)) < V(x) on {0 < V < c} and f leads into the domain}, worked out by hand. */
const maps: readonly { name: string; field: Field; V: Field; domain: readonly Side[]; critical: number }[] = [
  // |x/2 + x³| < |x| where x² < 1/2
  { name: 'a cubic map', field: line('0.5*x + x^3'), V: parabola, domain: [[-2, 2]], critical: 0.5 },
  // 0.9|x| ≤ 0.5 on the side that leads to the near end of the domain
  { name: 'a map that leads out of its domain', field: line('-0.9*x'), V: parabola, domain: [[-0.5, 2]], critical: (0.5 / 0.9) ** 2 },
  // V(f) = (x² + y²)/4·(1 + x)²: falls where |1 + x| < 2, x < 1
  {
    name: 'a rotation that shrinks by half, more or less',
    field: system({ state: xy, dynamics: { x: '-0.5*y*(1 + x)', y: '0.5*x*(1 + x)' } }),
    V: square,
    domain: [[-3, 3], [-3, 3]],
    critical: 1,
  },
] // biome-ignore format: boxes

for (const { name, field, V, domain, critical } of maps)
  test(`${name}: bracketed in one run, proved at 0.999 c*, not at 1.001 c*`, () => {
    const region = regionOfAttraction({ field, V, domain, time })
    assert.ok(region.level[0] >= 0.999 * critical && region.level[0] < critical, region.message)
    assert.ok(region.level[1] >= critical * (1 - 1e-9) && region.level[1] <= 1.001 * critical, region.message)
    assert.ok(checkCertificate(region.certificate).valid)
    proved({ field, V, domain, level: 0.999 * critical })
    const above = certify({ field, V, domain, level: 1.001 * critical, time, maxBoxes: 20_000 })
    assert.is.not(above.kind, 'proved')
    const forged = { ...(region.certificate as unknown as Json), claim: { ...region.certificate?.claim, level: 1.001 * critical } } // biome-ignore format: one line
    assert.is(checkCertificate(rehashed(forged)).valid, false)
  })

const sampled = system({ state: xy, dynamics: { x: 'x + 0.1*y', y: 'y + 0.1*(-sin(x) - y)' } })
const solution = quadratic(dlyap([[1, -0.1], [0.1, 0.9]], [[1, 0], [0, 1]])) // biome-ignore format: matrices
const wide = [[-3, 3], [-3, 3]] as const // biome-ignore format: a box

test('the sampled pendulum with the solution of its discrete Lyapunov equation, with and without a rate', () => {
  const plain = regionOfAttraction({ field: sampled, V: solution, domain: wide, time })
  const fast = regionOfAttraction({ field: sampled, V: solution, domain: wide, time, rate: 0.02 })
  assert.ok(plain.level[0] > 100 && fast.level[0] > 50 && fast.level[0] < plain.level[0])
  assert.match(fast.certificate?.claim.statement ?? '', /V\(x\(k\)\) <= \(1 - 0.02\)\^k V\(x\(0\)\)/)
  assert.ok(checkCertificate(fast.certificate).valid)
  // orbits from the set keep the rate; the slack is rounding
  const [step, value, out] = [compile(sampled), compile(solution), new Float64Array(1)]
  const read = (x: Float64Array) => {
    value(0, x, out)
    return out[0] as number
  }
  const random = seededRandom(2)
  for (let tried = 0; tried < 100; ) {
    const x = Float64Array.from(wide, ([lo, hi]) => lo + (hi - lo) * random.uniform())
    const next = new Float64Array(2)
    if (read(x) > fast.level[0]) continue
    tried++
    for (let k = 0; k < 50; k++) {
      const before = read(x)
      step(0, x, next)
      assert.ok(read(next) <= 0.98 * before + 1e-12)
      x.set(next)
    }
  }
})

test('random points of every leaf agree with its kind', () => {
  const certificate = proved({ field: sampled, V: solution, domain: wide, level: 80 })
  const [step, value, out, next] = [
    compile(sampled),
    compile(solution),
    new Float64Array(1),
    new Float64Array(2),
  ]
  const read = (x: Float64Array) => {
    value(0, x, out)
    return out[0] as number
  }
  const random = seededRandom(5)
  for (const { box, kind } of leafBoxes(certificate))
    for (let k = 0; k < 5; k++) {
      const x = Float64Array.from(box, ([lo, hi]) => lo + (hi - lo) * random.uniform())
      step(0, x, next)
      if (kind === 'outside') assert.ok(read(x) > 80)
      else assert.ok(read(next) < read(x) && next.every((v, i) => v >= wide[i][0] && v <= wide[i][1]))
    }
})

test('a neural loop, an uncertain parameter and a disturbance in discrete time', () => {
  const net = network({ widths: [2, 8, 2], activation: 'tanh', seed: 3, bias: false, outputGain: 0.3 })
  proved({ field: net, V: expression('x^2 + y^2', xy), domain: [[-1, 1], [-1, 1]] }) // biome-ignore format: boxes
  const varied = system({ state: ['x'], input: ['d'], params: { a: 0.5 }, dynamics: { x: 'a*x*(1 + d)' } })
  const certificate = proved({ field: varied, V: parabola, domain: [[-1, 1]], level: 0.9, params: { a: [0.4, 0.8] }, disturbance: { d: [-0.2, 0.2] } }) // biome-ignore format: one line
  assert.match(certificate.claim.statement, /every constant a in .* and every sequence d in /)
  const wild = certify({ field: varied, V: parabola, domain: [[-1, 1]], level: 0.9, time, params: { a: [0.4, 0.9] }, disturbance: { d: [-0.2, 0.2] }, maxBoxes: 5000 }) // biome-ignore format: one line
  assert.is.not(wild.kind, 'proved', '0.9·1.2 > 1')
})

/** Claims that are false of the map, some of them true of the differential equation. */
const falseClaims: readonly { name: string; field: Field; V?: Field; domain?: readonly Side[]; level?: number }[] = [
  { name: "x' = −2x, stable in continuous time, as a map", field: line('-2*x') },
  { name: "x' = −x as a map: it only turns", field: line('-x') },
  { name: 'a fixed point off 0 by 1e-9', field: line('0.5*x + 1e-9') },
  { name: 'a cycle of two points in the set', field: line('-1.5*x + 2*x^3'), domain: [[-1, 1]] },
  { name: 'a map out of the domain into another well', field: line('0.5*x + 108*x*max(x - 0.3, 0)'), V: expression('x^2*(x - 3)^2', ['x']), domain: [[-1, 1]], level: 1 },
  { name: 'a jump', field: line('0.5*x + sign(x - 0.5) + 1') },
  { name: 'a map that is undefined in the set', field: line('0.5*x + 0*log(x + 0.3)') },
  { name: 'a rise between samples', field: line('0.5*x + 2*x*exp(-((x - 0.3141592)/1e-5)^2)') },
] // biome-ignore format: one claim a line

for (const { name, field, V = parabola, domain = [[-2, 2]] as const, level = 0.5 } of falseClaims)
  test(`not proved: ${name}`, () => {
    assert.is.not(certify({ field, V, domain, level, time, maxBoxes: 20_000 }).kind, 'proved')
    const region = regionOfAttraction({ field, V, domain, time, maxBoxes: 20_000 })
    assert.ok(region.level[0] < level, region.message)
  })

test('the two times are never mixed', () => {
  const half = proved({ field: line('0.5*x'), V: parabola, domain: [[-1, 1]], level: 0.9 })
  const flow = certify({ field: line('-1.5*x'), V: parabola, domain: [[-1, 1]], level: 0.9 })
  if (flow.kind !== 'proved') throw new Error(flow.message)
  const { time: _time, ...timeless } = half.claim
  const json = (c: Certificate, claim: unknown) => rehashed({ ...(c as unknown as Json), claim })
  const forgeries = [
    json(half, timeless),
    json(half, { ...timeless, statement: flow.certificate.claim.statement }),
    json(flow.certificate, { ...flow.certificate.claim, time }),
    json(flow.certificate, { ...flow.certificate.claim, time, statement: half.claim.statement }),
    json(half, { ...half.claim, time: 'continuous' }),
    json(half, { ...half.claim, rate: 1, statement: half.claim.statement }),
  ]
  for (const forged of forgeries)
    assert.is(checkCertificate(forged).valid, false, JSON.stringify(forged.claim))
  assert.throws(() => certify({ field: line('0.5*x'), V: parabola, domain: [[-1, 1]], level: 0.9, time, rate: 1 }), /rate κ < 1/) // biome-ignore format: one line
  assert.throws(() => certify({ field: line('0.5*x'), V: parabola, domain: [[-1, 1]], time: 'sometimes' as 'discrete' }), /discrete/) // biome-ignore format: one line
})

test('altered numbers fail, or leave the claim true', () => {
  const certificate = proved({
    field: line('0.5*x + x^3'),
    V: parabola,
    domain: [[-2, 2]],
    level: 0.4,
    rate: 0.1,
  })
  const refused = alterNumbers(certificate, {
    count: 400,
    seed: 9,
    passed: (c, what) => assert.ok(seemsTrue(c), what),
  })
  assert.ok(refused > 150, `${refused} of 400`)
})

test.run()
