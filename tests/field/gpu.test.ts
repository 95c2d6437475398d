import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  compile,
  evaluateBatch,
  evaluateGrid,
  expression,
  type Field,
  gpuModes,
  gridPoint,
  printKernel,
  seededRandom,
  system,
  withParams,
} from '@separatrix/field'
import ndarray from 'ndarray'
import { test } from 'uvu'
import { closedFields, closedLoop, everything, kepler, lorenz, pendulum, vanDerPol } from './fields.js'
import { checkEdge, edges, line } from './gpuEdges.js'
import { singlePrecisionBound } from './singlePrecision.js'

/** These run in any Node. The graphics modes take the same kernels; they need a browser. */
const devices = ['webasm', 'cpu'] as const
const small = closedFields.filter((f) => f.theta.length < 1000)

function randomStates(f: Field, batch: number, lo = 0.15, hi = 0.95) {
  const random = seededRandom(11)
  return Array.from({ length: batch }, () =>
    Array.from({ length: f.stateSize }, () => Math.fround(lo + (hi - lo) * random.uniform())),
  )
}

for (const device of devices) {
  for (const f of small) {
    test(`${device}: ${f.name} agrees with the compiled field within a running error bound`, async () => {
      // 37 is no multiple of the SIMD width
      const X = randomStates(f, 37)
      const result = await evaluateBatch(f, X, { backend: 'gpu', device, time: 0.25 })
      assert.equal(result.precision, 'single')
      assert.match(result.device, device === 'webasm' ? /CPU SIMD/ : /CPU, JavaScript/)
      const exact = new Float64Array(f.outputSize)
      const g = compile(f)
      X.forEach((x, i) => {
        g(0.25, x, exact)
        const bound = singlePrecisionBound(f, 0.25, x)
        for (let k = 0; k < f.outputSize; k++) {
          const error = Math.abs(result.values.get(i, k) - (exact[k] as number))
          assert.ok(error <= (bound[k] as number), `${i},${k}: ${error} above ${bound[k]}`)
        }
      })
    })
  }
}

for (const device of devices)
  for (const edge of edges) test(`${device}: ${edge[0]} at its edges`, () => checkEdge(edge, device))

test('an exponent that θ gives may be any number, and its sign is right', async () => {
  const f = line('x^n', { n: 3 })
  for (const [n, expected] of [
    [3, -8],
    [2, 4],
    [-1, -0.5],
    [0, 1],
  ] as const) {
    const { values } = await evaluateBatch(withParams(f, { n }), [[-2]], { backend: 'gpu', device: 'webasm' })
    assert.ok(Math.abs(values.get(0, 0) - expected) < 1e-5, `n = ${n}: ${values.get(0, 0)}`)
  }
})

test('θ, time and input reach every backend', async () => {
  const f = system({ state: ['x'], input: ['u'], params: { a: 2 }, dynamics: { x: 'a*x + u*t' } })
  for (const backend of ['js', 'wasm', 'gpu'] as const) {
    const { values } = await evaluateBatch(f, [[1], [2]], { backend, theta: [3], time: 4, input: [5] })
    assert.deepEqual(Array.from(values.data), [23, 26])
  }
})

test('a batch may be an ndarray of any layout', async () => {
  const columns = ndarray(Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), [3, 3]).transpose(1, 0)
  const rows = [
    [1, 4, 7],
    [2, 5, 8],
    [3, 6, 9],
  ]
  const a = await evaluateBatch(lorenz, columns, { backend: 'js' })
  const b = await evaluateBatch(lorenz, rows, { backend: 'js' })
  assert.deepEqual(a.values.data, b.values.data)
})

test('the js backend is the compiled field, bit for bit', async () => {
  const X = randomStates(kepler, 5)
  const { values, device, precision } = await evaluateBatch(kepler, X, { backend: 'js' })
  const out = new Float64Array(4)
  X.forEach((x, i) => {
    compile(kepler)(0, x, out)
    for (let k = 0; k < 4; k++) assert.equal(values.get(i, k), out[k])
  })
  assert.equal(`${device}, ${precision}`, 'JavaScript (CPU, f64), double')
})

test('an empty batch gives an empty array', async () => {
  for (const backend of ['js', 'wasm', 'gpu'] as const)
    assert.deepEqual((await evaluateBatch(lorenz, [], { backend })).values.shape, [0, 3])
})

test('a grid has its ends, its order and its shape', async () => {
  const counts = [5, 3]
  const domain = [
    [-3, 3],
    [-9, 9],
  ] as const
  for (const backend of ['js', 'wasm', 'gpu'] as const) {
    const { values } = await evaluateGrid(vanDerPol, domain, counts, { backend })
    assert.deepEqual(values.shape, [5, 3, 2])
    const out = new Float64Array(2)
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < 3; j++) {
        compile(vanDerPol)(0, [gridPoint(-3, 3, i, 5), gridPoint(-9, 9, j, 3)], out)
        for (let k = 0; k < 2; k++) assert.ok(Math.abs(values.get(i, j, k) - (out[k] as number)) < 1e-4)
      }
  }
  assert.equal(gridPoint(0.1, 0.3, 6, 7), 0.3)
  assert.equal(gridPoint(2, 3, 0, 1), 2)
})

test('a batch larger than one kernel call is cut, its end padded', async () => {
  const batch = 2 ** 20 + 5
  const X = ndarray(
    Float64Array.from({ length: batch }, (_, i) => i % 1000),
    [batch, 1],
  )
  const { values } = await evaluateBatch(line('2*x + 1'), X, { backend: 'gpu', device: 'webasm' })
  for (const i of [0, 1, 999, 2 ** 20 - 1, 2 ** 20, batch - 1])
    assert.equal(values.get(i, 0), 2 * (i % 1000) + 1)
})

test('auto stays in double precision unless single is said to do, and says why', async () => {
  const domain = [
    [-1, 1],
    [-1, 1],
  ] as const
  const careful = await evaluateBatch(lorenz, [[1, 1, 1]], { backend: 'auto' })
  assert.match(careful.reason ?? '', /not waived/)
  const tiny = await evaluateBatch(lorenz, [[1, 1, 1]], { backend: 'auto', precision: 'single' })
  assert.match(tiny.reason ?? '', /3 values are fewer/)
  const large = await evaluateGrid(vanDerPol, domain, [400, 400], { backend: 'auto', precision: 'single' })
  assert.match(
    large.reason ?? '',
    large.backend === 'gpu' ? /^gpu: graphics hardware/ : /no graphics hardware was found, only gpu.js/,
  )
  assert.equal(careful.backend, 'js')
})

test('misuse is explained', async () => {
  // 350 sines, and no layer that could run as a loop
  const long = Array.from({ length: 350 }, (_, k) => `sin(x + ${k})`).join(' + ')
  const bad: readonly (readonly [() => Promise<unknown>, RegExp])[] = [
    [() => evaluateBatch(pendulum, [[0, 0]], { backend: 'js' }), /expected 1 inputs \(u\), got 0.*closeLoop/],
    [() => evaluateBatch(lorenz, [[0, 0]], { backend: 'js' }), /\[batch, 3\].*row 0/],
    [
      () => evaluateBatch(lorenz, ndarray(new Float64Array(4), [2, 2]), { backend: 'js' }),
      /\[batch, 3\], got \[2, 2\]/,
    ],
    [() => evaluateBatch(lorenz, [[0, 0, 0]], { backend: 'gpu', precision: 'double' }), /backend: 'js'/],
    [
      () => evaluateBatch(lorenz, [[0, 0, 0]], { backend: 'fpga' as 'gpu' }),
      /'js', 'wasm', 'gpu' or 'auto', got 'fpga'/,
    ],
    [() => evaluateBatch(lorenz, [[0, 0, 0]], { backend: 'js', theta: [1] }), /expected 3 parameters, got 1/],
    [() => evaluateBatch(lorenz, [[0, 0, 0]], { backend: 'js', device: 'cpu' }), /no device/],
    [
      () => evaluateBatch(lorenz, [[0, 0, 0]], { backend: 'gpu', device: 'webgl2' }),
      /gpu.js cannot open here.*webasm/,
    ],
    [() => evaluateGrid(vanDerPol, [[0, 1]], [3], { backend: 'js' }), /1 ranges and 1 counts/],
    [
      () =>
        evaluateGrid(
          vanDerPol,
          [
            [0, 1],
            [1, 0],
          ],
          [3, 3],
          { backend: 'js' },
        ),
      /lo ≤ hi, got \[1, 0\]/,
    ],
    [
      () =>
        evaluateGrid(
          vanDerPol,
          [
            [0, 1],
            [0, 1],
          ],
          [3, 0.5],
          { backend: 'js' },
        ),
      /whole counts, got 0.5/,
    ],
    [
      () =>
        evaluateBatch(expression(long, ['x']), [[0]], {
          backend: 'gpu',
        }),
      /at most 600 scalar operations.*backend: 'js'/,
    ],
  ]
  for (const [call, pattern] of bad) await assert.rejects(call, pattern)
})

test('kernels carry no literal of the field: one text serves every θ', () => {
  const text = (f: Field) => printKernel(f, 1, 10).source
  assert.equal(text(lorenz), text(withParams(lorenz, { rho: 99.65, beta: -3 })))
  assert.ok(!/[0-9]e[0-9]|0\.333/.test(text(kepler)))
  assert.ok(
    gpuModes.every((m) => typeof m === 'string') && text(closedLoop).length > text(everything).length / 10,
  )
})

test('without gpu.js the error says what to install, and auto says so and goes on', () => {
  const hook = `data:text/javascript,export async function resolve(s, c, n) { if (s === 'gpu.js') throw new Error('Cannot find package gpu.js'); return n(s, c) }`
  const root = new URL('../../', import.meta.url)
  const field = new URL('packages/field/src/index.ts', root).href
  const program = `
    import { register } from 'node:module'
    register(${JSON.stringify(hook)})
    const { evaluateBatch, evaluateGrid, expression } = await import(${JSON.stringify(field)})
    const f = expression('x + y', ['x', 'y'])
    await evaluateBatch(f, [[1, 2]], { backend: 'gpu' }).catch((e) => console.log(e.code, '|', e.message))
    const r = await evaluateGrid(f, [[0, 1], [0, 1]], [500, 500], { backend: 'auto', precision: 'single' })
    console.log(r.backend, '|', r.reason)`
  const output = execFileSync(
    process.execPath,
    ['--import', './scripts/register.mjs', '--input-type=module', '-e', program],
    { encoding: 'utf8', cwd: root },
  )
  assert.match(output, /gpu.js-missing \| .*npm install gpu.js/)
  assert.match(output, /js \| js: .*npm install gpu.js/)
})

test.run()
