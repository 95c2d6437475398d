import { expression, system } from '@separatrix/field'
import { certify, invariantSet, reachAvoidStay, type SetShape, type Verdict } from '@separatrix/lyapunov'
import type { Claim } from './claim.js'

const x = ['x'] as const
const xy = ['x', 'y'] as const
const xyz = ['x', 'y', 'z'] as const
const line = (f: string, input: readonly string[] = []) => system({ state: x, input, dynamics: { x: f } })
const plane = (f: string, g: string, input: readonly string[] = []) =>
  system({ state: xy, input, dynamics: { x: f, y: g } })
const space = (f: string, g: string, h: string, params = {}) =>
  system({ state: xyz, params, dynamics: { x: f, y: g, z: h } })
const square = expression('x^2 + y^2', xy)
const box = (...halves: number[]) => halves.map((h) => [-h, h] as const)

/** A true claim that must be proved, or what an outsider may hear of a false one. */
function claim(
  kind: string,
  name: string,
  expected: Verdict['kind'],
  verdict: () => Verdict,
  says?: RegExp,
): Claim {
  return { kind, name, isTrue: expected === 'proved', expected, verdict, ...(says && { says }) }
}

// κ* of V = xᵀPx under x' = Ax is the least eigenvalue of −(AᵀP + PA) against P
const spiral = plane('-x + y', '-x - y')
const skewed = plane('y', '-2*x - 3*y') // eigenvalues −1 and −2
const skewedV = expression('1.25*x^2 + 0.5*x*y + 0.25*y^2', xy) // AᵀP + PA = −I
const skewedRate = 2 * (1.5 - Math.sqrt(1.5 ** 2 - 1)) // det(I − κP) = κ²/4 − 3κ/2 + 1 = 0

const rates: readonly Claim[] = (
  [
    ["x' = −x, V = x²", line('-x'), expression('x^2', x), 2, box(2)],
    ['a spiral in a circle', spiral, square, 2, box(2, 2)],
    ["a node with its solution of Lyapunov's equation", skewed, skewedV, skewedRate, box(2, 3)],
  ] as const
).flatMap(([name, field, V, fastest, domain]) =>
  (
    [
      [0.999, 'proved'],
      [1.001, 'refuted'],
    ] as const
  ).map(([share, kind]) =>
    claim('rates', `${name} at ${share} of its rate`, kind, () =>
      certify({ field, V, domain, level: 0.5, rate: share * fastest }),
    ),
  ),
)

const everywhere =
  (field: ReturnType<typeof system>, V: ReturnType<typeof expression>, rate?: number) => () =>
    certify({ field, V, property: 'global-asymptotic-stability', ...(rate && { rate }) })
const lorenz = (rho: number) => space('10*(y - x)', 'r*x - y - x*z', 'x*y - 8/3*z', { r: rho })
const lorenzV = expression('x^2 + 10*y^2 + 10*z^2', xyz)
const poly1 = space('-x^3 - x*z^2', '-y - x^2*y', '-4*z + 3*x^2*z')

const globalClaims: readonly Claim[] = [
  claim('global', 'FOSSIL, Poly1', 'proved', everywhere(poly1, expression('4*x^2 + y^2 + z^2', xyz))),
  claim('global', 'FOSSIL, Poly1 with weights that do not cancel', 'unknown', everywhere(poly1, expression('0.1*x^2 + y^2 + 9*z^2', xyz))),
  claim('global', 'FOSSIL, Poly2', 'proved', everywhere(plane('-x^3 + y', '-x - y'), square)),
  claim('global', 'FOSSIL, Poly3', 'proved', everywhere(plane('-x^3 - y^2', 'x*y - y^3'), square)),
  claim('global', 'Lorenz at ρ = 0.999: V̇ is definite where ρ < 1', 'proved', everywhere(lorenz(0.999), lorenzV)),
  claim('global', 'Lorenz at ρ = 1.001, where the wings are born', 'unknown', everywhere(lorenz(1.001), lorenzV)),
  claim('global', 'Van der Pol, which has a limit cycle', 'unknown', everywhere(plane('-y', 'x - (1 - x^2)*y'), square)),
  claim('global', 'V that is bounded along y = x', 'unknown', everywhere(plane('-x', '-y'), expression('(x - y)^2', xy))),
  claim('global', 'a cubic spring without friction', 'unknown', everywhere(plane('y', '-x^3'), expression('x^4/2 + y^2', xy))),
  claim('global', 'x\' = −x − x³ at the rate 2', 'proved', everywhere(line('-x - x^3'), expression('x^2', x), 1.999)),
  claim('global', 'x\' = −x − x³ at the rate 2.001', 'unknown', everywhere(line('-x - x^3'), expression('x^2', x), 2.001)),
] // biome-ignore format: one claim a line

const stable =
  (
    field: ReturnType<typeof system>,
    V: ReturnType<typeof expression>,
    domain: readonly (readonly [number, number])[],
    level: number,
  ) =>
  () =>
    certify({ field, V, domain, level, property: 'stability' })
const energy = expression('0.5*y^2 + 1 - cos(x)', xy)
const duffingEnergy = expression('0.5*y^2 + 0.5*x^2 - 0.25*x^4', xy)

const stability: readonly Claim[] = [
  claim('LaSalle', 'a pendulum with friction below its saddle', 'proved', stable(plane('y', '-sin(x) - 0.1*y'), energy, box(3.1, 3), 1.99)),
  claim('LaSalle', 'a pendulum with friction beyond its saddle', 'unknown', stable(plane('y', '-sin(x) - 0.1*y'), energy, box(3.5, 3), 2.001)),
  claim('LaSalle', 'a pendulum that is pushed', 'refuted', stable(plane('y', '-sin(x) + 0.1*y'), energy, box(3.1, 3), 1)),
  claim('LaSalle', 'a pendulum with friction of third order', 'proved', stable(plane('y', '-sin(x) - y^3'), energy, box(3.1, 3), 1.5)),
  claim('LaSalle', 'Duffing below its saddles, V = 1/4 there', 'proved', stable(plane('y', '-x + x^3 - 0.3*y'), duffingEnergy, box(1, 2), 0.2499)),
  claim('LaSalle', 'Duffing beyond its saddles', 'unknown', stable(plane('y', '-x + x^3 - 0.3*y'), duffingEnergy, box(1.2, 2), 0.2501)),
  claim('LaSalle', 'a centre', 'proved', stable(plane('y', '-x'), square, box(2, 2), 3.99)),
  claim('LaSalle', 'a saddle with an indefinite V', 'unknown', stable(plane('-x', 'y'), expression('x^2 - y^2', xy), box(1, 1), 0.5)),
  claim('asked too much', 'a centre is not attractive', 'unknown', () => certify({ field: plane('y', '-x'), V: square, domain: box(2, 2), level: 1 }), /origin/),
  claim('asked too much', 'V̇ ≤ 0 is not V̇ < 0', 'unknown', () => certify({ field: plane('y', '-x - y'), V: square, domain: box(2, 2), level: 1 }), /origin/),
] // biome-ignore format: one claim a line

const barrier =
  (
    field: ReturnType<typeof system>,
    text: string,
    domain: readonly (readonly [number, number])[],
    more = {},
  ) =>
  () =>
    invariantSet({ field, barrier: expression(text, field.stateNames), domain, ...more })
const shape = (field: ReturnType<typeof system>, set: SetShape) => () => invariantSet({ field, set })
const vortex = plane('x*(1 - x^2 - y^2) - y', 'y*(1 - x^2 - y^2) + x')
const chaos = space('10*(y - x)', '28*x - y - x*z', 'x*y - 8/3*z')
const toggle = plane('3/(1 + y^2) - x', '3/(1 + x^2) - y')
const epidemic = space('0.1 - 2*x*y - 0.1*x', '2*x*y - 0.5*y - 0.1*y', '0.5*y - 0.1*z')
const vanDerPol = '2.304477565 - (1.5*x^2 - x*y + y^2)'

const sets: readonly Claim[] = [
  claim('sets', 'a ring about a limit cycle', 'proved', barrier(vortex, '(x^2 + y^2 - 0.5)*(1.5 - x^2 - y^2)', box(1.5, 1.5))),
  claim('sets', 'a ring beside a limit cycle', 'refuted', barrier(vortex, '(x^2 + y^2 - 1.1)*(1.5 - x^2 - y^2)', box(1.5, 1.5))),
  claim('sets', 'a disc that the cycle leaves', 'refuted', barrier(vortex, '0.9 - x^2 - y^2', box(1.5, 1.5))),
  claim('sets', 'Van der Pol below c*', 'proved', barrier(plane('-y', 'x - (1 - x^2)*y'), `0.999*${vanDerPol}`, box(2.5, 3.5))),
  claim('sets', 'Van der Pol above the critical level', 'refuted', barrier(plane('-y', 'x - (1 - x^2)*y'), '3 - (1.5*x^2 - x*y + y^2)', box(2.5, 3.5))),
  claim('sets', 'Lorenz within an ellipsoid', 'proved', barrier(chaos, '80^2 - 28*x^2 - 10*y^2 - 10*(z - 56)^2 + 40000', [[-45, 45], [-80, 80], [-20, 130]])),
  claim('sets', 'Lorenz within a ball that is too small', 'refuted', barrier(chaos, '20^2 - x^2 - y^2 - (z - 25)^2', [[-30, 30], [-30, 30], [0, 50]])),
  claim('sets', 'a gene toggle in its box', 'proved', shape(toggle, { kind: 'box', sides: [[0, 3.003], [0, 3.003]] })),
  claim('sets', 'a gene toggle in a box that is too small', 'refuted', shape(toggle, { kind: 'box', sides: [[0, 2.997], [0, 2.997]] })),
  claim('sets', 'an epidemic with births on its simplex', 'proved', shape(space('0.1 - 2*x*y - 0.1*x + 0*z', '2*x*y - 0.6*y', '0.5*y - 0.1*z'), { kind: 'simplex', isFilled: true })),
  claim('sets', 'an epidemic with more births than deaths', 'unknown', shape(space('0.2 - 2*x*y - 0.1*x', '2*x*y - 0.6*y', '0.5*y - 0.1*z'), { kind: 'simplex', isFilled: true })),
  claim('sets', 'an epidemic in a box', 'refuted', shape(epidemic, { kind: 'box', sides: [[0, 1], [0, 2], [0, 10]] })),
  claim('sets', 'replicators on their simplex', 'proved', shape(space('x*(y - z)', 'y*(z - x)', 'z*(x - y)'), { kind: 'simplex' })),
  claim('sets', 'a leaky consensus in a box', 'proved', shape(space('y + z - 2.1*x', 'x + z - 2.1*y', 'x + y - 2.1*z'), { kind: 'box', sides: [[-1, 1], [-1, 1], [-1, 1]] })),
  claim('sets', 'repulsion in a box', 'refuted', shape(space('2*x - y - z', '2*y - x - z', '2*z - x - y'), { kind: 'box', sides: [[-1, 1], [-1, 1], [-1, 1]] })),
  claim('sets', 'competing species in a box', 'proved', shape(plane('x*(1 - x - 0.5*y)', 'y*(1 - y - 0.5*x)'), { kind: 'box', sides: [[0, 1.5], [0, 1.5]] })),
  claim('sets', 'cooperating species in the same box', 'refuted', shape(plane('x*(1 - x + 0.5*y)', 'y*(1 - y + 0.5*x)'), { kind: 'box', sides: [[0, 1.5], [0, 1.5]] })),
  claim('sets', 'a disturbed line: |d| ≤ 0.99 keeps [−1, 1]', 'proved', barrier(line('-x + d', ['d']), '1 - x^2', box(2), { disturbance: { d: [-0.99, 0.99] } })),
  claim('sets', 'a disturbed line: |d| ≤ 1.01 does not', 'refuted', barrier(line('-x + d', ['d']), '1 - x^2', box(2), { disturbance: { d: [-1.01, 1.01] } })),
  claim('sets', 'no network on a clamp: saturated too low', 'refuted', barrier(line('x - clamp(3*x, -0.9, 0.9)'), '1 - x^2', box(2))),
  claim('sets', 'saturated high enough', 'proved', barrier(line('x - clamp(3*x, -1.1, 1.1)'), '1 - x^2', box(2))),
] // biome-ignore format: one claim a line

const disturbed = plane('-x + d', '-y + w', ['d', 'w'])
const bounded = { d: [-0.3, 0.3], w: [-0.3, 0.3] } as const
const reach =
  (inner: number, more = {}) =>
  () =>
    reachAvoidStay({
      field: disturbed,
      V: square,
      domain: box(2, 2),
      level: 3,
      inner,
      disturbance: bounded,
      ...more,
    })

const reaching: readonly Claim[] = [
  claim('reach, avoid, stay', '|d|, |w| ≤ 0.3 leave |x|² ≤ 0.1801', 'proved', reach(0.1801)),
  claim('reach, avoid, stay', 'and not |x|² ≤ 0.1799', 'refuted', reach(0.1799)),
  claim('reach, avoid, stay', 'the way from a box to a box beside an obstacle', 'proved', reach(0.2, { initial: box(1, 1), goal: box(0.45, 0.45), avoid: [[[1.3, 2], [1.3, 2]]] })),
  claim('reach, avoid, stay', 'an obstacle that the set meets', 'unknown', reach(0.2, { avoid: [[[1.2, 2], [1.2, 2]]] }), /avoid/),
  claim('reach, avoid, stay', 'a goal that is too small', 'unknown', reach(0.2, { goal: box(0.44, 0.44) }), /goal/),
  claim('reach, avoid, stay', 'a start that is too large', 'unknown', reach(0.2, { initial: box(1.3, 1.3) }), /initial/),
  claim('reach, avoid, stay', 'a level that the domain cuts', 'unknown', () => reachAvoidStay({ field: disturbed, V: square, domain: box(1.7, 1.7), level: 3, inner: 0.2, disturbance: bounded }), /boundary of the domain/),
  claim('reach, avoid, stay', 'a limit cycle reached from outside', 'proved', () => reachAvoidStay({ field: vortex, V: square, domain: box(2, 2), level: 3, inner: 1.01 })),
  claim('reach, avoid, stay', 'a limit cycle that never comes within', 'refuted', () => reachAvoidStay({ field: vortex, V: square, domain: box(2, 2), level: 3, inner: 0.99 })),
] // biome-ignore format: one claim a line

const region =
  (
    field: ReturnType<typeof system>,
    V: string,
    level: number,
    domain = box(...field.stateNames.map(() => 1)),
  ) =>
  () =>
    certify({ field, V: expression(V, field.stateNames), domain, level })

const traps: readonly Claim[] = [
  claim('traps', 'a positive feedback', 'refuted', region(line('x'), 'x^2', 0.5)),
  claim('traps', 'growth of 1e-9', 'refuted', region(line('1e-9*x'), 'x^2', 0.5)),
  claim('traps', 'V of the wrong sign', 'refuted', region(line('-x'), '-x^2', 0.5)),
  claim('traps', 'V that is no minimum at 0', 'refuted', region(line('-x'), 'x^2 - x', 0.1)),
  claim('traps', 'V(0) = 1e-12', 'refuted', region(line('-x'), 'x^2 + 1e-12', 0.5), /V\(0\) = 0 is false/),
  claim('traps', 'an equilibrium at 1e-12', 'refuted', region(line('-x + 1e-12'), 'x^2', 0.5), /f\(0\) = 0 is false/),
  claim('traps', 'a second equilibrium at 0.6, no double', 'unknown', region(line('-x*(x - 0.6)^2'), 'x^2', 0.5)),
  claim('traps', 'a second equilibrium between two of 1e-7 width', 'refuted', region(line('-x*(x - 0.6)*(x - 0.6000001)'), 'x^2', 0.5)),
  claim('traps', 'a level set without bound', 'unknown', region(plane('-x', '-y'), 'x^2/(1 + x^2) + y^2', 1.2, box(50, 50)), /boundary of the domain/),
  claim('traps', "Khalil's cubic spring, whose level sets are open", 'refuted', region(plane('y', '-x + x^3/3 - y'), '0.75*x^2 - x^4/12 + 0.5*x*y + 0.5*y^2', 1.1, box(2.5, 3))),
  claim('traps', 'V of ReLU, which has no gradient at 0', 'unknown', region(line('-x'), 'relu(x) + relu(-x)', 0.5)),
  claim('traps', 'a pole within', 'unknown', region(line('-x/(x - 0.5)^2'), 'x^2', 0.5)),
  claim('traps', 'a root that ends within', 'unknown', region(line('-x*sqrt(x + 0.5)'), 'x^2', 0.5)),
  claim('traps', 'a field that jumps at 0', 'unknown', region(line('-sign(x)'), 'x^2', 0.5)),
  claim('traps', 'a field of time', 'unknown', region(line('-x*(1 + sin(t))'), 'x^2', 0.5)),
  claim('traps', 'a degenerate saddle', 'refuted', region(plane('-x^3', 'y^3'), 'x^2 + y^2', 0.5)),
  claim('traps', 'cancellation in 1e17', 'unknown', region(line('-x + (x + 1e17) - 1e17 + 1e-3*x'), 'x^2', 0.5)),
  claim('traps', 'a domain of no size', 'unknown', region(line('-x'), 'x^2', 0.5, [[-1e-300, 1e-300]])),
  claim('traps', 'a hidden spike of width 1e-4', 'refuted', region(line('-x + 2*x*exp(-((x - 0.4142)/1e-4)^2)'), 'x^2', 0.5)),
  claim('traps', 'stable as a flow, not as a map', 'refuted', () => certify({ field: line('-2*x'), V: expression('x^2', x), domain: box(1), level: 0.5, time: 'discrete' })),
  claim('traps', 'stable as a map, not as a flow', 'refuted', () => certify({ field: line('0.5*x'), V: expression('x^2', x), domain: box(1), level: 0.5 })),
  claim('traps', 'a parameter interval that reaches instability', 'refuted', () => certify({ field: system({ state: x, params: { a: 1 }, dynamics: { x: '-a*x' } }), V: expression('x^2', x), domain: box(1), level: 0.5, params: { a: [-0.001, 1] } })),
  claim('traps', 'a disturbance that moves the equilibrium', 'unknown', () => certify({ field: line('-x + d', ['d']), V: expression('x^2', x), domain: box(1), level: 0.5, disturbance: { d: [-1e-6, 1e-6] } })),
] // biome-ignore format: one claim a line

export const propertyClaims: readonly Claim[] = [
  ...rates,
  ...globalClaims,
  ...stability,
  ...sets,
  ...reaching,
  ...traps,
]
