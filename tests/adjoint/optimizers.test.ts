import assert from 'node:assert/strict'
import {
  adam,
  adamw,
  agd,
  fromage,
  lbfgs,
  madam,
  muon,
  nero,
  type Objective,
  type Optimizer,
  sgd,
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
  const { theta } = minimise(agd(), start, layout, { evaluate: regression, steps: 1 })
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
