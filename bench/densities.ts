import { adam, fit } from '@separatrix/adjoint'
import { compose, network } from '@separatrix/field'
import {
  cnf,
  type Dataset,
  datasets,
  drawPoints,
  flowMatching,
  fourierFeatures,
  lateTimes,
  negativeLogLikelihood,
  withTime,
} from '@separatrix/flows'
import { dopri5 } from '@separatrix/ode'

const names = (process.argv[3] ?? Object.keys(datasets).join()).split(',')
const width = Number(process.argv[4] ?? 64)
const steps = Number(process.argv[5] ?? 10000)
const batch = Number(process.argv[6] ?? 256)
const rate = Number(process.argv[7] ?? 2e-3)
const k = Number(process.argv[8] ?? 32),
  sx = Number(process.argv[9] ?? 2),
  st = Number(process.argv[10] ?? 2)
const late = Number(process.argv[11] ?? 1)
export async function bench() {
  for (const name of names) {
    const target = datasets[name] as Dataset
    const t0 = performance.now(),
      c0 = process.cpuUsage()
    const { field, losses } = await fit({
      field: withTime(
        compose(
          network({ widths: [3 + 2 * k, width, width, width, 2], activation: 'swish', seed: 0 }),
          fourierFeatures({ size: 3, count: k, scale: [sx, sx, st], seed: 5 }),
        ),
      ),
      loss: flowMatching({ target, coupling: 'independent', batch, drawTime: lateTimes(late) }),
      optimizer: adam({ rate: (k) => rate * 0.5 * (1 + Math.cos((Math.PI * k) / steps)) }),
      steps,
      seed: 1,
      backend: 'wasm',
      precision: 'single',
    })
    const cpu = process.cpuUsage(c0)
    const flow = cnf({ field, method: dopri5, rtol: 1e-6, atol: 1e-6 })
    const x = drawPoints(target, { count: 5000, seed: 99 })
    const { mean, standardError } = await negativeLogLikelihood(flow, x)
    const own = Array.from({ length: 5000 }, (_, i) => -target.logProb([x.get(i, 0), x.get(i, 1)]))
    const ownMean = own.reduce((s, v) => s + v / 5000, 0)
    console.log(
      name,
      width,
      steps,
      'nll',
      mean.toFixed(4),
      '±',
      standardError.toFixed(4),
      'entropy',
      target.entropy.value.toFixed(4),
      'gap',
      (mean - target.entropy.value).toFixed(4),
      'kl',
      (mean - ownMean).toFixed(4),
      'loss',
      (losses.slice(-500).reduce((s, v) => s + v, 0) / 500).toFixed(4),
      'wall',
      ((performance.now() - t0) / 1000).toFixed(0),
      'cpu',
      (cpu.user / 1e6).toFixed(0),
    )
  }
  return true
}
