import assert from 'node:assert/strict'
import { network, system } from '@separatrix/field'
import { quadratic } from '@separatrix/lyapunov'
import { test } from 'uvu'
import { segwayReport } from '../../packages/separatrix/src/report/segwayReport.js'
import { ellipsoidMap, matrixOf, reachOf, shadow } from '../../packages/separatrix/src/study/ellipsoid.js'
import { boundaryStates, keptInside } from '../../packages/separatrix/src/study/keptInside.js'
import { segwayRecipe } from '../../packages/separatrix/src/study/segwayRecipe.js'
import { segwayStudy } from '../../packages/separatrix/src/study/segwayStudy.js'

const P = [[2, 0.5, -0.1], [0.5, 1, 0.2], [-0.1, 0.2, 3]] // biome-ignore format: a matrix
const V = quadratic(P)

test('an ellipsoid and its map, reach, shadow and boundary', () => {
  assert.deepEqual(matrixOf(V), P)
  const M = ellipsoidMap(V)
  // MMᵀP = I, to a handful of roundings
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      const entry = [0, 1, 2].reduce((s, k) => s + M[i].reduce((t, m, l) => t + m * M[k][l], 0) * P[k][j], 0)
      assert.ok(Math.abs(entry - (i === j ? 1 : 0)) < 1e-14, `${i}, ${j}: ${entry}`)
    }
  const { data } = boundaryStates(V, 300, 1)
  const [a, b] = [0, 2]
  const outline = shadow(M, [a, b], 720)
  const [farthest] = reachOf(M)
  for (let k = 0; k < data.length; k += 3) {
    const x = data.subarray(k, k + 3)
    const value = x.reduce((s, v, i) => s + x.reduce((t, w, j) => t + v * P[i][j] * w, 0), 0)
    assert.ok(Math.abs(value - 1) < 1e-13 && Math.abs(x[0]) <= farthest)
    // the shadow's support function, over outline points a half degree apart: cos(0.25°) = 1 − 1e-5
    const support = Math.max(...outline.map(([p, q]) => p * x[a] + q * x[b]))
    assert.ok(x[a] ** 2 + x[b] ** 2 <= support * (1 + 2e-5))
  }
})

test('simulations from the boundary see who is pushed out, and who is not', async () => {
  const field = system({ state: ['x', 'y'], input: ['d'], dynamics: { x: '-x + d', y: '-y' } })
  const task = { field, V: quadratic([[1, 0], [0, 1]]), count: 50, time: 5, step: 0.02, every: 5, seed: 1 } // biome-ignore format: one task
  const weak = await keptInside({ ...task, disturbance: { d: [-0.5, 0.5] } })
  assert.equal(weak.left, 0)
  // |x| comes to 0.5 and y to e^−5 or less: V to 0.25
  assert.ok(Math.abs((weak.spread.at(-1)?.[2] ?? 0) - 0.25) < 0.01)
  const strong = await keptInside({ ...task, disturbance: { d: [-1.5, 1.5] } })
  assert.equal(strong.left, 50)
})

/** The segway near rest, to a digit or two: few operations, so that proof and check are short. */
const linear = system({
  state: ['phi', 'v', 'omega'],
  input: ['u'],
  dynamics: { phi: 'omega', v: '-0.4*phi - 3.4*v + 0.5*u', omega: '8.8*phi + 5.3*v - 2*u' },
})

test('the segway study in small: trained against errors, proved, checked, simulated and written up', async () => {
  const recipe = {
    ...segwayRecipe,
    plant: linear,
    error: 0.01,
    controller: network({ widths: [3, 1], activation: 'tanh', seed: 1, bias: false, name: 'controller' }),
    imitation: { steps: 200, batch: 32 },
    training: { ...segwayRecipe.training, steps: 200, batch: 64, worstOf: 4, decay: 0.2 },
    proof: { maxBoxes: 20_000 },
    simulation: { count: 200, time: 2, step: 0.02, every: 5 },
  } as const
  const remarks: string[] = []
  const result = await segwayStudy(recipe, {
    print: () => undefined,
    remark: (text) => void remarks.push(text),
    progress: () => ({ update: () => undefined, stop: () => undefined }),
    now: () => 0,
  })
  const { trained, regulator } = result
  assert.deepEqual(remarks, [])
  assert.equal(trained.verdict.kind, 'proved', trained.verdict.message)
  assert.equal(trained.kept.left, 0)
  assert.ok(trained.volume > 5 * regulator.volume, `${trained.volume} and ${regulator.volume}`)
  const page = segwayReport(recipe, result)
  assert.match(page, /<strong>Proved<\/strong>/)
  assert.match(page, /200 of 200/)
})

test.run()
