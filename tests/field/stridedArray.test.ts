// The array that stands in for npm's ndarray where generated code is forbidden does what that one does.
import assert from 'node:assert/strict'
import { makeArray, seededRandom } from '@separatrix/field'
import ndarray, { type NdArray } from 'ndarray'
import { test } from 'uvu'
import { stridedArray } from '../../packages/field/src/stridedArray.js'

const shape = [3, 4, 5]
const data = () => Float64Array.from({ length: 60 }, (_, i) => i)

function* positions(counts: readonly number[], at: readonly number[] = []): Generator<readonly number[]> {
  if (at.length === counts.length) yield at
  else for (let i = 0; i < (counts[at.length] as number); i++) yield* positions(counts, [...at, i])
}

function assertSame(a: NdArray<Float64Array>, b: NdArray<Float64Array>): void {
  for (const key of ['shape', 'stride', 'offset', 'size', 'dimension', 'dtype'] as const)
    assert.deepEqual(a[key], b[key], key)
  // axes of one stride may stand in either order
  const strides = ({ order, stride }: NdArray<Float64Array>) =>
    order.map((k) => Math.abs(stride[k] as number))
  assert.deepEqual(strides(a), strides(b))
  for (const at of positions(a.shape)) {
    assert.equal(a.get(...at), b.get(...at))
    assert.equal(a.index(...at), b.index(...at))
  }
}

type View = (a: NdArray<Float64Array>) => NdArray<Float64Array>
const views: readonly (readonly [string, View])[] = [
  ['lo', (a) => a.lo(1, 0, 2)],
  ['hi', (a) => a.hi(2, 3, 4)],
  ['step', (a) => a.step(1, 2, 3)],
  ['negative step', (a) => a.step(-1, 1, -2)],
  ['transpose', (a) => a.transpose(2, 0, 1)],
  ['pick', (a) => a.pick(1, null, 2)],
  ['one left out', (a) => a.pick(-1, 0, 0)],
]

test('a fresh array', () => assertSame(stridedArray(data(), shape), ndarray(data(), shape)))
for (const [name, view] of views)
  test(name, () => assertSame(view(stridedArray(data(), shape)), view(ndarray(data(), shape))))

test('views of views', () => {
  const random = seededRandom(3)
  for (let k = 0; k < 50; k++) {
    let a: NdArray<Float64Array> = stridedArray(data(), shape)
    let b: NdArray<Float64Array> = ndarray(data(), shape)
    for (let depth = 0; depth < 3 && a.dimension > 0; depth++) {
      const named = views[Math.floor(random.uniform() * 5)] as (typeof views)[number]
      ;[a, b] = [named[1](a), named[1](b)]
      if (a.size === 0 || a.shape.some((n) => n < 1)) break
      assertSame(a, b)
    }
  }
})

test('set writes through a view', () => {
  const a = stridedArray(data(), shape)
  assert.equal(a.transpose(2, 1, 0).set(4, 3, 2, -1), -1)
  assert.equal(a.get(2, 3, 4), -1)
  assert.deepEqual(a.T.shape, [5, 4, 3])
})

test('an array with the classes of npm where code may be generated', () => {
  assertSame(makeArray(data(), shape), ndarray(data(), shape))
})

test.run()
