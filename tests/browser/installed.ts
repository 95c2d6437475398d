// The built packages in a page, through the one import that most people write.
import { checkCertificate, ensemble, rk4, solve, system, tsit5 } from 'separatrix'
import { type Outcome, outcomeOf, within } from './outcome.js'

const swing = system({ state: ['q', 'p'], dynamics: { q: 'p', p: '-q' } })

async function installed(): Promise<Outcome[]> {
  return [
    await outcomeOf('solve', async () => {
      const { y } = solve(swing, [1, 0], [0, Math.PI], { method: tsit5, rtol: 1e-10, atol: 1e-10 })
      return within(Math.abs(y.get(y.shape[0]! - 1, 0) + 1), 1e-8)
    }),
    await outcomeOf('ensemble on threads', async () => {
      const options = { method: rk4, step: 1e-3, backend: 'threads', threads: 2 } as const
      const { y } = await ensemble(swing, [[1, 0]], [0, Math.PI], options)
      // h⁴/120 an unit of time
      return within(Math.abs(y.get(0, 0, 0) + 1), 1e-12)
    }),
    await outcomeOf('checkCertificate', async () => {
      const { certificates } = (await (await fetch('/given.json')).json()) as {
        certificates: Record<string, string>
      }
      const { valid, reason } = checkCertificate(certificates['vanDerPol'] as string)
      if (!valid) throw new Error(reason)
      return 'valid'
    }),
  ]
}

Object.assign(globalThis, { sections: { installed } })
