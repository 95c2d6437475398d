import { misuse } from '@separatrix/field/core'
import { factorize, solveFactored } from '@separatrix/ode'

/** (I − γJ) x = b and its transpose, for a block J of a Jacobian. */
export interface LinearSystem {
  /** `J` is n × n, row-major; the block is that of `rows` (also the columns) */
  set(J: Float64Array, gamma: number): void
  solve(b: Float64Array): void
  solveTransposed(b: Float64Array): void
}

/** The systems of implicit steps, restricted to some components; the right-hand side has their number. */
export function linearSystem(n: number, rows: ArrayLike<number>): LinearSystem {
  const size = rows.length
  const direct = new Float64Array(size * size)
  const transposed = new Float64Array(size * size)
  const [pivots, pivotsTransposed] = [new Int32Array(size), new Int32Array(size)]
  return {
    set(J, gamma) {
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++) {
          const v = (i === j ? 1 : 0) - gamma * J[rows[i] * n + rows[j]]
          direct[i * size + j] = v
          transposed[j * size + i] = v
        }
      if (factorize(direct, size, pivots) && factorize(transposed, size, pivotsTransposed)) return
      throw misuse({
        where: 'sensitivity',
        expected: 'implicit steps whose equations are regular',
        got: 'a singular matrix I − γJ',
        try: 'a smaller step',
        code: 'singular-step',
      })
    },
    solve: (b) => solveFactored(direct, size, pivots, b),
    solveTransposed: (b) => solveFactored(transposed, size, pivotsTransposed, b),
  }
}
