import {
  Builder,
  embed,
  type Field,
  gradient,
  makeField,
  misuse,
  type NetworkOptions,
  network,
} from '@separatrix/field/core'

export interface HamiltonianNetwork {
  /** x′ = J∇H */
  readonly field: Field
  /** H, of the same θ */
  readonly energy: Field
}

/**
 * x′ = J∇H(x) of an energy H on [q; p], J = [[0, I], [−I, 0]]: H is constant along solutions, and volume is kept.
 * @example hamiltonianField(expression('p^2/2 - cos(q)', ['q', 'p'])) // the pendulum
 */
export function hamiltonianField(energy: Field): Field {
  const n = energy.stateSize
  if (energy.outputSize !== 1 || n % 2 !== 0 || n === 0)
    throw misuse({
      where: 'hamiltonianField',
      expected: 'a scalar field of positions and as many momenta',
      got: `R^${n} → R^${energy.outputSize}`,
      try: "expression('p^2/2 - cos(q)', ['q', 'p'])",
      code: 'wrong-dimension',
    })
  const range = (start: number) => Array.from({ length: n / 2 }, (_, i) => start + i)
  const slope = gradient(energy)
  const b = new Builder()
  const all = embed(b, slope)
  const output = b.concat([b.gather(all, range(n / 2)), b.neg(b.gather(all, range(0)))])
  return makeField(b, output, { ...slope, name: `J∇${energy.name}` })
}

/**
 * A Hamiltonian network: the energy is a perceptron on [q; p], the field its J∇H, which {@link trajectoryLoss} trains.
 * Greydanus, Dzamba & Yosinski, NeurIPS 2019, eq. 3. (Their pendulum's published energy error is that of the spring.)
 * @example hamiltonianNetwork({ widths: [2, 32, 1], activation: 'tanh', seed: 0 }).field
 */
export function hamiltonianNetwork(options: NetworkOptions): HamiltonianNetwork {
  const energy = network({ name: 'energy', ...options })
  return { field: hamiltonianField(energy), energy }
}
