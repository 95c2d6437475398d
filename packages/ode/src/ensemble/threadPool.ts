import { misuse, SeparatrixError, show } from '@separatrix/field/core'
import { type LaneJob, runBlocks } from './runBlocks.js'

/** Worker threads that run lane kernels; close it when done. */
export interface ThreadPool {
  readonly threads: number
  /** binds all threads to a module and its memory, each with a scratch area of its own */
  open(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    scratch: (thread: number) => number,
  ): Promise<void>
  run(job: LaneJob): Promise<void>
  /** makes running jobs end early */
  stop(): void
  close(): Promise<void>
}

/** Integers at the start of the memory that threads share: the next block, and whether to stop. */
export const sharedWords = 16

const notStarted =
  "a worker thread did not start. Try worker-src blob: in the page's content security policy, or backend: 'wasm'"

interface Thread {
  post(message: unknown): void
  /** one answer for each message */
  onAnswer(listener: (failure: string | undefined) => void): void
  terminate(): Promise<unknown>
}

/**
 * The program of a thread: text, so that it starts alike from TypeScript sources, from a package and in a page,
 * in some 20 ms and without a loader.
 */
const program = `
${runBlocks.toString()}
const node = typeof process === 'object' && typeof process.getBuiltinModule === 'function'
const port = node ? process.getBuiltinModule('node:worker_threads').parentPort : self
let exports, words, scratch
async function answer({ open, job }) {
  if (open !== undefined) {
    exports = (await WebAssembly.instantiate(open.module, { env: { memory: open.memory }, math: Math })).exports
    words = new Int32Array(open.memory.buffer, 0, ${sharedWords})
    scratch = open.scratch
    return
  }
  runBlocks(exports[job.name], job, scratch, () => Atomics.add(words, 0, 1), () => Atomics.load(words, 1) !== 0)
}
const receive = (message) => answer(message).then(
  () => port.postMessage({}),
  (error) => port.postMessage({ failure: String(error) }),
)
if (node) port.on('message', receive)
else port.onmessage = (event) => receive(event.data)
`

/**
 * Starts worker threads. In a page they need shared memory, hence the headers
 * `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`.
 * @example
 * const swing = system({ state: ['q', 'p'], dynamics: { q: 'p', p: '-sin(q)' } })
 * const pool = threadPool({ threads: 2 })
 * await ensemble(swing, [[1, 0], [1.1, 0]], [0, 10], { method: rk4, step: 0.01, backend: 'threads', threads: pool })
 * await pool.close()
 */
export function threadPool({ threads }: { readonly threads: number }): ThreadPool {
  if (!Number.isInteger(threads) || threads < 1)
    throw misuse({
      where: 'threadPool',
      expected: 'a positive number of threads',
      got: show(threads),
      try: 'threads: 2',
    })
  if (!canShareMemory())
    throw misuse({
      where: "backend: 'threads'",
      expected: 'memory that threads can share',
      got: 'an environment without SharedArrayBuffer',
      try: "serving the page with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, or backend: 'wasm'",
      code: 'no-shared-memory',
    })
  const crew = Array.from({ length: threads }, startThread)
  let words = new Int32Array(sharedWords)
  const all = async (message: (i: number) => unknown) => {
    await Promise.all(crew.map((thread, i) => ask(thread, message(i))))
  }
  return {
    threads,
    open(module, memory, scratch) {
      words = new Int32Array(memory.buffer, 0, sharedWords)
      words.fill(0)
      return all((i) => ({ open: { module, memory, scratch: scratch(i) } }))
    },
    run(job) {
      Atomics.store(words, 0, 0)
      return all(() => ({ job }))
    },
    stop() {
      Atomics.store(words, 1, 1)
    },
    async close() {
      await Promise.all(crew.map((thread) => thread.terminate()))
    },
  }
}

/** Whether memory can be shared with worker threads here. */
export function canShareMemory(): boolean {
  return (
    typeof SharedArrayBuffer === 'function' &&
    (typeof crossOriginIsolated === 'undefined' || crossOriginIsolated === true)
  )
}

function ask(thread: Thread, message: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    thread.onAnswer((failure) =>
      failure === undefined
        ? resolve()
        : reject(new SeparatrixError('thread-failed', `backend: 'threads': ${failure}.`)),
    )
    thread.post(message)
  })
}

function startThread(): Thread {
  const node = globalThis.process?.getBuiltinModule?.('node:worker_threads')
  if (node !== undefined) {
    // without the flags of this process: they may name loaders, which a thread of plain text needs not
    const worker = new node.Worker(program, { eval: true, execArgv: [] })
    worker.unref()
    return {
      post: (message) => worker.postMessage(message),
      onAnswer(listener) {
        worker.ref()
        const done = (failure: string | undefined) => {
          worker.off('message', receive)
          worker.off('error', fail)
          worker.unref()
          listener(failure)
        }
        const receive = (message: { failure?: string }) => done(message.failure)
        const fail = (error: Error) => done(String(error))
        worker.on('message', receive)
        worker.on('error', fail)
      },
      terminate: () => worker.terminate(),
    }
  }
  const address = URL.createObjectURL(new Blob([program], { type: 'text/javascript' }))
  const worker = new Worker(address)
  let listener: (failure: string | undefined) => void = () => {}
  let broken: string | undefined
  worker.onmessage = ({ data }: MessageEvent<{ failure?: string }>) => listener(data.failure)
  // a worker that may not start says so at once, before anybody asks, and without a message
  worker.onerror = (event) => {
    broken = event.message ?? notStarted
    listener(broken)
  }
  return {
    post: (message) => worker.postMessage(message),
    onAnswer(next) {
      listener = next
      if (broken !== undefined) next(broken)
    },
    async terminate() {
      worker.terminate()
      URL.revokeObjectURL(address)
    },
  }
}

/** Processors of this machine, as the engine tells them. */
export function processorCount(): number {
  const os = globalThis.process?.getBuiltinModule?.('node:os')
  return os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1
}
