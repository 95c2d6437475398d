// Fields that every reading is tried on: small systems, a network, and one that uses every operation.
import {
  augment,
  Builder,
  closeLoop,
  compose,
  expression,
  type Field,
  makeField,
  network,
  system,
} from '@separatrix/field'

export const lorenz = system({
  name: 'lorenz',
  state: ['x', 'y', 'z'],
  params: { sigma: 10, rho: 28, beta: 8 / 3 },
  dynamics: { x: 'sigma*(y - x)', y: 'x*(rho - z) - y', z: 'x*y - beta*z' },
})

export const kepler = system({
  name: 'kepler',
  state: ['q1', 'q2', 'p1', 'p2'],
  dynamics: { q1: 'p1', q2: 'p2', p1: '-q1/(q1^2 + q2^2)^1.5', p2: '-q2/(q1^2 + q2^2)^1.5' },
})

export const vanDerPol = system({
  name: 'vanDerPol',
  state: ['x', 'y'],
  dynamics: { x: '-y', y: 'x - (1 - x^2)*y' },
})

export const pendulum = system({
  name: 'pendulum',
  state: ['theta', 'omega'],
  input: ['u'],
  params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
  dynamics: { theta: 'omega', omega: '(g/l) * sin(theta) - b/(m*l^2) * omega + u/(m*l^2)' },
})

export const controller = network({ widths: [2, 8, 1], activation: 'tanh', seed: 3 })

/** Every elementwise operation, each kept inside its domain for states in (0.1, 1). */
export const everything = system({
  name: 'everything',
  state: ['x', 'y', 'z'],
  params: { a: 1.3, c: 0.7 },
  dynamics: {
    x: 'sqrt(x) + exp(-y) * log(1 + z) + sin(a*x) - cos(y*z) / (2 + tan(x/2)) + atan(x - y) + atan2(y, x) + t*x',
    y: 'sinh(x) - cosh(y/2) + tanh(3*z) + sigmoid(x*y) * softplus(z - x) + relu(x - y) + abs(y - z) + sign(z - 2) + pow(x, c)',
    z: 'min(x, y, 2*z) + max(x*y, z) - x^3 + y^-2 + (x + y)^2.5 + log(x, 3) - square(z) * cube(y) + x^y',
  },
})

/** The vector operations, composed so that each has a nonzero derivative in state and θ. */
export const vectorOperations: Field = (() => {
  const b = new Builder()
  const x = b.leaf('state', 3)
  const theta = b.leaf('theta', 12)
  const weight = b.gather(theta, [0, 1, 2, 3, 4, 5])
  const bias = b.gather(theta, [6, 7])
  const h = b.unary('tanh', b.affine(weight, x, bias, 2, 3))
  const back = b.matvec(b.gather(theta, [5, 4, 3, 2, 1, 0]), h, 2, 3, true)
  const outer = b.outer(b.gather(theta, [8, 9]), x)
  const spread = b.scatter(b.gather(x, [2, 0]), [1, 1], 3)
  const mixed = b.add(b.add(back, spread), b.gather(outer, [0, 2, 5]))
  const scaled = b.mul(mixed, b.dot(x, back))
  const all = b.concat([scaled, b.sum(b.powi(x, 3)), b.matvec(weight, b.mul(x, x), 2, 3)])
  const values = Float64Array.from({ length: 12 }, (_, i) => Math.sin(1 + i))
  return makeField(b, all, {
    name: 'vectorOperations',
    stateNames: ['x1', 'x2', 'x3'],
    inputNames: [],
    theta: values,
    layout: [{ name: 'all', offset: 0, shape: [12], kind: 'weight' }],
  })
})()

export const closedLoop = closeLoop(pendulum, controller)

/** All of the above that need no input. */
export const closedFields: readonly Field[] = [
  lorenz,
  kepler,
  vanDerPol,
  closedLoop,
  everything,
  vectorOperations,
  network({ widths: [2, 64, 64, 2], activation: 'softplus', seed: 5 }),
  network({ widths: [3, 16, 2], activation: 'swish', seed: 6, bias: false }),
  compose(expression('x1^2 + sin(x2)', ['x1', 'x2']), vanDerPol),
  augment(vanDerPol, 2),
]

/** A state at which every field above is smooth. */
export const samplePoint = (n: number, shift = 0) =>
  Float64Array.from({ length: n }, (_, i) => 0.31 + 0.17 * i + 0.05 * shift)
