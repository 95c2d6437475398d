import { parentPort, workerData } from 'node:worker_threads'
import { SeparatrixError } from '@separatrix/field'
import { carryOut } from './carryOut.js'
import { decodeJob, type EncodedJob } from './proofJob.js'
import type { ProofMessage } from './proveInThread.js'

/** The program of a proof's thread: one job, its progress, its outcome. Errors other than misuse end the thread. */
const { job, flag } = workerData as { readonly job: EncodedJob; readonly flag: Int32Array }
const say = (message: ProofMessage) => parentPort?.postMessage(message)
try {
  const outcome = carryOut(decodeJob(job), {
    now: () => performance.now(),
    onProgress: (progress) => say({ kind: 'progress', progress }),
    isInterrupted: () => Atomics.load(flag, 0) === 1,
  })
  say({ kind: 'done', outcome })
} catch (error) {
  if (!(error instanceof SeparatrixError)) throw error
  say({ kind: 'misuse', message: error.message, code: error.code })
}
