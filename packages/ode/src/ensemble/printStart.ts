import {
  binaryLanes,
  type FunctionBody,
  FunctionCode,
  type Id,
  LaneCode,
  type LaneValue,
  type ModuleBuilder,
  rowsFrom,
} from '@separatrix/field/core'
import { type AdaptiveKernel, behindLanes, loadTolerances, rowMap } from './adaptiveKernel.js'
import { loadTheta } from './laneField.js'

/**
 * Prints start(first, end, scratch, t0, direction, bound, rows, theta, stride, tolerances) → 0: the first step of
 * every trajectory, as `initialStep` chooses it, and f(t₀, y₀).
 */
export function printStart(module: ModuleBuilder, kernel: AdaptiveKernel): FunctionBody {
  const { method, field, theta } = kernel
  const code = new FunctionCode(
    ['i32', 'i32', 'i32', 'f64', 'f64', 'f64', 'i32', 'i32', 'i32', 'i32'],
    ['i32'],
  )
  const [first, end, scratch, time, sign, most, rows, parameters, stride, tolerances] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
  ] as const
  const c = new LaneCode(code, module.settings)
  const map = rowMap(kernel)
  const n = field.size
  const [t0, direction, bound] = [time, sign, most].map((p) => c.splat(p, 'f64', 'fixed')) as [
    LaneValue,
    LaneValue,
    LaneValue,
  ]
  const { rtol, atol } = loadTolerances(c, tolerances, n, kernel.uniform)
  const row = rowsFrom(code, stride)
  const [i, offset] = [code.variable('i32'), code.variable('i32')]
  const [tile, shift] = [code.integer(module.tile, true), code.integer(c.type.logBytes, true)]
  const number = (v: number) => c.constant(v)
  const fieldScratch = behindLanes(c, kernel, scratch)
  code.set(i, first)
  code.countTo(i, end, tile, () => {
    code.set(offset, code.value('i32', [0x74], [i, shift]))
    const at = (base: Id, k: number) => code.value('i32', [0x6a], [row(base, k), offset])
    const y = Array.from({ length: n }, (_, k) => c.load(at(rows, map.y + k)))
    const parameter =
      theta === 'each'
        ? loadTheta(c, rows, theta, (base, k) => at(base, map.theta + k))
        : loadTheta(c, parameters, theta, at)
    const scale = y.map((v, k) => {
      const s = c.op('madd', c.op('abs', v), rtol(k), atol(k))
      return c.select(c.op('eq', s, number(0)), number(1), s)
    })
    const norm = (vector: readonly LaneValue[]) => {
      const squares = vector.map((v, k) => {
        const q = c.op('div', v, scale[k] as LaneValue)
        return c.op('mul', q, q)
      })
      const mean = c.op(
        'mul',
        squares.reduce((a, b) => c.op('add', a, b)),
        number(1 / n),
      )
      return c.op('sqrt', mean)
    }
    const f = field.evaluator(c, { scratch: fieldScratch, theta: parameters, parameter })
    const slope = f(t0, y)
    const [sizeOfY, sizeOfF] = [norm(y), norm(slope)]
    const small = c.op('or', c.op('lt', sizeOfY, number(1e-5)), c.op('lt', sizeOfF, number(1e-5)))
    const ratio = c.op('div', c.op('mul', number(0.01), sizeOfY), sizeOfF)
    const guess = c.op('pmin', c.select(small, number(1e-6), ratio), bound)
    const move = c.op('mul', direction, guess)
    const moved = y.map((v, k) => c.op('madd', move, slope[k] as LaneValue, v))
    const after = f(c.op('add', t0, move), moved)
    const curvature = c.op('div', norm(after.map((v, k) => c.op('sub', v, slope[k] as LaneValue))), guess)
    const steepest = c.op('pmax', sizeOfF, curvature)
    const root = binaryLanes.pow(
      c,
      c.op('div', number(0.01), steepest),
      number(1 / ((method.errorOrder as number) + 1)),
    )
    const flat = c.op('pmax', number(1e-6), c.op('mul', guess, number(1e-3)))
    const second = c.select(c.op('le', steepest, number(1e-15)), flat, root)
    const chosen = c.op('pmin', c.op('pmin', c.op('mul', number(100), guess), second), bound)
    const finite = c.op('lt', curvature, number(Number.POSITIVE_INFINITY))
    const size = c.select(finite, chosen, c.op('mul', number(0.1), guess))
    c.store(at(rows, map.step), c.op('mul', direction, size))
    if (method.fsal)
      slope.forEach((v, k) => {
        c.store(at(rows, map.slope + k), v)
      })
  })
  return code.finish({ exported: 'start', result: [code.integer(0)] })
}
