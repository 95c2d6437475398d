import { type FieldJson, misuse, SeparatrixError, show, toJSON } from '@separatrix/field/core'
import { boxEvaluator } from './boxBounds.js'
import { type BoxRound, pairRound } from './boxRound.js'
import type { BoxSources, Readings } from './readings.js'
import {
  type RoundMemory,
  readFailure,
  readResult,
  roundMemory,
  settlingReader,
  takeBoxes,
  word,
  writeSettling,
} from './roundMemory.js'
import { isFalling, isOff } from './settling.js'

/** What a thread is started with. */
export interface ThreadJob {
  readonly buffer: SharedArrayBuffer
  readonly n: number
  /** of the sides of the whole */
  readonly units: readonly number[]
  readonly capacity: number
  /** [V, R], V, slopes */
  readonly sources: readonly [FieldJson, FieldJson, FieldJson]
}

export interface CrewOptions {
  /** threads, the calling one included; 1 */
  readonly threads?: number | undefined
  /** work after which others are started, in operations of the graphs */
  readonly startAfter?: number
  /** boxes of a round; an even number */
  readonly capacity?: number
}

/**
 * Operations after which threads are started. One takes some 10 ns, so these are about 0.3 s, the processor time that a
 * thread took to start and to warm up on a busy machine: who has spent that much without one loses at most as much again
 * (the rule for renting skis).
 */
const defaultStart = 3e7

/**
 * Boxes of a round: so many that waking the others is little beside them, and few enough that best first remains so. On an
 * idle machine two threads took a million boxes of 5 µs .98 times as fast as one by 64 boxes, 1.63 times by 512, 1.51 by 2048.
 */
const defaultCapacity = 512

/** Seconds without any progress after which a thread that holds a box is taken for dead. */
const patience = 120

/** Rounds of boxes on the calling thread, or shared with others. */
export function boxRound(readings: Readings, units: readonly number[], options: CrewOptions = {}): BoxRound {
  const { threads = 1 } = options
  if (threads === 1 || readings.sources === undefined) return pairRound(readings, units)
  return crewRound(readings, readings.sources, { ...options, threads, units })
}

/** Refuses what is no number of threads, and threads where the calling one may not wait for them. */
export function checkThreads(where: string, threads: number | undefined): void {
  if (threads === undefined || threads === 1) return
  if (!Number.isInteger(threads) || threads < 1)
    throw misuse({ where, expected: 'a positive number of threads', got: show(threads), try: 'threads: 2' })
  if (nodeThreads() === undefined)
    throw misuse({
      where,
      expected: 'threads: 1, or Node: a proof waits for its threads, which a page must not',
      got: `threads: ${threads} in an environment without node:worker_threads`,
      try: 'one proof for each worker of the page, with threads: 1',
      code: 'no-threads',
    })
}

const nodeThreads = () => globalThis.process?.getBuiltinModule?.('node:worker_threads')

function crewRound(
  readings: Readings,
  sources: BoxSources,
  {
    threads,
    units,
    startAfter = defaultStart,
    capacity = defaultCapacity,
  }: CrewOptions & { readonly threads: number; readonly units: readonly number[] },
): BoxRound {
  const { n, size, cost } = readings
  const memory = roundMemory(size, capacity)
  const { words } = memory
  const now = settlingReader(memory)
  const evaluator = boxEvaluator(readings, units, (b) => {
    const settling = now()
    return isFalling(b, settling) || isOff(b, settling)
  })
  let spent = 0
  let dismiss: (() => void) | undefined
  const start = () => startThreads({ buffer: memory.buffer, n, units, capacity }, sources, threads - 1)
  return {
    capacity,
    lo: memory.lo,
    hi: memory.hi,
    evaluate(count, settling) {
      if (spent >= startAfter) dismiss ??= start()
      spent += count * cost
      writeSettling(memory, settling)
      Atomics.store(words, word.done, 0)
      Atomics.store(words, word.left, count)
      if (dismiss !== undefined) announce(memory)
      takeBoxes(memory, evaluator)
      waitForAll(memory, count)
    },
    read(slot) {
      readResult(memory.results[slot] as Float64Array, evaluator.bounds)
      return evaluator.bounds
    },
    threads: () => 1 + Atomics.load(words, word.helpers),
    close() {
      Atomics.store(words, word.stop, 1)
      announce(memory)
      dismiss?.()
    },
  }
}

function announce({ words }: RoundMemory): void {
  Atomics.add(words, word.round, 1)
  Atomics.notify(words, word.round)
}

/** Looks at how many boxes are done before waiting: to sleep and to be woken takes as long as many cheap boxes. */
const looks = 2000

/** Waits until the boxes that others took are evaluated; their failure is an error here. */
function waitForAll(memory: RoundMemory, count: number): void {
  const { words } = memory
  for (let k = 0; k < looks; k++)
    if (Atomics.load(words, word.done) === count && Atomics.load(words, word.failure) === 0) return
  // who finishes a box after this wakes the caller; who did before has changed the count that is waited for
  Atomics.store(words, word.waiting, 1)
  let [last, idle] = [-1, 0]
  for (;;) {
    const failure = readFailure(memory)
    if (failure !== undefined) throw new SeparatrixError('thread-failed', `a thread of a proof: ${failure}.`)
    const done = Atomics.load(words, word.done)
    if (done === count) break
    idle = done === last ? idle + 1 : 0
    last = done
    if (idle > patience)
      throw new SeparatrixError(
        'thread-failed',
        `a thread of a proof has not finished a box for ${patience} s. Try threads: 1.`,
      )
    Atomics.wait(words, word.done, done, 1000)
  }
  Atomics.store(words, word.waiting, 0)
}

/** Starts threads; returns what ends them. Until they run, the calling thread works alone. */
function startThreads(
  job: Omit<ThreadJob, 'sources'>,
  { pair, value, slopes }: BoxSources,
  count: number,
): () => void {
  const node = nodeThreads() as NonNullable<ReturnType<typeof nodeThreads>>
  // sources end in .ts, the package in .js
  const suffix = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
  const workerData: ThreadJob = { ...job, sources: [toJSON(pair), toJSON(value), toJSON(slopes)] }
  const crew = Array.from({ length: count }, () => {
    const worker = new node.Worker(new URL(`./boxThread${suffix}`, import.meta.url), { workerData })
    worker.unref()
    // one that cannot even start has taken no box; ProofStats tells that it did not help
    worker.on('error', () => {})
    return worker
  })
  return () => {
    for (const worker of crew) void worker.terminate()
  }
}
