import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { type TransferJob, type TransferRun, transferTrainer } from './transferTraining.js'

/** Threads that carry out jobs. */
export interface TransferThreads {
  /**
   * Each thread takes the next job when it is free; runs come back in the order of their jobs, whoever did them. Give
   * long jobs first, and jobs of one network one after another.
   */
  run(jobs: readonly TransferJob[], onDone: (job: TransferJob) => void): Promise<TransferRun[]>
  close(): Promise<void>
}

type Train = (job: TransferJob) => Promise<TransferRun[]>

/** Starts threads for {@link TransferJob}s; 1 works in the calling thread. */
export function transferThreads(threads: number): TransferThreads {
  const crew = threads === 1 ? [] : Array.from({ length: threads }, startThread)
  const trainers = threads === 1 ? [transferTrainer()] : crew.map(({ train }) => train)
  return {
    async run(jobs, onDone) {
      const done: TransferRun[][] = []
      // one iterator for all: a job is taken once
      const queue = jobs.entries()
      const work = async (train: Train) => {
        for (const [k, job] of queue) {
          done[k] = await train(job)
          onDone(job)
        }
      }
      await Promise.all(trainers.map(work))
      return done.flat()
    },
    async close() {
      await Promise.all(crew.map(({ worker }) => worker.terminate()))
    },
  }
}

/** What a thread is given and gives back, one at a time. */
function startThread(): { readonly worker: Worker; readonly train: Train } {
  // sources end in .ts, the package in .js
  const suffix = extname(fileURLToPath(import.meta.url))
  const worker = new Worker(new URL(`./transferWorker${suffix}`, import.meta.url))
  const train = (job: TransferJob) =>
    new Promise<TransferRun[]>((resolve, reject) => {
      const settle = () => {
        worker.off('message', onMessage)
        worker.off('error', onError)
      }
      const onMessage = (runs: TransferRun[]) => {
        settle()
        resolve(runs)
      }
      const onError = (error: unknown) => {
        settle()
        reject(error)
      }
      worker.on('message', onMessage)
      worker.on('error', onError)
      worker.postMessage(job)
    })
  return { worker, train }
}
