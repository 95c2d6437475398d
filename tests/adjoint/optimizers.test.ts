import assert from 'node:assert/strict'
import {
  adam,
  adamw,
  agd,
  averaged,
  clipped,
  cosineRate,
  fromage,
  lbfgs,
  madam,
  muon,
  nero,
  type Objective,
  type Optimizer,
  sgd,
  stepRate,
  type TrustReport,
  trustReport,
  warmUp,
} from '@separatrix/adjoint'
import { blockSize, seededRandom, type ThetaBlock } from '@separatrix/field/core'
import { test } from 'uvu'

const block = (name: string, offset: number, shape: readonly number[]): ThetaBlock => ({
  name,
  offset,
  shape,
  kind: 'weight',
})

type Evaluate = Objective['evaluate']

/** Runs an optimiser on a deterministic loss; returns θ and the losses. */
function minimise(
  optimizer: Optimizer,
  start: ArrayLike<number>,
  layout: readonly ThetaBlock[],
  { evaluate, steps }: { readonly evaluate: Evaluate; readonly steps: number },
) {
  const theta = Float64Array.from(start)
  const state = optimizer.init(theta, layout)
  const gradient = new Float64Array(theta.length)
  const losses: number[] = []
  for (let k = 0; k < steps; k++) {
    losses.push(evaluate(theta, gradient))
    optimizer.step(state, theta, gradient, { value: losses[k], evaluate })
  }
  losses.push(evaluate(theta, gradient))
  return { theta, losses, state, gradient }
}

/**
 * |W x − W* x|² over fixed x, W of 3 × 4 and a bias of 3: a least-squares problem with two kinds of block.
 */
const layout = [block('W', 0, [3, 4]), block('b', 12, [3])]
const random = seededRandom(4)
const normals = (n: number) => Float64Array.from({ length: n }, () => random.normal())
const inputs = Array.from({ length: 20 }, () => normals(4))
const target = normals(15)
const start = normals(15)

const regression: Evaluate = (theta, gradient) => {
  gradient.fill(0)
  let total = 0
  for (const x of inputs)
    for (let i = 0; i < 3; i++) {
      let r = theta[12 + i] - target[12 + i]
      for (let j = 0; j < 4; j++) r += (theta[4 * i + j] - target[4 * i + j]) * x[j]
      total += (r * r) / inputs.length
      gradient[12 + i] += (2 * r) / inputs.length
      for (let j = 0; j < 4; j++) gradient[4 * i + j] += (2 * r * x[j]) / inputs.length
    }
  return total
}

// how far each must come in 400 steps on a well-conditioned problem. Methods whose steps have a fixed
// relative or normalised length at constant rate end in a neighbourhood of size ∝ rate; Nero's rows cannot
// change their length and Madam's entries not their sign, so they are asked for a part only
const cases: readonly (readonly [Optimizer, number])[] = [
  [sgd({ rate: 0.05 }), 1e-6],
  [sgd({ rate: 0.05, momentum: 0.8 }), 1e-12],
  [sgd({ rate: 0.05, momentum: 0.8, nesterov: true }), 1e-12],
  [adam({ rate: 0.05 }), 1e-5],
  [adamw({ rate: 0.05, weightDecay: 1e-4 }), 1e-3],
  [averaged(adam({ rate: 0.05 })), 1e-5],
  [fromage({ rate: (k) => 0.1 / (1 + 0.05 * k) }), 1e-2],
  [nero({ rate: (k) => 0.05 / (1 + 0.02 * k) }), 0.9],
  [madam({ rate: (k) => 0.05 / (1 + 0.02 * k) }), 0.9],
  [agd(), 0.1],
  [muon({ rate: (k) => 0.1 / (1 + 0.05 * k), others: adam({ rate: 0.05 }) }), 1e-2],
  [lbfgs(), 1e-20],
]

for (const [optimizer, factor] of cases) {
  test(`${optimizer.name}: a least-squares loss falls below ${factor} of its start`, () => {
    const { losses } = minimise(optimizer, start, layout, { evaluate: regression, steps: 400 })
    assert.ok(losses[400] <= factor * losses[0], `${losses[0]} → ${losses[400]}`)
  })

  test(`${optimizer.name}: a state that went through JSON continues bit for bit`, () => {
    const through = (cut: number) => {
      const theta = start.slice()
      let state = optimizer.init(theta, layout)
      const gradient = new Float64Array(15)
      for (let k = 0; k < 12; k++) {
        if (k === cut) state = JSON.parse(JSON.stringify(state))
        const value = regression(theta, gradient)
        optimizer.step(state, theta, gradient, { value, evaluate: regression })
      }
      return Array.from(theta)
    }
    assert.deepEqual(through(7), through(-1))
  })
}

test('fromage: the worked example of one step', () => {
  const evaluate: Evaluate = (_theta, gradient) => {
    gradient.set([0.1, -0.2, 0.3, 0.05, 0.4, -0.1])
    return 1
  }
  const W = [0.5, -1, 0.25, 1.5, 0.75, -0.5]
  const { theta } = minimise(fromage({ rate: 0.01 }), W, [block('W', 0, [2, 3])], { evaluate, steps: 1 })
  const expected = [0.49623353, -0.99246706, 0.23876309, 1.49805427, 0.73499662, -0.49623353]
  // the figures are printed with eight digits
  theta.forEach((v, i) => {
    assert.ok(Math.abs(v - expected[i]) < 1e-7, `${i}: ${v}`)
  })
})

test('sgd with momentum follows its linear recurrence on a parabola', () => {
  const evaluate: Evaluate = (theta, gradient) => {
    gradient[0] = 3 * theta[0]
    return 1.5 * theta[0] ** 2
  }
  const { theta } = minimise(sgd({ rate: 0.1, momentum: 0.5 }), [2], [block('x', 0, [])], {
    evaluate,
    steps: 10,
  })
  // (x, v) ← (x − ηv', v') with v' = μv + 3x, run in the same order of operations up to rounding
  let [x, v] = [2, 0]
  for (let k = 0; k < 10; k++) {
    v = 0.5 * v + 3 * x
    x -= 0.1 * v
  }
  assert.ok(Math.abs(theta[0] - x) < 1e-15)
})

test('adam: the first step has length rate in every entry', () => {
  const { theta } = minimise(adam({ rate: 0.01 }), start, layout, { evaluate: regression, steps: 1 })
  const gradient = new Float64Array(15)
  regression(start, gradient)
  // m̂/√v̂ = sign g exactly in the reals; ε = 1e-8 and rounding take off less than 1e-6 of it
  theta.forEach((v, i) => {
    assert.ok(Math.abs(start[i] - v - 0.01 * Math.sign(gradient[i])) < 1e-8)
  })
})

test('adamw with zero gradient only decays', () => {
  const evaluate: Evaluate = (_theta, gradient) => {
    gradient.fill(0)
    return 0
  }
  const { theta } = minimise(adamw({ rate: 0.1, weightDecay: 0.5 }), [2], [block('x', 0, [])], {
    evaluate,
    steps: 3,
  })
  assert.ok(Math.abs(theta[0] - 2 * 0.95 ** 3) < 1e-15)
})

test('nero: rows stay centred and of unit length', () => {
  const { theta } = minimise(nero({ rate: 0.05 }), start, layout, { evaluate: regression, steps: 25 })
  for (let r = 0; r < 3; r++) {
    const row = theta.subarray(4 * r, 4 * r + 4)
    // four additions of numbers below 1, then a division: a few 1e-16
    assert.ok(Math.abs(row.reduce((s, v) => s + v, 0)) < 1e-14)
    assert.ok(Math.abs(Math.hypot(...row) - 1) < 1e-14)
  }
})

test('madam: signs are kept, sizes bounded by three times the first root mean square, zeros stay', () => {
  const begin = start.slice()
  begin[13] = 0
  const { theta } = minimise(madam({ rate: 0.3 }), begin, layout, { evaluate: regression, steps: 60 })
  const limit = 3 * Math.sqrt(begin.slice(0, 12).reduce((s, v) => s + v * v, 0) / 12)
  theta.forEach((v, i) => {
    assert.equal(Math.sign(v), Math.sign(begin[i]))
    if (i < 12) assert.ok(Math.abs(v) <= limit)
  })
  assert.equal(theta[13], 0)
})

test('agd: the step is the formula of the paper', () => {
  const gradient = new Float64Array(15)
  regression(start, gradient)
  const { theta } = minimise(agd({ start: 'given' }), start, layout, { evaluate: regression, steps: 1 })
  const size = (from: number, to: number) => Math.hypot(...gradient.subarray(from, to))
  const G = (Math.sqrt(3 / 4) * size(0, 12) + Math.sqrt(3) * size(12, 15)) / 2
  const eta = Math.log((1 + Math.sqrt(1 + 4 * G)) / 2)
  for (let i = 0; i < 15; i++) {
    const [from, to, gain] = i < 12 ? [0, 12, Math.sqrt(3 / 4)] : [12, 15, Math.sqrt(3)]
    const expected = start[i] - ((eta / 2) * gain * gradient[i]) / size(from, to)
    assert.ok(Math.abs(theta[i] - expected) < 1e-14)
  }
})

test('muon: one step moves a matrix by a nearly orthogonal one', () => {
  const G = Float64Array.from({ length: 15 }, (_, i) => Math.cos(1.3 * i) + 0.2 * Math.sin(i * i))
  const evaluate: Evaluate = (_theta, gradient) => {
    gradient.set(G)
    return 1
  }
  for (const [rows, cols] of [
    [3, 5],
    [5, 3],
  ]) {
    const { theta } = minimise(muon({ rate: 1 }), new Float64Array(15), [block('W', 0, [rows, cols])], {
      evaluate,
      steps: 1,
    })
    const gain = Math.sqrt(Math.max(1, rows / cols))
    // |O|_F² is the sum of three squared singular values, each of which the iteration brings into about (0.7,
    // 1.2)
    const total = theta.reduce((s, v) => s + (v / gain) ** 2, 0)
    assert.ok(total > 3 * 0.65 ** 2 && total < 3 * 1.25 ** 2, `|O|² = ${total}`)
  }
})

test('lbfgs: Rosenbrock to a gradient of 1e-8 in less than 60 steps', () => {
  const evaluate: Evaluate = ([x, y], gradient) => {
    gradient[0] = -400 * x * (y - x * x) - 2 * (1 - x)
    gradient[1] = 200 * (y - x * x)
    return 100 * (y - x * x) ** 2 + (1 - x) ** 2
  }
  const { theta, gradient } = minimise(lbfgs(), [-1.2, 1], [block('x', 0, [2])], { evaluate, steps: 60 })
  assert.ok(Math.hypot(...gradient) < 1e-8, `|g| = ${Math.hypot(...gradient)}`)
  assert.ok(Math.hypot(theta[0] - 1, theta[1] - 1) < 1e-8)
})

test('lbfgs: at a point where nothing decreases θ stays', () => {
  const evaluate: Evaluate = (theta, gradient) => {
    gradient[0] = -1
    return theta[0] === 0 ? 0 : 1
  }
  const { theta } = minimise(lbfgs(), [0], [block('x', 0, [])], { evaluate, steps: 2 })
  assert.equal(theta[0], 0)
})

// Two steps of each from W (2 × 3) and b with two given gradients, computed apart from the formulas in the
// papers by a script on numpy; W and the first gradient are those of the worked example of Fromage
const worked: readonly (readonly [Optimizer, readonly number[]])[] = [
  [sgd({ rate: 0.1, momentum: 0.9 }), [0.511, -0.972, 0.173, 1.4655, 0.689, -0.486, 0.125, -0.411]],
  [adam({ rate: 0.01 }), [0.494941899112, -0.987336630272, 0.230296479433, 1.48138953986, 0.736340421465, -0.48733663094, 0.186543941812, -0.394941899112]],
  [adamw({ rate: 0.01, weightDecay: 0.1 }), [0.493952399111, -0.985347630271, 0.229806729433, 1.47840103985, 0.734851171465, -0.486347130939, 0.186154141811, -0.394152299111]],
  [fromage({ rate: 0.01 }), [0.509279289324, -0.996774299343, 0.230037441002, 1.48708723372, 0.741495158257, -0.498387149672, 0.198060446318, -0.402780977571]],
  [nero({ rate: 0.01 }), [0.522036162853, -0.804717155828, 0.282680992975, 0.64186159822, 0.11611641407, -0.757978012289, 0.198575962666, -0.401024117214]],
  [madam({ rate: 0.01 }), [0.501709778719, -0.996332247389, 0.245578221503, 1.4646272949, 0.746234413385, -0.498166123694, 0.199052891419, -0.401367822975]],
  [agd(), [0.405426198212, -0.686731974718, 0.0523428605081, 0.648721955445, 0.241746036481, -0.20962669711, 0.0726530675226, -0.522416332722]],
  [muon({ rate: 0.02 }), [0.494672863459, -1.00164577277, 0.217659956704, 1.47633125677, 0.730624657938, -0.515330879883, 0.173087883623, -0.389883798224]],
] // biome-ignore format: one table

const gradients = [
  [0.1, -0.2, 0.3, 0.05, 0.4, -0.1, 0.5, -0.1],
  [-0.3, 0.1, 0.2, 0.25, -0.15, 0.05, -0.2, 0.3],
]
const workedLayout = [block('W', 0, [2, 3]), block('b', 6, [2])]

for (const [optimizer, expected] of worked)
  test(`${optimizer.name}: two worked steps, to 1e-10`, () => {
    let calls = 0
    const evaluate: Evaluate = (_theta, gradient) => {
      gradient.set(gradients[calls++ % 2])
      return 1
    }
    const begin = [0.5, -1, 0.25, 1.5, 0.75, -0.5, 0.2, -0.4]
    const { theta } = minimise(optimizer, begin, workedLayout, { evaluate, steps: 2 })
    // the figures are printed with twelve digits
    theta.forEach((v, i) => {
      assert.ok(Math.abs(v - expected[i]) < 1e-10, `${i}: ${v} instead of ${expected[i]}`)
    })
  })

test('lbfgs: steps follow the dense inverse-Hessian update', () => {
  // ½ xᵀAx with eigenvalues 1 … 3: a quasi-Newton step of length 1 then satisfies both Wolfe conditions
  const A = [
    [2, 0.5, 0],
    [0.5, 1.5, 0.3],
    [0, 0.3, 2.5],
  ]
  const times = (M: readonly (readonly number[])[], x: ArrayLike<number>) =>
    M.map((row) => row.reduce((sum, v, j) => sum + v * x[j], 0))
  const inner = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    Array.from(x).reduce((sum, v, i) => sum + v * y[i], 0)
  const trials: Float64Array[] = []
  const evaluate: Evaluate = (x, gradient) => {
    gradient.set(times(A, x))
    trials.push(x.slice())
    return inner(x, gradient) / 2
  }
  const optimizer = lbfgs()
  const theta = Float64Array.of(0.2, -0.1, 0.3)
  const state = optimizer.init(theta, [block('x', 0, [3])])
  const gradient = new Float64Array(3)
  const history: { s: number[]; y: number[] }[] = []
  for (let k = 0; k < 4; k++) {
    const value = evaluate(theta, gradient)
    const [x, g] = [theta.slice(), gradient.slice()]
    trials.length = 0
    optimizer.step(state, theta, gradient, { value, evaluate })
    if (k > 0) {
      // H ← (I − ρsyᵀ)H(I − ρysᵀ) + ρssᵀ over all pairs from H = γI, γ of the last pair
      const last = history[k - 1]
      const scale = inner(last.s, last.y) / inner(last.y, last.y)
      const H = history.reduce(
        (H, { s, y }) => {
          const rho = 1 / inner(s, y)
          const P = s.map((si, i) => y.map((yj, j) => (i === j ? 1 : 0) - rho * si * yj))
          const PH = P.map((row) => H[0].map((_, j) => row.reduce((sum, v, l) => sum + v * H[l][j], 0)))
          return PH.map((row, i) => P.map((p, j) => inner(row, p) + rho * s[i] * s[j]))
        },
        [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? scale : 0))),
      )
      const direction = times(H, g)
      trials[0].forEach((v, i) => {
        assert.ok(Math.abs(v - (x[i] - direction[i])) < 1e-12)
      })
    }
    history.push({
      s: Array.from(theta, (v, i) => v - x[i]),
      y: times(A, theta).map((v, i) => v - g[i]),
    })
  }
})

test('agd: starts at scaled orthogonal matrices, random ones and ones of low rank, and keeps those that are', () => {
  for (const [rows, cols, rank] of [
    [4, 6, 4],
    [6, 4, 4],
    [5, 5, 2],
    [3, 4, 0],
  ]) {
    const left = normals(rows * rank)
    const right = normals(rank * cols)
    const theta = Float64Array.from({ length: rows * cols }, (_, k) => {
      let sum = 0
      for (let l = 0; l < rank; l++)
        sum += left[Math.floor(k / cols) * rank + l] * right[l * cols + (k % cols)]
      return sum
    })
    agd().init(theta, [block('W', 0, [rows, cols])])
    const [count, length] = [Math.min(rows, cols), Math.max(rows, cols)]
    const at = (k: number, i: number) => theta[rows <= cols ? k * cols + i : i * cols + k]
    for (let k = 0; k < count; k++)
      for (let l = 0; l < count; l++) {
        let product = 0
        for (let i = 0; i < length; i++) product += at(k, i) * at(l, i)
        // rows of length √(rows/cols), orthogonal to a few roundings
        assert.ok(Math.abs(product - (k === l ? rows / cols : 0)) < 1e-14, `${rows} × ${cols}`)
      }
    const again = theta.slice()
    agd().init(again, [block('W', 0, [rows, cols])])
    again.forEach((v, i) => {
      assert.ok(Math.abs(v - theta[i]) < 1e-14)
    })
  }
})

test('schedules: a cosine, steps, a warm-up before either', () => {
  const cosine = cosineRate({ rate: 1, steps: 10, end: 0.25 })
  assert.deepEqual([0, 5, 10, 99].map(cosine), [1, 0.625, 0.25, 0.25])
  const steps = stepRate({ rate: 8, every: 3, factor: 0.5 })
  assert.deepEqual([0, 2, 3, 6].map(steps), [8, 8, 4, 2])
  const warm = warmUp(3, steps)
  assert.deepEqual([0, 1, 2, 3, 5, 6].map(warm), [2, 4, 6, 8, 8, 4])
  assert.deepEqual([0, 9].map(warmUp(1, 0.5)), [0.25, 0.5])
  assert.throws(() => cosineRate({ rate: 1, steps: 0 }), /positive steps/)
  assert.throws(() => warmUp(-1, 1), /positive steps/)
})

test('clipping: long gradients are shortened, large entries cut, others pass bit for bit', () => {
  const evaluate: Evaluate = (_theta, gradient) => {
    gradient.set([3, -4])
    return 1
  }
  const step = (options: Parameters<typeof clipped>[1]) =>
    minimise(clipped(sgd({ rate: 1 }), options), [0, 0], [block('x', 0, [2])], { evaluate, steps: 1 }).theta
  assert.deepEqual([...step({ norm: 2.5 })], [-1.5, 2])
  assert.deepEqual([...step({ norm: 5 })], [-3, 4])
  assert.deepEqual([...step({ entry: 3.5 })], [-3, 3.5])
  assert.deepEqual([...step({ norm: 2.5, entry: 1.75 })], [-1.5, 1.75])
  assert.throws(() => clipped(lbfgs(), { norm: 1 }), /line search/)
  assert.throws(() => clipped(sgd({ rate: 1 }), {}), /norm or an entry/)
})

test('trust: relative changes per layer; with Fromage they are its rate', () => {
  const reports: TrustReport[] = []
  const rate = 0.05
  const plain = minimise(fromage({ rate }), start, layout, { evaluate: regression, steps: 3 })
  const watched = minimise(
    trustReport(fromage({ rate }), (r) => reports.push(r)),
    start,
    layout,
    { evaluate: regression, steps: 3 },
  )
  assert.deepEqual(watched.theta, plain.theta)
  assert.deepEqual(
    reports.map((r) => r.step),
    [0, 1, 2],
  )
  for (const { layers, bound } of reports) {
    assert.deepEqual(
      layers.map((l) => l.name),
      ['W', 'b'],
    )
    // |ΔW|/|W| is |(1/√(1+η²) − 1)W − η|W|g/|g|/√(1+η²)|/|W|, between these by the triangle inequality
    const shrink = 1 - 1 / Math.sqrt(1 + rate ** 2)
    for (const { relativeChange } of layers)
      assert.ok(Math.abs(relativeChange - rate / Math.sqrt(1 + rate ** 2)) <= shrink + 1e-12)
    assert.ok(Math.abs(bound - layers[0].relativeChange) < 1e-15)
  }
})

test('settings that make no sense are refused', () => {
  const bad: readonly (() => unknown)[] = [
    () => adam({ rate: 0 }),
    () => adam({ rate: Number.NaN }),
    () => adam({ rate: 0.1, beta1: 1 }),
    () => sgd({ rate: 0.1, momentum: -0.1 }),
    () => fromage({ rate: -1 }),
    () => muon({ rate: 0.1, others: lbfgs() }),
  ]
  for (const make of bad) assert.throws(make, /expected .* got .* Try /)
})

test('every block of every layout is covered', () => {
  // a scalar, a vector, a matrix, a tensor of rank three
  const shapes = [[], [2], [2, 3], [2, 2, 2]]
  let offset = 0
  const blocks = shapes.map((shape, i) => {
    const b = block(`b${i}`, offset, shape)
    offset += blockSize(b)
    return b
  })
  const evaluate: Evaluate = (theta, gradient) => {
    gradient.set(theta)
    return theta.reduce((s, v) => s + v * v, 0) / 2
  }
  const begin = Float64Array.from({ length: offset }, (_, i) => 1 + 0.1 * i)
  for (const [optimizer] of cases) {
    const { theta } = minimise(optimizer, begin, blocks, { evaluate, steps: 3 })
    theta.forEach((v, i) => {
      assert.ok(Number.isFinite(v) && v !== begin[i], `${optimizer.name} left entry ${i} at ${v}`)
    })
  }
})

test.run()
