import {
  binaryLanes,
  type FunctionBody,
  FunctionCode,
  type Id,
  LaneCode,
  type LaneValue,
  type ModuleBuilder,
  memoryOperand,
  rowsFrom,
  simd,
} from '@separatrix/field/core'
import type { StepControl } from '../control/adaptive.js'
import { logOffset, logSlope } from '../control/power.js'
import { largestRejection, smallestLogError } from '../control/printControl.js'
import type { ExplicitMethod } from '../explicit/tableau.js'
import { longestStreak } from '../loops/adaptiveAdvance.js'
import { code as codes } from '../state.js'
import { combine, type LaneField, loadTheta, scaleRow, type ThetaSpread } from './laneField.js'

/** What an adaptive kernel is printed for. */
export interface AdaptiveKernel {
  readonly method: ExplicitMethod
  readonly field: LaneField
  readonly theta: ThetaSpread
  readonly control: StepControl
  /** one pair of tolerances for all components */
  readonly uniform: boolean
}

/** Rows of numbers that are the whole state of a trajectory, each [stride]; a lane holds one trajectory's. */
export interface RowMap {
  readonly y: number
  /** f(t, y), for methods that are first same as last */
  readonly slope: number
  readonly time: number
  readonly step: number
  /** ln of the scaled error of the last accepted step */
  readonly logError: number
  readonly accepted: number
  readonly rejected: number
  readonly streak: number
  /** 0 on its way, 1 at the stop time, others as in `state.ts`; −1 marks a lane without a trajectory */
  readonly code: number
  /** 1 when the last rejection was for a value that is not finite */
  readonly nonFinite: number
  readonly theta: number
  readonly count: number
}

export function rowMap({
  method,
  field,
  theta,
}: {
  readonly method: ExplicitMethod
  readonly field: Pick<LaneField, 'size' | 'parameterCount'>
  readonly theta: ThetaSpread
}): RowMap {
  const n = field.size
  const after = n + (method.fsal ? n : 0)
  return {
    y: 0,
    slope: n,
    time: after,
    step: after + 1,
    logError: after + 2,
    accepted: after + 3,
    rejected: after + 4,
    streak: after + 5,
    code: after + 6,
    nonFinite: after + 7,
    theta: after + 8,
    count: after + 8 + (theta === 'each' ? field.parameterCount : 0),
  }
}

/** Bytes of the lanes' state between two runs of the inner loop: rows, trajectory numbers, next trajectory. */
export function scratchBytes(rows: RowMap, tile: number, bytes: number): number {
  return Math.ceil((rows.count * tile * bytes + 4 * tile + 4) / 64) * 64
}

/** Address of the field's own scratch memory, behind that of the lanes. */
function behindLanes(c: LaneCode, kernel: AdaptiveKernel, scratch: Id): Id {
  const { type, groups } = c.settings
  const distance = c.code.integer(scratchBytes(rowMap(kernel), groups * type.width, type.bytes), true)
  return c.code.value('i32', [0x6a], [scratch, distance], true)
}

interface Tolerance {
  readonly rtol: (i: number) => LaneValue
  readonly atol: (i: number) => LaneValue
}

function loadTolerances(c: LaneCode, base: Id, n: number, uniform: boolean): Tolerance {
  const { bytes } = c.type
  const known = new Map<number, LaneValue>()
  const at = (k: number) => {
    const found = known.get(k) ?? c.loadSplat(base, k * bytes, 'fixed')
    known.set(k, found)
    return found
  }
  return { rtol: (i) => at(uniform ? 0 : i), atol: (i) => at(uniform ? n : n + i) }
}

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

/**
 * Prints assign(lane, end, scratch, rows, stride) → 1 or 0: gives a lane (by its byte offset) the next trajectory
 * that is on its way, or marks it idle.
 */
function printAssign(module: ModuleBuilder, map: RowMap): FunctionBody {
  const code = new FunctionCode(['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'])
  const [lane, end, scratch, rows, stride] = [0, 1, 2, 3, 4] as const
  const access = rowAccess(code, module, map)
  const [next, found, searching] = [code.variable('i32'), code.variable('i32'), code.variable('i32')]
  code.set(next, code.value('i32', [0x28, ...memoryOperand(2, access.nextOffset)], [scratch]))
  const one = code.integer(1)
  code.loop((again) => {
    code.set(searching, code.integer(0))
    code.when(code.value('i32', [0x48], [next, end]), () => {
      const codeAt = access.address(rows, stride, code.integer(map.code), next)
      const running = access.equal(access.load(codeAt), access.constant(0))
      code.set(found, running)
      code.set(searching, code.value('i32', [0x45], [running]))
      code.when(running, () => {
        access.copyIn(scratch, lane, rows, stride, next)
      })
      code.set(next, code.value('i32', [0x6a], [next, one]))
    })
    again(searching)
  })
  code.effect([0x36, ...memoryOperand(2, access.nextOffset)], [scratch, next])
  code.when(code.value('i32', [0x45], [found]), () => {
    access.store(access.laneAddress(scratch, lane), access.constant(-1), map.code)
  })
  return code.finish({ result: [found] })
}

/** Scalar access to rows and lanes, for moving trajectories between them. */
function rowAccess(code: FunctionCode, module: ModuleBuilder, map: RowMap) {
  const { type } = module.settings
  const { bytes, logBytes, scalar } = type
  const rowBytes = module.tile * bytes
  const indexOffset = map.count * rowBytes
  const nextOffset = indexOffset + 4 * module.tile
  const double = scalar === 'f64'
  const add = (a: Id, b: Id) => code.value('i32', [0x6a], [a, b])
  const mul = (a: Id, b: Id) => code.value('i32', [0x6c], [a, b])
  const load = (address: Id, row = 0) =>
    code.value(scalar, [double ? 0x2b : 0x2a, ...memoryOperand(logBytes, row * rowBytes)], [address])
  const store = (address: Id, value: Id, row = 0) =>
    code.effect([double ? 0x39 : 0x38, ...memoryOperand(logBytes, row * rowBytes)], [address, value])
  const constant = (v: number) =>
    code.value(
      scalar,
      double
        ? [0x44, ...new Uint8Array(Float64Array.of(v).buffer)]
        : [0x43, ...new Uint8Array(Float32Array.of(v).buffer)],
    )
  const address = (rows: Id, stride: Id, row: Id, trajectory: Id) =>
    add(add(rows, mul(row, stride)), code.value('i32', [0x74], [trajectory, code.integer(logBytes)]))
  const laneAddress = (scratch: Id, lane: Id) => add(scratch, lane)
  /** position of the lane's trajectory number: 4 bytes each */
  const indexAddress = (scratch: Id, lane: Id) =>
    add(scratch, code.value('i32', [0x76], [lane, code.integer(logBytes - 2)]))
  const eachRow = (body: (row: Id) => void) => {
    const row = code.variable('i32')
    code.set(row, code.integer(0))
    code.countTo(row, code.integer(map.count), code.integer(1), () => body(row))
  }
  return {
    nextOffset,
    load,
    store,
    constant,
    address,
    laneAddress,
    equal: (a: Id, b: Id) => code.value('i32', [double ? 0x61 : 0x5b], [a, b]),
    greater: (a: Id, b: Id) => code.value('i32', [double ? 0x64 : 0x5e], [a, b]),
    copyIn(scratch: Id, lane: Id, rows: Id, stride: Id, trajectory: Id) {
      const width = code.integer(rowBytes)
      eachRow((row) => {
        store(add(laneAddress(scratch, lane), mul(row, width)), load(address(rows, stride, row, trajectory)))
      })
      code.effect([0x36, ...memoryOperand(2, indexOffset)], [indexAddress(scratch, lane), trajectory])
    },
    copyOut(scratch: Id, lane: Id, rows: Id, stride: Id) {
      const width = code.integer(rowBytes)
      const trajectory = code.value(
        'i32',
        [0x28, ...memoryOperand(2, indexOffset)],
        [indexAddress(scratch, lane)],
      )
      eachRow((row) => {
        store(address(rows, stride, row, trajectory), load(add(laneAddress(scratch, lane), mul(row, width))))
      })
    },
  }
}

/**
 * Prints adaptive(first, end, scratch, stop, direction, maxSteps, limit, rows, theta, stride, tolerances) → 1
 * where at most `limit` iterations did not suffice, else 0: every trajectory that is on its way goes to the
 * stop time with steps of its own. A lane that arrives (or fails) takes the next trajectory at once, so that
 * lanes never wait for one another.
 */
export function printAdaptive(module: ModuleBuilder, kernel: AdaptiveKernel): void {
  const { field, theta } = kernel
  const map = rowMap(kernel)
  const assign = module.reserve()
  module.define(assign, printAssign(module, map))
  const code = new FunctionCode(
    ['i32', 'i32', 'i32', 'f64', 'f64', 'f64', 'i32', 'i32', 'i32', 'i32', 'i32'],
    ['i32'],
  )
  const [first, end, scratch, stop, sign, most, limit, rows, parameters, stride, tolerances] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
  ] as const
  const c = new LaneCode(code, module.settings)
  const access = rowAccess(code, module, map)
  const rowBytes = module.tile * c.type.bytes
  const laneBytes = code.integer(c.type.bytes, true)
  const allLanes = code.integer(rowBytes, true)
  const one = code.integer(1, true)
  const variables = Array.from({ length: map.count }, () => c.variable())
  const fixedParameter = loadTheta(c, parameters, 'shared', (base) => base)
  const body = stepBody(c, kernel, map, {
    variables,
    tolerance: loadTolerances(c, tolerances, field.size, kernel.uniform),
    f: field.evaluator(c, {
      scratch: behindLanes(c, kernel, scratch),
      theta: parameters,
      parameter: theta === 'each' ? (k) => variables[map.theta + k] as LaneValue : fixedParameter,
    }),
    stop: c.splat(stop, 'f64', 'fixed'),
    direction: c.splat(sign, 'f64', 'fixed'),
    maxSteps: c.splat(most, 'f64', 'fixed'),
  })
  const [lane, active, left, going] = [0, 1, 2, 3].map(() => code.variable('i32')) as [Id, Id, Id, Id]
  const call = [0x10, ...position(assign)]
  const give = () => code.value('i32', call, [lane, end, scratch, rows, stride])
  const add = (a: Id, b: Id) => code.value('i32', [0x6a], [a, b])
  code.effect([0x36, ...memoryOperand(2, access.nextOffset)], [scratch, first])
  code.set(lane, code.integer(0))
  code.countTo(lane, allLanes, laneBytes, () => {
    code.set(active, add(active, give()))
  })
  code.set(left, limit)
  code.when(active, () => {
    code.loop((repeat) => {
      variables.forEach((v, r) => {
        c.assign(v, c.load(scratch, r * rowBytes))
      })
      code.loop((again) => {
        body()
        code.set(left, code.value('i32', [0x6b], [left, one]))
        const arrived = c.any(c.op('gt', variables[map.code] as LaneValue, c.constant(0)))
        const still = code.value('i32', [0x4a], [left, code.integer(0)])
        again(code.value('i32', [0x71], [code.value('i32', [0x45], [arrived]), still]))
      })
      variables.forEach((v, r) => {
        c.store(scratch, v, r * rowBytes)
      })
      code.set(lane, code.integer(0))
      code.countTo(lane, allLanes, laneBytes, () => {
        const state = access.load(access.laneAddress(scratch, lane), map.code)
        code.when(access.greater(state, access.constant(0)), () => {
          access.copyOut(scratch, lane, rows, stride)
          code.set(active, add(code.value('i32', [0x6b], [active, one]), give()))
        })
      })
      const still = code.value('i32', [0x4a], [left, code.integer(0)])
      code.set(
        going,
        code.value('i32', [0x71], [code.value('i32', [0x4a], [active, code.integer(0)]), still]),
      )
      repeat(going)
    })
    // out of iterations: what is on its way goes back to its rows
    code.set(lane, code.integer(0))
    code.countTo(lane, allLanes, laneBytes, () => {
      const state = access.load(access.laneAddress(scratch, lane), map.code)
      code.when(access.equal(state, access.constant(0)), () => {
        access.copyOut(scratch, lane, rows, stride)
      })
    })
  })
  const unfinished = code.value('i32', [0x4a], [active, code.integer(0)])
  module.define(module.reserve(), code.finish({ exported: 'adaptive', result: [unfinished] }))
}

interface StepContext {
  readonly variables: readonly LaneValue[]
  readonly tolerance: Tolerance
  readonly f: ReturnType<LaneField['evaluator']>
  readonly stop: LaneValue
  readonly direction: LaneValue
  readonly maxSteps: LaneValue
}

/** One trial step of every lane; what a lane must not do is masked. */
function stepBody(c: LaneCode, kernel: AdaptiveKernel, map: RowMap, context: StepContext): () => void {
  const { method, field, control } = kernel
  const { variables, tolerance, f, stop, direction, maxSteps } = context
  const n = field.size
  const number = (v: number) => c.constant(v)
  const zero = number(0)
  const set = (row: number, value: LaneValue) => c.assign(variables[row] as LaneValue, value)
  return () => {
    const now = (row: number) => c.snapshot(variables[row] as LaneValue)
    const y = Array.from({ length: n }, (_, k) => now(map.y + k))
    const [t, h0, logError1, accepted, rejected, streak, status] = [
      map.time, map.step, map.logError, map.accepted, map.rejected, map.streak, map.code,
    ].map(now) as [LaneValue, LaneValue, LaneValue, LaneValue, LaneValue, LaneValue, LaneValue] // biome-ignore format: one table
    const ahead = c.op('mul', c.op('sub', c.op('madd', number(1.01), h0, t), stop), direction)
    const last = c.op('ge', ahead, zero)
    const h = c.select(last, c.op('sub', stop, t), h0)
    const tooSmall = c.op('andnot', c.op('eq', c.op('madd', number(0.1), h0, t), t), last)
    const tooMany = c.op('ge', c.op('add', accepted, rejected), maxSteps)
    const { next, slope, sum } = trial(c, kernel, { t, y, h, f, tolerance, map, variables })
    const active = c.op('andnot', c.op('eq', status, zero), c.op('or', tooSmall, tooMany))
    const good = c.op('and', active, c.op('le', sum, number(n)))
    const bad = c.op('andnot', active, good)
    const k = (method.errorOrder as number) + 1
    const logError = c.op('sub', c.op('mul', number(0.5), roughLog(c, sum)), number(0.5 * Math.log(n)))
    const accept = acceptFactor(c, control, k, { logError, logError1, streak })
    const finite = c.op('eq', c.op('sub', sum, sum), zero)
    const shrink = rejectFactor(c, control, k, logError, finite)
    const proposed = c.op('mul', h, accept)
    // a step cut short at the stop says little about the next: keep the longer proposal
    const longer = c.op('gt', c.op('mul', proposed, direction), c.op('mul', h0, direction))
    const kept = c.select(c.op('andnot', last, longer), h0, proposed)
    y.forEach((v, i) => {
      set(map.y + i, c.select(good, next[i] as LaneValue, v))
    })
    slope.forEach((v, i) => {
      set(map.slope + i, c.select(good, v, variables[map.slope + i] as LaneValue))
    })
    set(map.time, c.select(good, c.select(last, stop, c.op('add', t, h)), t))
    set(map.step, c.select(good, kept, c.select(bad, c.op('mul', h, shrink), h0)))
    const memory = c.op('pmax', logError, number(smallestLogError))
    set(map.logError, c.select(good, memory, logError1))
    set(map.accepted, c.op('add', accepted, c.op('and', good, number(1))))
    set(map.rejected, c.op('add', rejected, c.op('and', bad, number(1))))
    const longerStreak = c.op('add', streak, number(1))
    set(map.streak, c.op('andnot', c.select(bad, longerStreak, streak), good))
    set(
      map.nonFinite,
      c.select(bad, c.op('andnot', number(1), finite), variables[map.nonFinite] as LaneValue),
    )
    const givenUp = c.op('and', bad, c.op('gt', longerStreak, number(longestStreak)))
    const failed = c.select(
      c.op('or', tooSmall, givenUp),
      number(codes.underflow),
      c.op('and', tooMany, number(codes.maxSteps)),
    )
    const reached = c.select(c.op('and', good, last), number(codes.stop), failed)
    set(map.code, c.select(c.op('eq', status, zero), reached, status))
  }
}

interface TrialContext {
  readonly t: LaneValue
  readonly y: readonly LaneValue[]
  readonly h: LaneValue
  readonly f: ReturnType<LaneField['evaluator']>
  readonly tolerance: Tolerance
  readonly map: RowMap
  readonly variables: readonly LaneValue[]
}

/** The stages, y¹, f at y¹ (first same as last), and Σ (e_i/scale_i)². */
function trial(c: LaneCode, { method }: AdaptiveKernel, context: TrialContext) {
  const { t, y, h, f, tolerance, map, variables } = context
  const slopes: LaneValue[][] = [
    method.fsal ? y.map((_, i) => c.snapshot(variables[map.slope + i] as LaneValue)) : f(t, y),
  ]
  let point: readonly LaneValue[] = y
  for (let j = 1; j < method.stages; j++) {
    const row = scaleRow(c, h, method.a[j] as readonly number[])
    point = y.map((v, i) => combine(c, row, slopes, i, v))
    const time = c.op('madd', c.constant(method.c[j] as number), h, t)
    slopes.push(f(time, point))
  }
  const weights = method.fsal ? undefined : scaleRow(c, h, method.b)
  const next = weights === undefined ? point : y.map((v, i) => combine(c, weights, slopes, i, v))
  const errors = (row: readonly number[]) => {
    const scaled = scaleRow(c, h, row)
    return y.map((v, i) => {
      const size = c.op('pmax', c.op('abs', v), c.op('abs', next[i] as LaneValue))
      const scale = c.op('madd', tolerance.rtol(i), size, tolerance.atol(i))
      const r = c.op('div', combine(c, scaled, slopes, i), scale)
      return c.op('mul', r, r)
    })
  }
  const total = (terms: readonly LaneValue[]) => terms.reduce((a, b) => c.op('add', a, b))
  const high = total(errors(method.bError as readonly number[]))
  if (method.bErrorLow === undefined)
    return { next, slope: method.fsal ? (slopes.at(-1) as LaneValue[]) : [], sum: high }
  const low = c.op('madd', c.constant(0.01), total(errors(method.bErrorLow)), high)
  const both = c.op('mul', high, c.op('div', high, low))
  const sum = c.select(c.op('eq', high, c.constant(0)), high, both)
  return { next, slope: method.fsal ? (slopes.at(-1) as LaneValue[]) : [], sum }
}

interface ErrorMemory {
  readonly logError: LaneValue
  readonly logError1: LaneValue
  readonly streak: LaneValue
}

function acceptFactor(
  c: LaneCode,
  { beta, safety, minFactor, maxFactor }: StepControl,
  k: number,
  { logError, logError1, streak }: ErrorMemory,
): LaneValue {
  const [b1, b2] = beta
  const first = c.op('nmadd', c.constant(b1 / k), logError, c.constant(Math.log(safety)))
  const wanted = b2 === 0 ? first : c.op('nmadd', c.constant(b2 / k), logError1, first)
  const bounded = c.op(
    'pmin',
    c.op('pmax', wanted, c.constant(Math.log(minFactor))),
    c.constant(Math.log(maxFactor)),
  )
  const afterRejection = c.op('gt', streak, c.constant(0))
  return roughExp(c, c.select(afterRejection, c.op('pmin', bounded, c.constant(0)), bounded))
}

function rejectFactor(
  c: LaneCode,
  { safety, minFactor }: StepControl,
  k: number,
  logError: LaneValue,
  finite: LaneValue,
): LaneValue {
  const wanted = c.op('nmadd', c.constant(1 / k), logError, c.constant(Math.log(safety)))
  const bounded = c.op(
    'pmin',
    c.op('pmax', wanted, c.constant(Math.log(minFactor))),
    c.constant(largestRejection),
  )
  return c.select(finite, roughExp(c, bounded), c.constant(minFactor))
}

/** The same as `roughLog` of the single solver, from the bits of each lane. */
function roughLog(c: LaneCode, x: LaneValue): LaneValue {
  if (c.type.scalar === 'f64') {
    const shift = 2 ** 52
    const word = c.op('sub', c.op('or', c.shift('right', x, 32), c.constant(shift)), c.constant(shift))
    return c.op('sub', c.op('mul', word, c.constant(logSlope)), c.constant(logOffset))
  }
  // f32x4.convert_i32x4_s; 23 − 20 = 3 more mantissa bits, and another bias
  const word: LaneValue = { spread: x.spread, ids: x.ids.map((id) => c.code.value('v128', simd(250), [id])) }
  const offset = logOffset - Math.LN2 * (1023 - 127)
  return c.op('sub', c.op('mul', word, c.constant(logSlope / 8)), c.constant(offset))
}

/** The same as `roughExp` of the single solver. */
function roughExp(c: LaneCode, x: LaneValue): LaneValue {
  const even = c.op('madd', x, x, c.constant(12))
  const odd = c.op('mul', c.constant(6), x)
  return c.op('div', c.op('add', even, odd), c.op('sub', even, odd))
}

const position = (index: number) => (index < 128 ? [index] : [(index & 127) | 128, index >> 7])
