import { execFileSync } from 'node:child_process'
import { auto, kvaerno5, type Method, radau5, rodas4, rodas5p, solve } from '@separatrix/ode'
import {
  relativeError,
  type StiffName,
  type StiffProblem,
  stiffProblems,
} from '../tests/ode/stiffProblems.js'
import { processorTime, type Row, report, timeAt, type WorkPoint } from './harness.js'

const methods = { rodas4, rodas5p, kvaerno5, radau5, auto: auto() } as const satisfies Record<string, Method>
const names = Object.keys(stiffProblems) as StiffName[]
const tolerances = [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8]

/** Largest relative error of a component at the end, at which times are compared. */
const compared = 1e-5

interface StiffPoint extends WorkPoint {
  readonly jacobians: number
  readonly factorisations: number
}

/** Stiff methods on Hairer and Wanner's problems: work against error, and against scipy's at equal error. */
export async function bench(): Promise<boolean> {
  const rows: Row[] = []
  const peers = scipy()
  const curves: Record<string, Record<string, readonly WorkPoint[]>> = {}
  for (const name of names) {
    const own = Object.fromEntries(
      Object.entries(methods).map(([key, m]) => [key, curve(stiffProblems[name], m)]),
    )
    curves[name] = { ...own, ...peers?.[name] }
    const timesOf = (all: Record<string, readonly WorkPoint[]>) =>
      Object.entries(all)
        .map(([key, points]) => ({ key, time: timeAt(compared, points) }))
        .filter(({ time }) => time > 0)
        .sort((a, b) => a.time - b.time)
    for (const { key, time } of timesOf(own))
      rows.push({ figure: `${name} to ${compared}: ${key}`, value: time / 1e6, unit: 'ms' })
    const [best, peer] = [timesOf(own)[0], timesOf(peers?.[name] ?? {})[0]]
    if (best !== undefined && peer !== undefined)
      rows.push({
        figure: `${name} to ${compared}: scipy's best over ours`,
        value: peer.time / best.time,
        unit: '×',
        goal: { least: 5 },
        note: `${peer.key}, ${best.key}`,
      })
  }
  return report('stiff', rows, { curves })
}

function curve({ field, y0, end, atol, reference }: StiffProblem, method: Method): StiffPoint[] {
  return tolerances.map((rtol) => {
    const job = () => solve(field, y0, [0, end], { method, rtol, atol: atol(rtol), saveAt: 'end' })
    for (let i = 0; i < 20; i++) job()
    const { y, stats } = job()
    const error = relativeError(y.data, { field, y0, end, atol, reference })
    const time = Math.min(...[1, 2, 3, 4, 5].map(() => processorTime(job)))
    return { error, time, jacobians: stats.jacobians, factorisations: stats.factorisations }
  })
}

const script = `
import json, sys, time
try:
    import numpy as np
    from scipy.integrate import solve_ivp
except ImportError:
    print('null')
    sys.exit()
def robertson(t, y):
    a, b, c = y
    r = 1e4 * b * c; q = 3e7 * b * b
    return [-.04 * a + r, .04 * a - r - q, q]
def vanDerPol(t, y):
    return [y[1], 1e6 * ((1 - y[0] * y[0]) * y[1] - y[0])]
def hires(t, y):
    a, b, c, d, e, f, g, h = y
    k = 280 * f * h
    return [-1.71*a + .43*b + 8.32*c + .0007, 1.71*a - 8.75*b, -10.03*c + .43*d + .035*e, 8.32*b + 1.71*c - 1.12*d,
            -1.745*e + .43*f + .43*g, -k + .69*d + 1.71*e - .43*f + .69*g, k - 1.81*g, -k + 1.81*g]
def oregonator(t, y):
    a, b, c = y
    return [77.27 * (b + a * (1 - 8.375e-6 * a - b)), (c - (1 + a) * b) / 77.27, .161 * (a - c)]
fields = dict(robertson=robertson, vanDerPol=vanDerPol, hires=hires, oregonator=oregonator)
out = {}
for name, p in json.loads(sys.argv[1]).items():
    out[name] = {}
    for method in ['Radau', 'BDF', 'LSODA']:
        points = []
        for rtol, atol in zip(p['rtol'], p['atol']):
            best = float('inf')
            for _ in range(2):
                start = time.process_time_ns()
                s = solve_ivp(fields[name], [0, p['end']], p['y0'], method=method, rtol=rtol, atol=atol)
                best = min(best, time.process_time_ns() - start)
            error = float(max(abs((a - b) / b) for a, b in zip(s.y[:, -1], p['reference'])))
            points.append({'error': error, 'time': best})
        out[name][method] = points
print(json.dumps(out))
`

/** The same by scipy, whose right-hand sides are Python; undefined where python3 has no scipy. */
function scipy(): Record<StiffName, Record<string, WorkPoint[]>> | undefined {
  const jobs = Object.fromEntries(
    names.map((name) => {
      const { y0, end, reference, atol } = stiffProblems[name]
      return [name, { y0, end, reference, rtol: tolerances, atol: tolerances.map(atol) }]
    }),
  )
  try {
    const printed = execFileSync('python3', ['-c', script, JSON.stringify(jobs)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return (JSON.parse(printed) as Record<StiffName, Record<string, WorkPoint[]>> | null) ?? undefined
  } catch {
    return undefined
  }
}
