import { enclose, expression } from '@separatrix/field'
import { seededRandom } from '@separatrix/field/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Interval, intervals, point } from '../../packages/lyapunov/src/check/interval.js'

const random = seededRandom(11)
const sign = () => (random.uniform() < 0.5 ? -1 : 1)
/** Arguments of every size: ordinary, huge, tiny, subnormal, and next to multiples of π/4. */
const arguments_: readonly (() => number)[] = [
  () => 3 * random.uniform() * sign(),
  () => 10 ** (8 * random.uniform()) * sign(),
  () => 10 ** (-300 * random.uniform()) * sign(),
  () => 5e-324 * random.integer(1000) * sign(),
  () => (random.integer(2000) - 1000) * (Math.PI / 4) + 1e-9 * random.uniform() * sign(),
  () => 0,
  () => 1,
  () => 700 * random.uniform() * sign(),
]
const functions = ['sqrt', 'exp', 'log', 'sin', 'cos', 'tan', 'atan', 'tanh', 'softplus', 'relu', 'abs'] // biome-ignore format: one list

/**
 * The prover's enclosures were derived in another way and tested against references of high precision: two intervals that
 * both hold the real value must meet. One that is off by more than their widths, some 10⁻¹⁵, is found out.
 */
for (const name of functions)
  test(`${name}: the checker's intervals meet the prover's, at points and within boxes`, () => {
    const read = enclose(expression(`${name}(x)`, ['x']))
    const [lo, hi] = [new Float64Array(1), new Float64Array(1)]
    const other = (x: number): Interval => {
      read([x], [x], lo, hi)
      return { lo: lo[0] as number, hi: hi[0] as number }
    }
    let defined = 0
    for (let k = 0; k < 4000; k++) {
      const x = (arguments_[k % arguments_.length] as () => number)()
      const [mine, theirs] = [intervals.call(name, point(x)), other(x)]
      if (!(mine.lo <= mine.hi)) continue
      defined++
      assert.ok(
        mine.lo <= theirs.hi && theirs.lo <= mine.hi,
        `${name}(${x}): ${JSON.stringify([mine, theirs])}`,
      )
      // over a box: at every point of it
      const width = (k % 3 === 0 ? 4 : 1e-3 * Math.abs(x) + 1e-6) * random.uniform()
      const box = intervals.call(name, { lo: x, hi: x + width })
      if (!(box.lo <= box.hi)) continue
      const inner = other(Math.min(x + width * random.uniform(), x + width))
      assert.ok(box.lo <= inner.hi && inner.lo <= box.hi, `${name}([${x}, ${x + width}])`)
    }
    assert.ok(defined > 1000, `${defined} points`)
  })

test('+ − × ÷ and powers contain the exact results, in integers beyond doubles', () => {
  // products of integers below 2⁵³, whose exact values BigInt knows
  const exactly = ({ lo, hi }: Interval, value: bigint) =>
    BigInt(Math.ceil(lo)) <= value && value <= BigInt(Math.floor(hi))
  for (let k = 0; k < 4000; k++) {
    const [a, b] = [0, 0].map(() => Math.floor(2 ** (53 * random.uniform())) * sign()) as [number, number]
    const [A, B] = [BigInt(a), BigInt(b)]
    assert.ok(exactly(intervals.mul(point(a), point(b)), A * B), `${a}·${b}`)
    assert.ok(exactly(intervals.add(point(2 ** 20 * a), point(b)), A * 2n ** 20n + B), `${a}·2²⁰ + ${b}`)
    assert.ok(exactly(intervals.power(point(a), 3), A ** 3n), `${a}³`)
    const quotient = intervals.mul(point(a), intervals.inverse(point(b || 1)))
    const back = intervals.mul(quotient, point(b || 1))
    assert.ok(back.lo <= a && a <= back.hi, `${a}/${b}`)
  }
})

test('what has no value contains nothing, and every comparison with it fails', () => {
  const never = [
    intervals.call('log', point(-1)),
    intervals.call('sqrt', { lo: -1, hi: 1 }),
    intervals.inverse({ lo: -1, hi: 1 }),
    intervals.call('tan', { lo: 1, hi: 2 }),
    intervals.mul(point(0), intervals.call('log', point(-1))),
    intervals.power(intervals.call('log', point(-1)), 0),
    intervals.add(point(Infinity), point(-Infinity)),
    intervals.mul(point(1e300), point(1e300)),
    intervals.call('kink', { lo: -1, hi: 1 }),
  ]
  for (const { lo, hi } of never) assert.not(lo <= hi || lo > -Infinity || hi < Infinity)
})

test.run()
