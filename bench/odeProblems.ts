import { Builder, type Field, makeField, system } from '@separatrix/field'

/** A problem of the comparison: as a field for us, and as a plain function for everybody. */
export interface BenchProblem {
  readonly name: string
  readonly field: Field | undefined
  /** writes the derivative */
  readonly f: (t: number, y: ArrayLike<number>, d: Float64Array) => void
  readonly y0: readonly number[]
  readonly end: number
  /** error at which solvers are compared */
  readonly error: number
}

const text = (name: string, dynamics: Record<string, string>): Field =>
  system({ name, state: Object.keys(dynamics), dynamics })

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

const lorenz96 = (n: number): Record<string, string> =>
  Object.fromEntries(
    range(n).map((i) => {
      const x = (k: number) => `x${(i + k + n) % n}`
      return [`x${i}`, `(${x(1)} - ${x(-2)})*${x(-1)} - ${x(0)} + 8`]
    }),
  )

/** Heat on a line between two cold ends, equation by equation. */
const diffusion = (n: number): Record<string, string> =>
  Object.fromEntries(
    range(n).map((i) => {
      const [left, right] = [i === 0 ? '' : `y${i - 1} `, i === n - 1 ? '' : ` + y${i + 1}`]
      return [`y${i}`, `${left}- 2*y${i}${right}`]
    }),
  )

/** The same as operations on vectors. */
export function diffusionOfVectors(n: number): Field {
  const b = new Builder()
  const y = b.leaf('state', n)
  const left = b.concat([b.constant(0), b.gather(y, range(n - 1))])
  const right = b.concat([
    b.gather(
      y,
      range(n - 1).map((i) => i + 1),
    ),
    b.constant(0),
  ])
  return makeField(b, b.add(b.sub(left, b.mul(b.constant(2), y)), right), {
    name: 'diffusion',
    stateNames: range(n).map((i) => `y${i}`),
    inputNames: [],
    theta: new Float64Array(0),
    layout: [],
  })
}

export const problems: readonly BenchProblem[] = [
  {
    name: 'Lorenz',
    field: text('lorenz', { x: '10*(y-x)', y: 'x*(28-z)-y', z: 'x*y-8/3*z' }),
    f: (_t, y, d) => {
      d[0] = 10 * (y[1] - y[0])
      d[1] = y[0] * (28 - y[2]) - y[1]
      d[2] = y[0] * y[1] - (8 / 3) * y[2]
    },
    y0: [1, 0, 0],
    end: 10,
    error: 1e-5,
  },
  {
    name: 'Kepler e = .6',
    field: text('kepler', { x: 'u', y: 'v', u: '-x/(x^2+y^2)^1.5', v: '-y/(x^2+y^2)^1.5' }),
    f: (_t, y, d) => {
      const r2 = y[0] * y[0] + y[1] * y[1]
      const w = -1 / (r2 * Math.sqrt(r2))
      d[0] = y[2]
      d[1] = y[3]
      d[2] = w * y[0]
      d[3] = w * y[1]
    },
    y0: [0.4, 0, 0, 2],
    end: 20,
    error: 1e-6,
  },
  {
    name: 'Pleiades',
    field: undefined,
    f: (_t, y, d) => {
      for (let i = 0; i < 7; i++) {
        let [u, v] = [0, 0]
        for (let j = 0; j < 7; j++) {
          if (i === j) continue
          const [dx, dy] = [y[j] - y[i], y[7 + j] - y[7 + i]]
          const r2 = dx * dx + dy * dy
          const w = (j + 1) / (r2 * Math.sqrt(r2))
          u += w * dx
          v += w * dy
        }
        d[i] = y[14 + i]
        d[7 + i] = y[21 + i]
        d[14 + i] = u
        d[21 + i] = v
      }
    },
    y0: [3, 3, -1, -3, 2, -2, 2, 3, -3, 2, 0, 0, -4, 4, 0, 0, 0, 0, 0, 1.75, -1.5, 0, 0, 0, -1.25, 1, 0, 0],
    end: 3,
    error: 1e-6,
  },
  {
    name: 'Arenstorf',
    field: system({
      name: 'arenstorf',
      state: ['x', 'y', 'u', 'v'],
      params: { m: 0.012277471 },
      dynamics: {
        x: 'u',
        y: 'v',
        u: 'x + 2*v - (1-m)*(x+m)/((x+m)^2 + y^2)^1.5 - m*(x-(1-m))/((x-(1-m))^2 + y^2)^1.5',
        v: 'y - 2*u - (1-m)*y/((x+m)^2 + y^2)^1.5 - m*y/((x-(1-m))^2 + y^2)^1.5',
      },
    }),
    f: (_t, y, d) => {
      const m = 0.012277471
      const [a, b] = [y[0] + m, y[0] - (1 - m)]
      const [r, s] = [a * a + y[1] * y[1], b * b + y[1] * y[1]]
      const [p, q] = [(1 - m) / (r * Math.sqrt(r)), m / (s * Math.sqrt(s))]
      d[0] = y[2]
      d[1] = y[3]
      d[2] = y[0] + 2 * y[3] - p * a - q * b
      d[3] = y[1] - 2 * y[2] - (p + q) * y[1]
    },
    y0: [0.994, 0, 0, -2.0015851063790824],
    end: 17.065216560157964,
    error: 1e-4,
  },
  {
    name: 'Brusselator',
    field: text('brusselator', { u: '1 + u^2*v - 4*u', v: '3*u - u^2*v' }),
    f: (_t, y, d) => {
      const w = y[0] * y[0] * y[1]
      d[0] = 1 + w - 4 * y[0]
      d[1] = 3 * y[0] - w
    },
    y0: [1.5, 3],
    end: 20,
    error: 1e-6,
  },
  {
    name: 'Lotka–Volterra',
    field: text('lotkaVolterra', { u: '1.5*u - u*v', v: '-3*v + u*v' }),
    f: (_t, y, d) => {
      d[0] = 1.5 * y[0] - y[0] * y[1]
      d[1] = -3 * y[1] + y[0] * y[1]
    },
    y0: [1, 1],
    end: 10,
    error: 1e-6,
  },
  {
    name: 'Lorenz 96, n = 20',
    field: text('lorenz96', lorenz96(20)),
    f: (_t, y, d) => {
      for (let i = 0; i < 20; i++) d[i] = (y[(i + 1) % 20] - y[(i + 18) % 20]) * y[(i + 19) % 20] - y[i] + 8
    },
    y0: range(20).map((i) => (i === 0 ? 8.01 : 8)),
    end: 3,
    error: 1e-4,
  },
  {
    name: 'diffusion, n = 1000',
    field: text('diffusion', diffusion(1000)),
    f: (_t, y, d) => {
      d[0] = y[1] - 2 * y[0]
      for (let i = 1; i < 999; i++) d[i] = y[i - 1] - 2 * y[i] + y[i + 1]
      d[999] = y[998] - 2 * y[999]
    },
    y0: range(1000).map((i) => Math.sin(0.01 * i)),
    end: 10,
    error: 1e-6,
  },
]
