import { parentPort } from 'node:worker_threads'
import { type TransferJob, transferTrainer } from './transferTraining.js'

/** The program of a thread of the transfer study: a job in, its runs out. An error ends the thread, which reports it. */
const train = transferTrainer()
parentPort?.on('message', (job: TransferJob) => {
  void train(job).then((runs) => parentPort?.postMessage(runs))
})
