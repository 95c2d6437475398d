import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { SeparatrixError } from '@separatrix/field'
import type { ProofProgress } from '@separatrix/lyapunov'
import type { Interrupts } from '../terminal/terminal.js'
import type { Outcome } from './outcome.js'
import { encodeJob, type ProofJob } from './proofJob.js'

/** What the thread of a proof says. */
export type ProofMessage =
  | { readonly kind: 'progress'; readonly progress: ProofProgress }
  | { readonly kind: 'done'; readonly outcome: Outcome }
  | { readonly kind: 'misuse'; readonly message: string; readonly code: string }

export interface ProveInThreadOptions {
  readonly interrupts: Interrupts
  readonly onProgress: (progress: ProofProgress) => void
  readonly remark: (text: string) => void
}

/**
 * Carries out a proof in a thread, so that the calling one hears an interrupt while the search runs: the first ends the
 * search with what it has, the second is left to the system, which ends the process.
 */
export function proveInThread(
  job: ProofJob,
  { interrupts, onProgress, remark }: ProveInThreadOptions,
): Promise<Outcome> {
  const flag = new Int32Array(new SharedArrayBuffer(4))
  // sources end in .ts, the package in .js
  const suffix = extname(fileURLToPath(import.meta.url))
  const worker = new Worker(new URL(`./proofWorker${suffix}`, import.meta.url), {
    workerData: { job: encodeJob(job), flag },
  })
  const onInterrupt = () => {
    interrupts.off('SIGINT', onInterrupt)
    Atomics.store(flag, 0, 1)
    remark('\nEnding the search; what it proved until now is kept. Ctrl-C again ends at once.')
  }
  interrupts.on('SIGINT', onInterrupt)
  return new Promise<Outcome>((resolve, reject) => {
    worker.on('message', (message: ProofMessage) => {
      if (message.kind === 'progress') return onProgress(message.progress)
      if (message.kind === 'done') return resolve(message.outcome)
      reject(new SeparatrixError(message.code, message.message))
    })
    worker.on('error', reject)
    worker.on('exit', () => reject(new Error('the thread of the proof ended without an outcome')))
  }).finally(() => {
    interrupts.off('SIGINT', onInterrupt)
    void worker.terminate()
  })
}
