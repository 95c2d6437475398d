import assert from 'node:assert/strict'
import { adam, fit } from '@separatrix/adjoint'
import {
  Builder,
  type Field,
  interpret,
  makeField,
  network,
  seededRandom,
  withTheta,
} from '@separatrix/field'
import {
  cnf,
  type Manifold,
  moserFlow,
  moserLoss,
  riemannianFlowMatching,
  type Source,
  sphere,
  torus,
} from '@separatrix/flows'
import { dopri5 } from '@separatrix/ode'
import { test } from 'uvu'

const plain = (b: Builder, output: number, names: readonly string[]): Field =>
  makeField(b, output, {
    name: 'u',
    stateNames: [...names],
    inputNames: [],
    theta: new Float64Array(0),
    layout: [],
  })

// u = (−a/4π²·sin x, 0): μ = (1 + a cos x)/4π², a density for |a| < 1
const a = 0.8
const wave = (() => {
  const b = new Builder()
  const x = b.gather(b.leaf('state', 2), [0])
  return plain(
    b,
    b.concat([b.mul(b.constant(-a / (4 * Math.PI ** 2), true), b.unary('sin', x)), b.constant(0)]),
    ['x', 'y'],
  )
})()

test('Moser on the torus: the density is the closed form, and samples have it', async () => {
  const flow = moserFlow({ manifold: torus(2), field: wave })
  const places = [0, 1, 2.5, 4].map((x) => [x, 1])
  flow.logProb(places).forEach((found, i) => {
    const expected = Math.log((1 + a * Math.cos(places[i][0])) / (4 * Math.PI ** 2))
    assert.ok(Math.abs(found - expected) < 1e-14)
  })
  const samples = await flow.sample(4000, 1, { method: dopri5, rtol: 1e-7, atol: 1e-7 })
  const mean = (g: (x: number) => number) =>
    Array.from({ length: 4000 }, (_, i) => g(samples.get(i, 0))).reduce((s, v) => s + v / 4000, 0)
  // E cos x = a/2, E sin x = 0, E cos 2x = 0, deviations below 1/√2: four standard errors are .045
  assert.ok(Math.abs(mean(Math.cos) - a / 2) < 0.045)
  assert.ok(Math.abs(mean(Math.sin)) < 0.045)
  assert.ok(Math.abs(mean((x) => Math.cos(2 * x))) < 0.045)
})

test('the flow of a Moser velocity carries volume as the change of variables says', () => {
  const { velocity, logProb } = moserFlow({ manifold: torus(2), field: wave })
  const uniform = {
    name: 'uniform',
    size: 2,
    draw: torus(2).draw,
    logProb: () => -Math.log(4 * Math.PI ** 2),
    score: () => {},
  }
  const flow = cnf({ field: velocity, base: uniform, method: dopri5, rtol: 1e-9, atol: 1e-9 })
  const places = [
    [0.3, 1],
    [2, 5],
  ]
  flow.logProb(places).forEach((found, i) => {
    // a solve at 1e-9
    assert.ok(Math.abs(found - logProb(places)[i]) < 1e-7)
  })
})

test('on the sphere: tangent fields are tangent, and their divergence integrates to 0', () => {
  const u = sphere.tangent(network({ widths: [3, 8, 3], activation: 'tanh', seed: 2 }))
  const divergence = sphere.divergence(u)
  const random = seededRandom(3)
  const x = new Float64Array(3)
  let [sum, square] = [0, 0]
  const count = 4000
  for (let i = 0; i < count; i++) {
    sphere.draw(random, x)
    const v = interpret(u, 0, x)
    assert.ok(Math.abs(v[0] * x[0] + v[1] * x[1] + v[2] * x[2]) < 1e-14)
    const d = interpret(divergence, 0, x)[0]
    sum += d / count
    square += (d * d) / count
  }
  // four standard errors of a mean
  assert.ok(Math.abs(sum) < 4 * Math.sqrt(square / count), `${sum}`)
})

test('on the sphere: the divergence of ∇z is the Laplacian −2z', () => {
  const b = new Builder()
  b.leaf('state', 3)
  const up = sphere.tangent(plain(b, b.constant([0, 0, 1]), ['x', 'y', 'z']))
  const divergence = sphere.divergence(up)
  const x = new Float64Array(3)
  const random = seededRandom(1)
  for (let i = 0; i < 20; i++) {
    sphere.draw(random, x)
    assert.ok(Math.abs(interpret(divergence, 0, x)[0] + 2 * x[2]) < 1e-14)
  }
})

test('geodesics: ends, the derivative, and constant speed; on the torus the shorter way round', () => {
  const random = seededRandom(5)
  for (const manifold of [torus(3), sphere]) {
    const n = manifold.size
    const at = (t: number, ends: { x0: Float64Array; x1: Float64Array }) => {
      const [x, v] = [new Float64Array(n), new Float64Array(n)]
      manifold.geodesic(ends, t, x, v)
      return { x, v }
    }
    for (let k = 0; k < 10; k++) {
      const ends = { x0: new Float64Array(n), x1: new Float64Array(n) }
      manifold.draw(random, ends.x0)
      manifold.draw(random, ends.x1)
      const [start, end] = [at(0, ends), at(1, ends)]
      const other = ends.x1.slice()
      manifold.project(end.x)
      manifold.project(other)
      end.x.forEach((v, i) => {
        assert.ok(Math.abs(Math.sin((v - other[i]) / 2)) < 1e-12)
      })
      const h = 1e-5
      const middle = at(0.4, ends)
      middle.v.forEach((v, i) => {
        // a central difference: h²·π³/6, rounding 1e-16/h
        assert.ok(Math.abs((at(0.4 + h, ends).x[i] - at(0.4 - h, ends).x[i]) / (2 * h) - v) < 1e-8)
      })
      assert.ok(Math.abs(Math.hypot(...middle.v) - Math.hypot(...start.v)) < 1e-12)
      assert.ok(start.v.every((v) => Math.abs(v) <= Math.PI + 1e-12))
    }
  }
})

const cap: Source = {
  draw(random, x) {
    for (let i = 0; i < 3; i++) x[i] = 0.5 * random.normal() + (i === 2 ? 1 : 0)
    sphere.project(x)
  },
}
const bump: Source = {
  draw(random, x) {
    for (let i = 0; i < 2; i++) x[i] = 3 + 0.6 * random.normal()
    torus(2).project(x)
  },
}

/** A field on a manifold from a network, with time or without. */
const tangentNet = (manifold: Manifold, timed: boolean) => {
  const net = network({
    widths: [manifold.features + (timed ? 1 : 0), 24, manifold.size],
    activation: 'swish',
    seed: 4,
  })
  return manifold.tangent(net)
}

for (const [manifold, target] of [
  [torus(2), bump],
  [sphere, cap],
] as const) {
  test(`flow matching on the ${manifold.name} brings uniform samples to the target`, async () => {
    const { field } = await fit({
      field: tangentNet(manifold, true),
      loss: riemannianFlowMatching({ manifold, target, batch: 128 }),
      optimizer: adam({ rate: 1e-2 }),
      steps: 400,
      seed: 0,
      backend: 'wasm',
    })
    const flow = cnf({ field, base: uniformOn(manifold), method: dopri5, rtol: 1e-5, atol: 1e-5 })
    const { data } = await flow.batched({ backend: 'wasm' }).sample(1000, 1)
    manifold.project(data)
    const wanted = new Float64Array(3000)
    const random = seededRandom(9)
    for (let i = 0; i < 1000; i++)
      target.draw(random, wanted.subarray(i * manifold.size, (i + 1) * manifold.size))
    const moments = (x: Float64Array) =>
      Array.from({ length: manifold.size }, (_, k) =>
        Array.from({ length: 1000 }, (_, i) => Math.cos(x[i * manifold.size + k])).reduce(
          (s, v) => s + v / 1000,
          0,
        ),
      )
    // deviations of cosines below .5: four standard errors of a difference are .09, and the training's error
    moments(data).forEach((m, k) => {
      assert.ok(Math.abs(m - moments(wanted)[k]) < 0.13, `${m} against ${moments(wanted)[k]}`)
    })
  })

  test(`a Moser flow on the ${manifold.name} learns: its loss falls far below the uniform entropy`, async () => {
    // from nearly 0, as the authors do: where μ is far below 0 at the start, training hangs on the last digit
    const start = tangentNet(manifold, false)
    const { losses, field } = await fit({
      field: withTheta(
        start,
        start.theta.map((w) => w / 10),
      ),
      loss: moserLoss({ manifold, target, weight: 2, batch: 128 }),
      optimizer: adam({ rate: 3e-3 }),
      steps: 300,
      seed: 0,
      backend: 'wasm',
    })
    const reached = losses.slice(-30).reduce((s, l) => s + l / 30, 0)
    assert.ok(reached < Math.log(manifold.volume) - 0.5, `${reached} of ${Math.log(manifold.volume)}`)
    // μ₊ has mass near 1: by uniform points, four standard errors of about 2/√2000
    const random = seededRandom(2)
    const x = new Float64Array(manifold.size)
    const flow = moserFlow({ manifold, field })
    let mass = 0
    for (let i = 0; i < 2000; i++) {
      manifold.draw(random, x)
      mass += (Math.exp(flow.logProb([x])[0]) * manifold.volume) / 2000
    }
    assert.ok(Math.abs(mass - 1) < 0.25, `${mass}`)
  })
}

function uniformOn(manifold: Manifold) {
  return {
    name: 'uniform',
    size: manifold.size,
    draw: manifold.draw,
    logProb: () => -Math.log(manifold.volume),
    score: (_z: ArrayLike<number>, out: Float64Array) => {
      out.fill(0)
    },
  }
}

test.run()
