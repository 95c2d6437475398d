import {
  callCode,
  type FunctionBody,
  FunctionCode,
  type Id,
  LaneCode,
  type LaneValue,
  type ModuleBuilder,
  memoryOperand,
} from '@separatrix/field/core'
import { type AdaptiveKernel, behindLanes, loadTolerances, type RowMap, rowMap } from './adaptiveKernel.js'
import { loadTheta } from './laneField.js'
import { printTrialStep } from './printTrialStep.js'
import { rowAccess } from './rowAccess.js'

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
  const body = printTrialStep(c, kernel, map, {
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
  const call = callCode(assign)
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
