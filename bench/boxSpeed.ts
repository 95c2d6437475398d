import { enclose, encloseBatch, type Field, seededRandom } from '@separatrix/field/core'
import { interleaved, type Row } from './harness.js'
import { compileNative, runNative } from './native.js'
import { peer } from './peers.js'

interface Ends {
  readonly lo: number
  readonly hi: number
}

/** What is used of npm's interval-arithmetic, which rounds outwards by neighbouring doubles and allocates its results. */
interface IntervalArithmetic {
  readonly Interval: new (lo: number, hi: number) => Ends
  readonly add: (x: Ends, y: Ends) => Ends
  readonly sub: (x: Ends, y: Ends) => Ends
  readonly mul: (x: Ends, y: Ends) => Ends
  readonly pow: (x: Ends, power: number) => Ends
  readonly negative: (x: Ends) => Ends
}

/** So many boxes that no branch predictor learns them by heart: 2000 run twice as fast in JavaScript. */
const count = 20_000
const width = 0.1

/** Millions of boxes a second through the natural enclosure of Van der Pol's V̇, by ourselves and by others, in one run. */
export function boxSpeed(derivative: Field): Row[] {
  const f = enclose(derivative)
  const batch = encloseBatch(derivative, { capacity: count })
  const random = seededRandom(1)
  const corners = Float64Array.from({ length: 2 * count }, () => 4 * random.uniform() - 2)
  corners.forEach((v, at) => {
    const place = (at % 2) * batch.stride + (at >> 1)
    batch.lo[place] = v
    batch.hi[place] = v + width
  })
  const [lo, hi] = [new Float64Array(2), new Float64Array(2)]
  const [low, high] = [new Float64Array(1), new Float64Array(1)]
  const other = intervalArithmetic()
  let sum = 0
  const times = interleaved(
    {
      js() {
        for (let k = 0; k < count; k++) {
          lo[0] = corners[2 * k]
          lo[1] = corners[2 * k + 1]
          hi[0] = lo[0] + width
          hi[1] = lo[1] + width
          f(lo, hi, low, high)
          sum += low[0]
        }
      },
      wasm() {
        batch.evaluate(count)
        sum += batch.outLo[0]
      },
      package() {
        for (let k = 0; k < count; k++) sum += other(corners[2 * k], corners[2 * k + 1]).lo
      },
    },
    { rounds: 60, warmUp: 100 },
  )
  if (!Number.isFinite(sum)) throw new Error('an enclosure is not finite')
  const speed = (nanoseconds: number) => 1000 / nanoseconds
  const [js, wasm, npm] = ['js', 'wasm', 'package'].map((name) => speed(times[name] / count))
  const program = compileNative('boxes', ['-frounding-math'])
  const c =
    program === undefined ? Number.NaN : speed(runNative<{ ns: number }>(program, `${count}`, '300').ns)
  const figure = 'boxes of V̇, Van der Pol'
  const unit = 'M/s'
  return [
    { figure: `${figure}: JavaScript`, value: js, unit, goal: { least: 50 } },
    { figure: `${figure}: WebAssembly, in batches`, value: wasm, unit, goal: { least: 100 } },
    { figure: `${figure}: C`, value: c, unit, note: 'gcc -O3 -march=native, one rounding mode for all' },
    { figure: `${figure}: interval-arithmetic`, value: npm, unit },
    { figure: 'C / WebAssembly', value: c / wasm },
    { figure: 'JavaScript / interval-arithmetic', value: js / npm },
  ]
}

/** ∇V·f with ∇V = (3x − y, 2y − x) and f = (−y, x − (1 − x²)y). */
function intervalArithmetic(): (x: number, y: number) => Ends {
  const { Interval, add, sub, mul, pow, negative } = peer<IntervalArithmetic>('interval-arithmetic')
  const point = (v: number) => new Interval(v, v)
  const [one, two, three] = [1, 2, 3].map(point)
  return (left, bottom) => {
    const x = new Interval(left, left + width)
    const y = new Interval(bottom, bottom + width)
    const slope = [sub(mul(three, x), y), sub(mul(two, y), x)] as const
    const rate = sub(x, mul(sub(one, pow(x, 2)), y))
    return add(mul(slope[0], negative(y)), mul(slope[1], rate))
  }
}
