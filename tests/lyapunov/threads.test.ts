import { expression, network, system } from '@separatrix/field'
import { type Field, type SeparatrixError, seededRandom } from '@separatrix/field/core'
import {
  certify,
  checkCertificate,
  invariantSet,
  reachAvoidStay,
  regionOfAttraction,
} from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type BoxRound, pairRound } from '../../packages/lyapunov/src/certify/boxRound.js'
import { boxRound } from '../../packages/lyapunov/src/certify/crewRound.js'
import { type Readings, readPair } from '../../packages/lyapunov/src/certify/readings.js'
import { cases, cost, regulated, vanDerPol } from './cases.js'

function readingsOf(field: Field, V: Field): Readings {
  const readings = readPair('test', field, V)
  if ('why' in readings) throw new Error(readings.why)
  return readings
}

const sleeper = new Int32Array(new SharedArrayBuffer(4))
const pause = () => Atomics.wait(sleeper, 0, 0, 5)

/** Rounds until another thread has helped, or has failed; a thread starts in seconds here, from sources. */
function untilHelped(round: BoxRound): void {
  round.lo[0]?.fill(0.1)
  round.hi[0]?.fill(0.2)
  for (let k = 0; k < 20_000 && round.threads() === 1; k++) {
    round.evaluate(1, { above: Infinity, below: -Infinity, isPositive: false })
    pause()
  }
}

test('threads: thousands of short rounds give the bounds of one thread, bit for bit', () => {
  const readings = readingsOf(vanDerPol.field, vanDerPol.V)
  const [alone, shared] = [
    pairRound(readings, [1, 1]),
    boxRound(readings, [1, 1], { threads: 2, startAfter: 0, capacity: 8 }),
  ]
  const random = seededRandom(1)
  try {
    untilHelped(shared)
    assert.ok(shared.threads() > 1, 'another thread has helped')
    for (let k = 0; k < 2500; k++) {
      const count = 1 + (k % 8)
      const settling = { above: 4 * random.uniform(), below: random.uniform() - 0.5, isPositive: k % 2 === 0 }
      for (let slot = 0; slot < count; slot++)
        for (let i = 0; i < 2; i++) {
          const at = 3 * random.uniform() - 1.5
          ;(shared.lo[slot] as Float64Array)[i] = at
          ;(shared.hi[slot] as Float64Array)[i] = at + 0.3 * random.uniform()
        }
      shared.evaluate(count, settling)
      alone.evaluate(1, settling)
      for (let slot = 0; slot < count; slot++) {
        alone.lo[0]?.set(shared.lo[slot] as Float64Array)
        alone.hi[0]?.set(shared.hi[slot] as Float64Array)
        const expected = alone.read(0)
        const found = shared.read(slot)
        const numbers = (b: typeof expected) => [
          b.valueLow,
          b.valueHigh,
          b.rateLow,
          b.rateHigh,
          b.centreRateLow,
        ]
        assert.equal(numbers(found), numbers(expected), `round ${k}, slot ${slot}`)
        // beyond the natural bounds there is an axis, and a centre
        if (!Number.isNaN(expected.centreRateLow))
          assert.equal([found.axis, ...found.centre], [expected.axis, ...expected.centre])
      }
    }
  } finally {
    shared.close()
  }
})

test('threads: what fails in one is an error in the caller', () => {
  const readings = readingsOf(regulated, cost)
  const { sources } = readings
  if (sources === undefined) throw new Error('a pair of graphs')
  // the thread alone reads these graphs: they have an operation that there is not
  const broken = { ...sources.value, nodes: [{ ...sources.value.nodes[0], op: 'nonsense' }] as never }
  const round = boxRound({ ...readings, sources: { ...sources, value: broken } }, [1, 1], {
    threads: 2,
    startAfter: 0,
  })
  try {
    untilHelped(round)
    assert.unreachable('a proof went on')
  } catch (error) {
    assert.is((error as SeparatrixError).code, 'thread-failed', String(error))
  } finally {
    round.close()
  }
})

for (const { name, critical, ...pair } of cases) {
  test(`threads: ${name}, the same verdicts and brackets by one and by many`, () => {
    for (const factor of [0.99, 1.01]) {
      const kinds = [1, 2].map((threads) => certify({ ...pair, level: factor * critical, threads }).kind)
      assert.equal(kinds, new Array(2).fill(factor < 1 ? 'proved' : 'refuted'))
    }
    const regions = [1, 2, 3].map((threads) => regionOfAttraction({ ...pair, threads, tolerance: 5e-3 }))
    for (const { level, certificate } of regions) {
      // the tolerance that was asked for, about the critical level
      assert.ok(
        level[0] < critical && level[1] >= critical * (1 - 1e-9) && level[1] < 1.006 * level[0],
        `${level}`,
      )
      assert.ok(certificate !== undefined)
    }
    assert.is(checkCertificate(regions[1]?.certificate).valid, true)
    assert.equal(
      regions[1]?.certificate,
      regions[2]?.certificate,
      'not even the boxes depend on their number',
    )
  })
}

const neural = {
  field: vanDerPol.field,
  V: network({ widths: [2, 8, 1], activation: 'tanh', seed: 3 }),
  domain: vanDerPol.domain,
}

/** A clock that ticks when it is read. */
const ticking = () => {
  let time = 0
  return () => time++
}

const endless = { ...vanDerPol, level: 2.304477, maxBoxes: 1e9 }
const clocked = (at: number) => ({ deadline: { now: ticking(), at } })

test('limits of time: unknown, with the box where it stood and what was proved until then', () => {
  for (const threads of [1, 2]) {
    const verdict = certify({ ...endless, ...clocked(1), threads })
    if (verdict.kind !== 'unknown') return assert.unreachable(verdict.message)
    assert.match(verdict.reason, /its time was up; the decrease is proved up to the level/)
    assert.is(verdict.box?.length, 2)
    const region = regionOfAttraction({ ...vanDerPol, tolerance: 1e-9, ...clocked(4), threads })
    assert.match(region.message, 'its time was up')
    // it had come some way, and what it had come is certified
    assert.ok(region.level[0] > 0.5 && region.level[0] < vanDerPol.critical, `${region.level}`)
    assert.is(checkCertificate(region.certificate).valid, true)
    const stopped = new AbortController()
    const aborted = certify({
      ...endless,
      threads,
      signal: stopped.signal,
      onProgress: () => stopped.abort(),
    })
    assert.match(aborted.message, 'it was stopped')
  }
})

test('limits of time hold for every property', () => {
  const soon = () => clocked(0)
  const disk = { ...vanDerPol, barrier: expression('1 - x^2 - y^2', ['x', 'y']) }
  const tall = { kind: 'box', sides: [[-1, 1], [-1, 1]] } as const // biome-ignore format: a box is one row
  const sink = system({ state: ['x', 'y'], dynamics: { x: '-x + 0.3*sin(y)', y: '-y + 0.3*sin(x)' } })
  const verdicts = {
    reach: reachAvoidStay({ ...neural, level: 10, inner: -10, ...soon() }),
    band: reachAvoidStay({ ...vanDerPol, level: 2, inner: 0.1, ...soon() }),
    barrier: invariantSet({ ...disk, ...soon() }),
    shape: invariantSet({ field: sink, set: tall, ...soon() }),
    stability: certify({ ...vanDerPol, property: 'stability', level: 1, ...soon() }),
  }
  for (const [name, { kind, message }] of Object.entries(verdicts)) {
    assert.is(kind, 'unknown', name)
    if (name !== 'reach' && name !== 'stability') assert.match(message, 'its time was up', name)
  }
})

test('threads: refused where they are no number', () => {
  for (const threads of [0, 1.5, -1])
    assert.throws(() => certify({ ...vanDerPol, level: 1, threads }), /expected a positive number of threads/)
})

test('threads: refused where the calling thread may not wait for others, as in a page', () => {
  const builtin = process.getBuiltinModule
  Object.assign(process, { getBuiltinModule: undefined })
  try {
    assert.throws(() => certify({ ...vanDerPol, level: 1, threads: 2 }), /expected threads: 1, or Node/)
  } finally {
    Object.assign(process, { getBuiltinModule: builtin })
  }
})

test.run()
