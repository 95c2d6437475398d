import { compile, expression, network, withParams } from '@separatrix/field'
import { combine, type Field, jacobian, seededRandom } from '@separatrix/field/core'
import { certifiedRadius, lipschitzConstant, type Norm } from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const random = seededRandom(12)
const norms: readonly Norm[] = [2, 'max']
const size = (v: ArrayLike<number>, norm: Norm) =>
  norm === 2 ? Math.hypot(...Array.from(v)) : Math.max(...Array.from(v, Math.abs))

/** A network of one linear layer. */
const linear = (rows: number, cols: number, weights: readonly number[]) =>
  withParams(network({ widths: [cols, rows], activation: 'tanh', seed: 0, bias: false }), {
    'network.weight1': weights,
  })

test('norms of matrices that are known: by hand, and within 0.06 % above', () => {
  // Gram iteration exceeds by at most rank^(2⁻¹³), 1.00013 for rank 3
  const known: readonly [number, number, readonly number[], number, number][] = [
    [2, 2, [3, 0, 0, -4], 4, 4],
    [2, 2, [1, 1, 0, 1], (1 + Math.sqrt(5)) / 2, 2],
    [1, 3, [1, 2, 2], 3, 5],
    [3, 1, [1, 2, 2], 3, 2],
    [2, 3, [0, 0, 0, 0, 0, 0], 0, 0],
    [2, 2, [1e-200, 0, 0, 1e-200], 1e-200, 1e-200],
    [2, 2, [1e200, 0, 0, 1], 1e200, 1e200],
    [3, 3, [1, 1, 1, 1, 1, 1, 1, 1, 1], 3, 3],
  ]
  for (const [rows, cols, weights, two, max] of known) {
    const f = linear(rows, cols, weights)
    const bound = lipschitzConstant(f).upper
    assert.ok(bound >= two * (1 - 1e-15) && bound <= two * (1 + 2e-4), `${weights}: ${bound}`)
    const most = lipschitzConstant(f, { norm: 'max' }).upper
    assert.ok(most >= max && most <= max * (1 + 1e-14), `${weights}: ${most}`)
  }
})

test('random matrices: no vector is stretched by more', () => {
  for (const [rows, cols] of [[8, 8], [3, 20], [20, 3]] as const) {
    const weights = Array.from({ length: rows * cols }, () => random.normal())
    const f = linear(rows, cols, weights)
    const apply = compile(f)
    const bound = lipschitzConstant(f).upper
    const [x, y, back] = [new Float64Array(cols).fill(1), new Float64Array(rows), new Float64Array(cols)]
    // power iteration on WᵀW
    for (let k = 0; k < 3000; k++) {
      apply(0, x, y)
      back.fill(0)
      weights.forEach((w, i) => {
        back[i % cols] += w * y[Math.floor(i / cols)]
      })
      const s = Math.hypot(...back)
      x.set(back.map((v) => v / s))
    }
    apply(0, x, y)
    const reached = Math.hypot(...y)
    // rank 20: 20^(2⁻¹³) = 1.0004
    assert.ok(bound >= reached * (1 - 1e-13) && bound <= 1.0005 * reached, `${bound} over ${reached}`)
  }
}) // biome-ignore format: shapes

const kinds: readonly { name: string; f: Field }[] = [
  { name: 'tanh', f: network({ widths: [2, 16, 16, 3], activation: 'tanh', seed: 4 }) },
  { name: 'relu', f: network({ widths: [2, 12, 3], activation: 'relu', seed: 5 }) },
  { name: 'sigmoid', f: network({ widths: [3, 12, 2], activation: 'sigmoid', seed: 6 }) },
  { name: 'a residual', f: residual(network({ widths: [2, 8, 2], activation: 'softplus', seed: 7 })) },
]

function residual(f: Field): Field {
  return combine([f], (b, place) => b.sub(b.leaf('state', 2), b.mul(b.constant([0.5, 2]), place(f))))
}

for (const { name, f } of kinds)
  test(`no pair of points is farther apart than the bound says: ${name}`, () => {
    const [n, m] = [f.stateSize, f.outputSize]
    const domain = Array.from({ length: n }, () => [-1, 1] as const)
    const run = compile(f)
    for (const norm of norms) {
      const everywhere = lipschitzConstant(f, { norm })
      const local = lipschitzConstant(f, { norm, domain })
      assert.ok(local.upper <= everywhere.upper && local.lower <= local.upper && local.lower > 0)
      const [p, q] = [new Float64Array(m), new Float64Array(m)]
      for (let k = 0; k < 2000; k++) {
        const x = Float64Array.from(domain, () => 2 * random.uniform() - 1)
        const reach = 10 ** (-3 * random.uniform())
        const y = x.map((v) => Math.min(1, Math.max(-1, v + reach * random.normal())))
        run(0, x, p)
        run(0, y, q)
        const [far, apart] = [p.map((v, i) => v - q[i]), x.map((v, i) => v - y[i])]
        // rounding of the values is 1e-15, of distances above 1e-4
        assert.ok(size(far, norm) <= local.upper * size(apart, norm) * (1 + 1e-10))
      }
    }
  })

test('a bound over a box follows the box: sin(9x) at its flat top, x² away from 0', () => {
  const wave = expression('sin(9*x)', ['x'])
  // slope 9·cos 9x, at most 9·sin 0.09 = 0.8089 within 0.01 of π/18
  const top = Math.PI / 18
  const near = lipschitzConstant(wave, { domain: [[top - 0.01, top + 0.01]], tolerance: 0.01 }).upper
  assert.ok(near >= 0.808 && near < 0.83, `${near}`)
  assert.ok(Math.abs(lipschitzConstant(wave).upper / 9 - 1) < 1e-6)
  const square = expression('x^2', ['x'])
  assert.is(lipschitzConstant(square).upper, Infinity)
  const upper = lipschitzConstant(square, { domain: [[-1, 3]], tolerance: 0.01 }).upper
  assert.ok(upper >= 6 && upper < 6.1)
  assert.is(
    lipschitzConstant(expression('sqrt(x)', ['x']), { domain: [[0, 1]], maxBoxes: 50 }).upper,
    Infinity,
  )
})

/** A classifier of three sectors of the plane, off the origin. */
const classifier = network({ widths: [2, 16, 3], activation: 'tanh', seed: 21 })

test('no point within the certified radius is decided otherwise', () => {
  const run = compile(classifier)
  const decide = (x: Float64Array) => {
    const out = new Float64Array(3)
    run(0, x, out)
    return out.indexOf(Math.max(...out))
  }
  let gain = 0
  for (let trial = 0; trial < 20; trial++) {
    const x = Float64Array.from({ length: 2 }, () => 2 * random.normal())
    for (const norm of norms) {
      const { label, radius } = certifiedRadius(classifier, x, { norm })
      const plain = certifiedRadius(classifier, x, { norm, method: 'layers' })
      assert.is(label, decide(x))
      assert.ok(radius >= plain.radius && plain.radius > 0)
      gain += radius / plain.radius
      for (let k = 0; k < 200; k++) {
        const d = Float64Array.from({ length: 2 }, () => random.normal())
        const scale = (radius * (k % 4 === 0 ? 0.999999 : random.uniform())) / size(d, norm)
        assert.is(decide(x.map((v, i) => v + scale * d[i])), label)
      }
    }
  }
  assert.ok(gain / 40 > 2, `local balls are ${gain / 40} times as large on average`)
})

test('a linear classifier: the radius is the distance to the boundary', () => {
  // f = (x, −x): decided at x = 0; the layers lose nothing here: margin 2x, |W| = √2, 2x/(√2·√2)
  const f = linear(2, 1, [1, -1])
  const { radius, label, margin } = certifiedRadius(f, [0.7])
  assert.is(label, 0)
  assert.ok(Math.abs(margin - 1.4) < 1e-12 && radius <= 0.7 && radius > 0.69, `${radius}`)
  const tie = certifiedRadius(f, [0])
  assert.ok(tie.label === undefined && tie.radius === 0)
  const constant = certifiedRadius(linear(2, 1, [0, 0]), [1])
  assert.is(constant.label, undefined)
})

test('bounds of the Jacobian agree with its values', () => {
  const f = kinds[0]?.f as Field
  const [run, out] = [compile(jacobian(f)), new Float64Array(6)]
  const { upper, lower } = lipschitzConstant(f, { domain: [[-1, 1], [-1, 1]], norm: 'max', tolerance: 0.1, maxBoxes: 3000 }) // biome-ignore format: a box
  assert.ok(upper <= 1.1 * lower + 1e-12, `${lower} to ${upper}`)
  for (let k = 0; k < 3000; k++) {
    run(
      0,
      Float64Array.from({ length: 2 }, () => 2 * random.uniform() - 1),
      out,
    )
    const rows = [0, 1, 2].map((i) => Math.abs(out[2 * i]) + Math.abs(out[2 * i + 1]))
    assert.ok(Math.max(...rows) <= upper)
  }
})

test('a jump that slopes do not show is neither bounded nor within a certified radius', () => {
  // the cut of atan2 at y = 0, x < 0, where the derivatives go on
  const angle = expression('atan2(y, x)', ['x', 'y'])
  assert.is(lipschitzConstant(angle, { domain: [[-2, -1], [-1, 1]] }).upper, Infinity) // biome-ignore format: a box
  assert.ok(lipschitzConstant(angle, { domain: [[-2, -1], [0.5, 1]] }).upper < 1) // biome-ignore format: a box
  const sides = combine([angle], (b, place) => b.concat([place(angle), b.constant(0)]))
  const { label, radius } = certifiedRadius(sides, [-1, 0.1])
  assert.ok(label === 0 && radius > 0.09 && radius <= 0.1, `${radius}`)
})

test('misuse is refused at the door', () => {
  assert.throws(() => lipschitzConstant(expression('sign(x)', ['x'])), /continuous function/)
  assert.throws(() => lipschitzConstant(classifier, { norm: 3 as 2 }), /norm 2/)
  assert.throws(() => lipschitzConstant(classifier, { domain: [[0, 1]] }), /2 intervals/)
  assert.throws(() => certifiedRadius(classifier, [1]), /2 finite numbers/)
  assert.throws(() => certifiedRadius(expression('x', ['x']), [1]), /at least two labels/)
})

test.run()
