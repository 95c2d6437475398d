import {
  combine,
  compile,
  expression,
  freeze,
  gradient,
  lieDerivative,
  network,
  system,
  withParams,
} from '@separatrix/field'
import { type Field, seededRandom } from '@separatrix/field/core'
import {
  certify,
  checkCertificate,
  leafBoxes,
  quadratic,
  type Region,
  regionOfAttraction,
} from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cases, cost, pendulum, regulated, vanDerPol } from './cases.js'

const xy = ['x', 'y'] as const
const square = expression('x^2 + y^2', xy)
const unit = [[-1, 1], [-1, 1]] as const // biome-ignore format: a box is one row

for (const { name, field, V, domain, critical } of cases) {
  test(`${name}: proved at 0.999 c*, refuted at 1.001 c*, bracketed in one run`, () => {
    const below = certify({ field, V, domain, level: 0.999 * critical })
    assert.is(below.kind, 'proved', below.message)
    if (below.kind === 'proved')
      assert.equal(checkCertificate(JSON.parse(JSON.stringify(below.certificate))).valid, true)
    const above = certify({ field, V, domain, level: 1.001 * critical })
    assert.is(above.kind, 'refuted', above.message)
    if (above.kind === 'refuted') replayed({ field, V, point: above.point, level: 1.001 * critical })
    const { level, certificate } = regionOfAttraction({ field, V, domain })
    assert.ok(level[0] >= (1 - 1e-3) * critical && level[0] < critical * (1 + 1e-9), `proved ${level[0]}`)
    assert.ok(level[1] <= (1 + 1e-3) * critical && level[1] >= critical * (1 - 1e-9), `refuted ${level[1]}`)
    assert.ok(checkCertificate(certificate).valid)
  })
}

/** In plain doubles the refuting point must at least look like one: margins there are 1e-13, hence the slack. */
function replayed({
  field,
  V,
  point,
  level,
}: {
  field: Field
  V: Field
  point: Float64Array
  level: number
}) {
  const out = new Float64Array(1)
  compile(V)(0, point, out)
  assert.ok((out[0] as number) <= level && point.some((v) => v !== 0))
  compile(lieDerivative(V, field))(0, point, out)
  assert.ok((out[0] as number) >= -1e-10)
}

test('the reference levels of Van der Pol: 2.3021 proved, 2.3045 refuted', () => {
  const { field, V, domain } = vanDerPol
  assert.is(certify({ field, V, domain, level: 2.3021 }).kind, 'proved')
  assert.is(certify({ field, V, domain, level: 2.3045 }).kind, 'refuted')
})

test('a proved region contains only solutions that come home', () => {
  const { field, V, domain } = vanDerPol
  const { level } = regionOfAttraction({ field, V, domain })
  const f = compile(field)
  const value = compile(V)
  const random = seededRandom(3)
  const [out, dx] = [new Float64Array(1), new Float64Array(2)]
  for (let tried = 0; tried < 50; ) {
    const x = Float64Array.from(domain, ([lo, hi]) => lo + (hi - lo) * random.uniform())
    value(0, x, out)
    if ((out[0] as number) > level[0]) continue
    tried++
    // Euler with a small step is enough to see where it goes
    for (let k = 0; k < 20_000; k++) {
      f(0, x, dx)
      x.forEach((v, i) => {
        x[i] = v + 1e-3 * (dx[i] as number)
      })
    }
    assert.ok(Math.hypot(...x) < 1e-2)
  }
})

test('soundness of the leaves: random points of every leaf agree with its kind', () => {
  for (const { field, V, domain } of cases) {
    const region = regionOfAttraction({ field, V, domain, tolerance: 1e-2 })
    const values = compile(V)
    const rates = compile(lieDerivative(V, field))
    const random = seededRandom(8)
    const out = new Float64Array(1)
    const leaves = leafBoxes(certificateOf(region))
    let volume = 0
    for (const { box, kind } of leaves) {
      volume += box.reduce((p, [lo, hi]) => p * (hi - lo), 1)
      for (let k = 0; k < 5; k++) {
        const x = Float64Array.from(box, ([lo, hi]) => lo + (hi - lo) * random.uniform())
        if (x.every((v) => v === 0)) continue
        ;(kind === 'outside' ? values : rates)(0, x, out)
        if (kind === 'outside') assert.ok((out[0] as number) > region.level[0])
        else assert.ok((out[0] as number) < 0, `${kind} at ${x}: ${out[0]}`)
      }
    }
    const whole = domain.reduce((p, [lo, hi]) => p * (hi - lo), 1)
    assert.ok(Math.abs(volume / whole - 1) < 1e-9, 'the leaves cover the domain')
  }
})

function certificateOf(region: Region) {
  if (region.certificate === undefined) throw new Error(region.message)
  return region.certificate
}

test('the regulated pendulum: only the domain limits the region', () => {
  const region = regionOfAttraction({ field: regulated, V: cost, domain: [[-3, 3], [-20, 20]] }) // biome-ignore format: a box
  assert.is(region.limitedBy, 'domain')
  assert.ok(region.level[0] / region.level[1] > 0.999)
  assert.ok(checkCertificate(certificateOf(region)).valid)
})

test('every face of the domain counts', () => {
  const field = system({ state: xy, dynamics: { x: '-x', y: '-y' } })
  for (const near of [0, 1, 2, 3]) {
    // one face at distance 1, the others at 3
    const side = (i: number) => [near === 2 * i ? -1 : -3, near === 2 * i + 1 ? 1 : 3] as const
    const domain = [side(0), side(1)]
    assert.is(certify({ field, V: square, domain, level: 1.5 }).kind, 'unknown')
    const { level } = regionOfAttraction({ field, V: square, domain })
    assert.ok(level[0] < 1 && level[0] > 0.999 && level[1] >= 1, `${level}`)
  }
})

/** Each must not be proved; `kind` says what it should be instead. */
const traps: readonly {
  readonly name: string
  readonly field: Field
  readonly V: Field
  readonly domain?: readonly (readonly [number, number])[]
  readonly level?: number
  readonly kind: 'refuted' | 'unknown'
}[] = [
  {
    name: 'Lotka–Volterra at its centre with the first integral',
    field: system({ state: xy, dynamics: { x: '-(x + 1)*y', y: '(y + 1)*x' } }),
    V: expression('x - log(1 + x) + y - log(1 + y)', xy),
    domain: [[-0.5, 0.5], [-0.5, 0.5]],
    level: 0.05,
    kind: 'unknown',
  },
  {
    name: 'a centre with its energy',
    field: system({ state: xy, dynamics: { x: 'y', y: '-x' } }),
    V: square,
    kind: 'unknown',
  },
  {
    name: 'a level set that meets the boundary of the domain',
    field: system({ state: xy, dynamics: { x: '-x', y: '-y' } }),
    V: square,
    level: 1.0000001,
    kind: 'unknown',
  },
  {
    name: 'V that is not radially unbounded, on a level that leaves every box',
    field: system({
      state: xy,
      dynamics: { x: '-6*x/(1 + x^2)^2 + 2*y', y: '-2*(x + y)/(1 + x^2)^2' },
    }),
    V: expression('x^2/(1 + x^2) + y^2', xy),
    domain: [[-50, 50], [-5, 5]],
    level: 1,
    kind: 'unknown',
  },
  {
    name: 'an equilibrium off 0 by 1e-9',
    field: system({ state: xy, dynamics: { x: '-(x - 1e-9)', y: '-y' } }),
    V: square,
    kind: 'refuted',
  },
  {
    name: 'x + 1e16 − 1e16, which doubles take for 0 and reals for x',
    field: system({ state: xy, dynamics: { x: '-x + 2*((x + 1e16) - 1e16)', y: '-y' } }),
    V: square,
    kind: 'unknown',
  },
  {
    name: 'a network with V(0) ≠ 0',
    field: system({ state: xy, dynamics: { x: '-x', y: '-y' } }),
    V: withBias(),
    kind: 'refuted',
  },
  {
    name: 'V̇ ≤ 0 only: a damped oscillator with its energy',
    field: system({ state: xy, dynamics: { x: 'y', y: '-x - y' } }),
    V: square,
    kind: 'unknown',
  },
  {
    name: 'a candidate that is not smooth at the origin',
    field: system({ state: xy, dynamics: { x: '-x', y: '-y' } }),
    V: expression('abs(x) + abs(y)', xy),
    kind: 'unknown',
  },
  {
    name: 'a field that jumps',
    field: system({ state: xy, dynamics: { x: '-sign(x)', y: '-y' } }),
    V: square,
    kind: 'unknown',
  },
  {
    name: 'a field of time',
    field: system({ state: xy, dynamics: { x: '-x*(1 + t)', y: '-y' } }),
    V: square,
    kind: 'unknown',
  },
  {
    name: 'an unstable equilibrium',
    field: system({ state: xy, dynamics: { x: '1e-6*x', y: '-y' } }),
    V: square,
    kind: 'refuted',
  },
  {
    name: 'a candidate that jumps along the cut of an angle, where its slopes do not show it',
    field: system({ state: xy, dynamics: { x: '-x', y: '-y' } }),
    V: expression('x^2 + y^2 + 0.01*x^2*atan2(y, x + 0.5)', xy),
    kind: 'unknown',
  },
  {
    name: 'a candidate undefined on part of the domain',
    field: system({ state: xy, dynamics: { x: '-x', y: '-y' } }),
    V: expression('x^2 + y^2 + 0*log(x + 0.5)', xy),
    kind: 'unknown',
  },
] // biome-ignore format: a box is one row

/** A smooth candidate with a bias: V(0) is not 0. */
function withBias(): Field {
  const net = network({ widths: [2, 4, 1], activation: 'tanh', seed: 2 })
  const shifted = withParams(net, { 'network.bias2': [0.01] })
  return combine([square, shifted], (b, place) => b.add(place(square), b.powi(place(shifted), 2)))
}

for (const { name, field, V, domain = unit, level = 0.5, kind } of traps) {
  test(`not proved: ${name}`, () => {
    const verdict = certify({ field, V, domain, level, maxBoxes: 20_000 })
    assert.is(verdict.kind, kind, verdict.message)
    const region = regionOfAttraction({ field, V, domain, maxBoxes: 20_000 })
    if (name.includes('boundary') || name.includes('radially')) assert.ok(region.level[0] < level)
    else assert.is(region.certificate, undefined, region.message)
  })
}

test('a field without a value is proved nowhere, though its derivatives have one: 0·log(x + ½), 0/(x − ½)', () => {
  // both leave x' = −x wherever they are defined, and {V ≤ c} meets the line x = ±½ from c = ¼ on
  for (const text of ['-x + 0*log(x + 0.5)', '-x + 0/(x - 0.5)', '-x*((x + 0.5)^0.5)^0']) {
    const pair = { field: system({ state: xy, dynamics: { x: text, y: '-y' } }), V: square, domain: unit }
    assert.is(certify({ ...pair, level: 0.5, maxBoxes: 20_000 }).kind, 'unknown', text)
    const { level, certificate } = regionOfAttraction({ ...pair, maxBoxes: 20_000 })
    assert.ok(level[0] > 0.2 && level[0] <= 0.25, `${text}: ${level[0]}`)
    assert.ok(checkCertificate(certificate).valid, text)
  }
})

test('every slope is an enclosure: where it vanishes at the centre of every symmetric box, nothing is proved', () => {
  // V̇ = −x² − y² + 8 x²y²·…: its slopes are 0 at the centre of each box symmetric about an axis; a sampled slope would
  // "prove" such boxes, as it does for the cart-pole at a level 15 times too large
  const field = system({ state: xy, dynamics: { x: '-x + 4*x*y^2', y: '-y + 4*y*x^2' } })
  const verdict = certify({ field, V: square, domain: [[-3, 3], [-3, 3]], level: 4 }) // biome-ignore format: a box
  assert.is(verdict.kind, 'refuted')
  // on the diagonal V̇ = −2V + 4V²·… = 0 at x² = y² = 1/4
  const { level } = regionOfAttraction({ field, V: square, domain: [[-3, 3], [-3, 3]] }) // biome-ignore format: a box
  assert.ok(Math.abs(level[0] / 0.5 - 1) < 2e-3 && Math.abs(level[1] / 0.5 - 1) < 2e-3, `${level}`)
})

test('kinks: a piecewise smooth candidate is proved where its jumps are steady or slopes allow it', () => {
  const field = system({ state: xy, dynamics: { x: '-x', y: '-y' } })
  // C¹ but not C²: relu² has a jumping second derivative at x = ½, away from the origin
  const V = expression('x^2 + y^2 + relu(x - 0.5)^2', xy)
  const verdict = certify({ field, V, domain: unit, level: 0.9 })
  assert.is(verdict.kind, 'proved', verdict.message)
  if (verdict.kind === 'proved') assert.ok(checkCertificate(verdict.certificate).valid)
  // a kink of V itself, V̇ discontinuous: the same
  const sharp = certify({ field, V: expression('x^2 + y^2 + relu(x - 0.5)', xy), domain: unit, level: 0.9 })
  assert.is(sharp.kind, 'proved', sharp.message)
  if (sharp.kind === 'proved') assert.ok(checkCertificate(sharp.certificate).valid)
  // and where the kink makes V̇ > 0 it is found
  const bad = certify({ field, V: expression('x^2 + y^2 - 3*relu(x - 0.5)', xy), domain: unit, level: 0.5 })
  assert.is(bad.kind, 'refuted', bad.message)
})

test('a rise hidden between two kinks is found: no mean-value form reaches across a jump', () => {
  // V′ = 2x, but 2x − 1.5 on (0.5, 0.5 + 2⁻¹³): V̇ > 0 there, too narrow for samples; slopes without the jumps say V̇ < 0
  const field = system({ state: ['x'], dynamics: { x: '-x' } })
  const V = expression('x^2 - 1.5*relu(x - 0.5) + 1.5*relu(x - 0.5001220703125)', ['x'])
  const verdict = certify({ field, V, domain: [[-2, 2]], level: 0.9 })
  assert.is(verdict.kind, 'refuted', verdict.message)
})

test('limits end in an honest answer with the place and the part that is proved', () => {
  const { field, V, domain } = vanDerPol
  const short = certify({ field, V, domain, level: 2.3021, maxBoxes: 200 })
  assert.is(short.kind, 'unknown')
  if (short.kind === 'unknown') assert.is(short.box?.length, 2)
  const region = regionOfAttraction({ field, V, domain, maxBoxes: 200 })
  assert.ok(region.level[0] > 0 && region.level[0] < 2.3 && checkCertificate(region.certificate).valid)
  assert.is(region.box?.length, 2)
  const controller = new AbortController()
  let [calls, settled] = [0, 0]
  const stopped = regionOfAttraction({
    field,
    V,
    domain,
    tolerance: 1e-7,
    signal: controller.signal,
    onProgress: (at) => {
      calls++
      assert.ok(at.proved <= at.refuted && at.boxes > 0)
      // the parts of a bisection: their shares are powers of ½, and add up without rounding
      assert.ok(at.settled > settled && at.settled <= 1)
      settled = at.settled
      if (calls === 3) controller.abort()
    },
  })
  assert.is(calls, 3)
  assert.ok(/stopped/.test(stopped.message) && stopped.level[0] > 0)
})

test('misuse is refused at the door', () => {
  const { field, V } = vanDerPol
  assert.throws(() => certify({ field, V, domain: [[-1, 1]], level: 1 }), /domain of 2 intervals/)
  assert.throws(() => certify({ field, V, domain: [[0, 1], [-1, 1]], level: 1 }), /origin inside/) // biome-ignore format: a box
  assert.throws(() => certify({ field: pendulum, V, domain: unit, level: 1 }), /closeLoop/)
  assert.throws(() => certify({ field, V, domain: unit, level: -1 }), /level/)
  assert.throws(() => certify({ field, V: gradient(V), domain: unit, level: 1 }), /scalar/)
  assert.throws(() => certify({ field, V: quadratic([[1]]), domain: unit, level: 1 }), /same n states/)
})

test('a certificate speaks of the frozen field, whatever θ the caller goes on to use', () => {
  const field = system({ state: ['x'], params: { a: 1 }, dynamics: { x: '-a*x + x^3' } })
  const V = expression('x^2', ['x'])
  const verdict = certify({ field, V, domain: [[-2, 2]], level: 0.9 })
  assert.is(verdict.kind, 'proved')
  if (verdict.kind === 'proved') assert.equal(verdict.certificate.system.nodes, freeze(field).nodes)
  assert.is(
    certify({ field: withParams(field, { a: 0.5 }), V, domain: [[-2, 2]], level: 0.9 }).kind,
    'refuted',
  )
})

test.run()
