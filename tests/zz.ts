import { system } from '@separatrix/field'
import { ensemble, rk4 } from '@separatrix/ode'
import ndarray from 'ndarray'

const lorenz = system({
  name: 'lorenz',
  state: ['x', 'y', 'z'],
  params: { sigma: 10, rho: 28, beta: 8 / 3 },
  dynamics: { x: 'sigma*(y-x)', y: 'x*(rho-z)-y', z: 'x*y-beta*z' },
})
const lorenzc = system({
  name: 'lorenz',
  state: ['x', 'y', 'z'],
  dynamics: { x: '10*(y-x)', y: 'x*(28-z)-y', z: 'x*y-z*2.6666666666666665' },
})
const n = 100000
const Y0 = ndarray(
  Float64Array.from({ length: n * 3 }, (_, k) => 1 + (k % 3) + 1e-5 * k),
  [n, 3],
)
const cpu = () => {
  const u = process.cpuUsage()
  return (u.user + u.system) / 1000
}
for (const f of [lorenz, lorenzc])
  for (const precision of ['double', 'single'] as const)
    for (const N of [1, 200, 1000]) {
      const ts: number[] = []
      for (let k = 0; k < 9; k++) {
        const t = cpu()
        await ensemble(f, Y0, [0, N * 0.005], { method: rk4, step: 0.005, backend: 'wasm', precision })
        ts.push(cpu() - t)
      }
      ts.sort((a, b) => a - b)
      console.log(
        precision,
        N,
        ts[0]!.toFixed(1),
        ts[4]!.toFixed(1),
        'ms',
        ((ts[0]! * 1e6) / n / N).toFixed(2),
        ((ts[4]! * 1e6) / n / N).toFixed(2),
      )
    }
