import { adam, cosineRate, datasetLoss, fit, squaredError } from '@separatrix/adjoint'
import { type Field, network, system } from '@separatrix/field'
import { linearize, lyap, quadratic, vanDerPol } from '@separatrix/lyapunov'
import { solve, tsit5 } from '@separatrix/ode'

/** Van der Pol's oscillator backwards on the domain of LyZNet's case. */
export const oscillator = vanDerPol()
export const oscillatorDomain = [
  [-2.5, 2.5],
  [-3.5, 3.5],
] as const

/** The oscillator with z' = |x|², whose limit Zubov's function is made of. */
const augmented = system({
  state: ['x', 'y', 'z'],
  dynamics: { x: '-y', y: 'x - (1 - x^2)*y', z: 'x^2 + y^2' },
})

/** tanh(0.1·∫|x|²dt) along the solution from a point, and 1 where it runs away. */
function zubov(x: number, y: number): number {
  const { y: path, status } = solve(augmented, [x, y, 0], [0, 40], {
    method: tsit5,
    rtol: 1e-7,
    atol: 1e-9,
    maxSteps: 5000,
  })
  const last = path.shape[0] - 1
  const isSettled = status === 'success' && Math.hypot(path.get(last, 0), path.get(last, 1)) < 1e-2
  return isSettled ? Math.tanh(0.1 * path.get(last, 2)) : 1
}

/**
 * A network 2-30-30-1 in the place of LyZNet's (Liu, Meng, Fitzsimmons & Zhou, HSCC 2024: two hidden layers of 30 tanh,
 * where dReal took 973 s for its two levels): Zubov's function of the same oscillator, learnt from its values on a grid.
 */
export async function neuralCandidate(): Promise<Field> {
  const counts = 61
  const rows = Array.from({ length: counts ** 2 }, (_, k) => {
    const [x, y] = oscillatorDomain.map(
      ([lo, hi], i) => lo + ((hi - lo) * (i === 0 ? k % counts : Math.floor(k / counts))) / (counts - 1),
    ) as [number, number]
    return [x, y, zubov(x, y)]
  })
  const { field } = await fit({
    field: network({ widths: [2, 30, 30, 1], activation: 'tanh', seed: 1, name: 'zubov' }),
    loss: datasetLoss({ rows, cost: squaredError, batch: 512 }),
    optimizer: adam({ rate: cosineRate({ rate: 1e-2, steps: 20000 }) }),
    steps: 20000,
    seed: 1,
    backend: 'wasm',
  })
  return field
}

/**
 * Pendula in a row, each damped and coupled to its neighbours by springs, 2·count states, with the quadratic V that
 * solves AᵀP + PA + I = 0 for the linear part.
 */
export function coupledPendula(count: number): { readonly field: Field; readonly V: Field } {
  const names = Array.from({ length: count }, (_, i) => i + 1)
  const dynamics = Object.fromEntries(
    names.flatMap((i) => {
      const others = [i - 1, i + 1].filter((j) => j >= 1 && j <= count).map((j) => `+ 0.3*(q${j} - q${i})`)
      return [
        [`q${i}`, `p${i}`],
        [`p${i}`, `-sin(q${i}) - 0.8*p${i} ${others.join(' ')}`],
      ]
    }),
  )
  const field = system({ state: names.flatMap((i) => [`q${i}`, `p${i}`]), dynamics, name: 'pendula' })
  const { A } = linearize(field)
  const n = field.stateSize
  const transposed = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_v, j) => A.get(j, i)))
  const Q = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_v, j) => Number(i === j)))
  return { field, V: quadratic(lyap(transposed, Q)) }
}
