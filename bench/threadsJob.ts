import { cartPole, reachAvoidStay } from '@separatrix/lyapunov'
import { neuralCandidate, oscillator, oscillatorDomain } from './certifyCases.js'
import { box, regulated } from './certifyTable.js'
import { median } from './harness.js'

/** What the program of bench/threads.ts prints: medians of several runs in turn. */
export interface ThreadTimes {
  readonly case: string
  readonly boxes: number
  /** milliseconds of the wall clock, by one thread and by two */
  readonly times: readonly [number, number]
  /** threads that took part in the last run of two */
  readonly helped: number
}

const rounds = 5

const network = { field: oscillator, V: await neuralCandidate(), domain: oscillatorDomain }
const pole = { ...regulated(cartPole()), domain: box(3, 1.5, 6, 9) }
const cases = {
  'V = 2-30-30-1 tanh, from 0.7 to 0.05': { ...network, level: 0.7, inner: 0.05 },
  'cart-pole LQR, from 0.1 to 0.02, a million boxes': { ...pole, level: 0.1, inner: 0.02, maxBoxes: 1e6 },
}

for (const [name, claim] of Object.entries(cases)) {
  const times: [number[], number[]] = [[], []]
  let [boxes, helped] = [0, 0]
  for (let k = 0; k < rounds; k++)
    times.forEach((list, i) => {
      const start = performance.now()
      const { stats } = reachAvoidStay({ ...claim, threads: i + 1 })
      list.push(performance.now() - start)
      boxes = stats.boxes
      helped = stats.threads ?? 1
    })
  const line: ThreadTimes = { case: name, boxes, times: [median(times[0]), median(times[1])], helped }
  console.log(JSON.stringify(line))
}
