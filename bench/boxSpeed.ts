import { type BatchEnclosure, enclose, encloseBatch, type Field, seededRandom } from '@separatrix/field/core'
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

/** Edges that a bisection of [−2, 2]² gives after 10 to 14 cuts. */
const edges = [1 / 8, 1 / 16, 1 / 32]

/**
 * Millions of boxes a second that enclose Van der Pol's V̇, by ourselves and by others, in one run: cells of a bisection in
 * random order, both bounds of each.
 */
export function boxSpeed(derivative: Field): Row[] {
  const f = enclose(derivative)
  const forms = {
    wasm: encloseBatch(derivative, { capacity: count }),
    'affine wasm': encloseBatch(derivative, { capacity: count, form: 'affine' }),
    'affine js': encloseBatch(derivative, { capacity: count, form: 'affine', backend: 'js' }),
  }
  const random = seededRandom(1)
  const [lower, upper] = [new Float64Array(2 * count), new Float64Array(2 * count)]
  for (let k = 0; k < count; k++) {
    const edge = edges[Math.floor(edges.length * random.uniform())]
    for (const at of [2 * k, 2 * k + 1]) {
      lower[at] = edge * Math.floor((4 / edge) * random.uniform()) - 2
      upper[at] = lower[at] + edge
      for (const { lo, hi, stride } of Object.values(forms)) {
        const place = (at % 2) * stride + k
        lo[place] = lower[at]
        hi[place] = upper[at]
      }
    }
  }
  const [lo, hi] = [new Float64Array(2), new Float64Array(2)]
  const [low, high] = [new Float64Array(1), new Float64Array(1)]
  const other = intervalArithmetic()
  let sum = 0
  const batch = (name: keyof typeof forms) => () => {
    forms[name].evaluate(count)
    sum += forms[name].outLo[0]
  }
  const times = interleaved(
    {
      js() {
        for (let k = 0; k < count; k++) {
          lo[0] = lower[2 * k]
          lo[1] = lower[2 * k + 1]
          hi[0] = upper[2 * k]
          hi[1] = upper[2 * k + 1]
          f(lo, hi, low, high)
          sum += low[0]
        }
      },
      'affine js': batch('affine js'),
      wasm: batch('wasm'),
      'affine wasm': batch('affine wasm'),
      package() {
        for (let k = 0; k < count; k++) {
          const at = 2 * k
          sum += other([lower[at], upper[at]], [lower[at + 1], upper[at + 1]]).lo
        }
      },
    },
    { rounds: 60, warmUp: 100 },
  )
  if (!Number.isFinite(sum)) throw new Error('an enclosure is not finite')
  const speed = (nanoseconds: number) => 1000 / nanoseconds
  const of = (name: string) => speed(times[name] / count)
  const width = ({ outLo, outHi }: BatchEnclosure) => {
    let total = 0
    for (let k = 0; k < count; k++) total += outHi[k] - outLo[k]
    return total
  }
  const program = compileNative('boxes', ['-frounding-math'])
  const c =
    program === undefined ? Number.NaN : speed(runNative<{ ns: number }>(program, `${count}`, '300').ns)
  const figure = 'boxes of V̇, Van der Pol'
  const unit = 'M/s'
  return [
    { figure: `${figure}: JavaScript, natural, one by one`, value: of('js'), unit },
    { figure: `${figure}: JavaScript, affine`, value: of('affine js'), unit, goal: { least: 50 } },
    { figure: `${figure}: WebAssembly, natural`, value: of('wasm'), unit, goal: { least: 100 } },
    { figure: `${figure}: WebAssembly, affine`, value: of('affine wasm'), unit },
    { figure: `${figure}: C`, value: c, unit, note: 'gcc -O3 -march=native, one rounding mode for all' },
    { figure: `${figure}: interval-arithmetic`, value: of('package'), unit },
    { figure: 'width, affine / natural', value: width(forms['affine js']) / width(forms.wasm) },
    { figure: 'C / WebAssembly', value: c / of('wasm') },
    { figure: 'JavaScript / interval-arithmetic', value: of('affine js') / of('package') },
  ]
}

/** ∇V·f with ∇V = (3x − y, 2y − x) and f = (−y, x − (1 − x²)y). */
function intervalArithmetic(): (x: readonly [number, number], y: readonly [number, number]) => Ends {
  const { Interval, add, sub, mul, pow, negative } = peer<IntervalArithmetic>('interval-arithmetic')
  const point = (v: number) => new Interval(v, v)
  const [one, two, three] = [1, 2, 3].map(point)
  return (xs, ys) => {
    const x = new Interval(...xs)
    const y = new Interval(...ys)
    const slope = [sub(mul(three, x), y), sub(mul(two, y), x)] as const
    const rate = sub(x, mul(sub(one, pow(x, 2)), y))
    return add(mul(slope[0], negative(y)), mul(slope[1], rate))
  }
}
