import { workerData } from 'node:worker_threads'
import { fromJSON } from '@separatrix/field/core'
import { boxEvaluator } from './boxBounds.js'
import type { ThreadJob } from './crewRound.js'
import { readBoxes } from './readings.js'
import { roundMemory, settlingReader, takeBoxes, word, writeFailure } from './roundMemory.js'
import { isFalling, isOff } from './settling.js'

/**
 * The program of a thread that evaluates boxes of a proof: bounds and nothing else. It derives nothing: the readings come
 * as graphs. An exception ends the proof in the calling thread.
 */
function serve({ buffer, n, units, capacity, sources }: ThreadJob): void {
  const size = units.length
  const memory = roundMemory(size, capacity, buffer)
  const { words } = memory
  try {
    const [pair, value, slopes] = sources.map(fromJSON) as [
      ReturnType<typeof fromJSON>,
      ReturnType<typeof fromJSON>,
      ReturnType<typeof fromJSON>,
    ]
    const now = settlingReader(memory)
    const evaluator = boxEvaluator(readBoxes({ n, size, pair, value, slopes }), units, (b) => {
      const settling = now()
      return isFalling(b, settling) || isOff(b, settling)
    })
    for (let helped = false; ; ) {
      const round = Atomics.load(words, word.round)
      if (Atomics.load(words, word.stop) === 1) return
      if (takeBoxes(memory, evaluator) > 0 && !helped) {
        helped = true
        Atomics.add(words, word.helpers, 1)
      }
      Atomics.wait(words, word.round, round)
    }
  } catch (error) {
    writeFailure(memory, String(error))
  }
}

serve(workerData as ThreadJob)
