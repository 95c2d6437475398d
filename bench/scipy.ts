import { execFileSync } from 'node:child_process'
import type { WorkPoint } from './harness.js'

const script = `
import json, sys, time
try:
    from scipy.integrate import solve_ivp
except ImportError:
    print('null')
    sys.exit()
reference = json.loads(sys.argv[1])
f = lambda t, y: [10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - 8 / 3 * y[2]]
points = []
for tol in [1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10]:
    best = float('inf')
    for _ in range(5):
        start = time.process_time_ns()
        s = solve_ivp(f, [0, 10], [1, 0, 0], method='DOP853', rtol=tol, atol=tol)
        best = min(best, time.process_time_ns() - start)
    points.append({'error': float(max(abs(a - b) for a, b in zip(s.y[:, -1], reference))), 'time': best})
print(json.dumps(points))
`

/** Lorenz to t = 10 by scipy's DOP853; undefined where python3 has no scipy. */
export function scipyLorenz(reference: ArrayLike<number>): WorkPoint[] | undefined {
  try {
    const printed = execFileSync('python3', ['-c', script, JSON.stringify(Array.from(reference))], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return (JSON.parse(printed) as WorkPoint[] | null) ?? undefined
  } catch {
    return undefined
  }
}
