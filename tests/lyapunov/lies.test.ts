import { expression, system } from '@separatrix/field'
import { type Field, freeze, toJSON } from '@separatrix/field/core'
import { checkCertificate } from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeCertificate } from '../../packages/lyapunov/src/certify/certificate.js'
import type { Claim } from '../../packages/lyapunov/src/certify/claim.js'

/**
 * Certificates made by hand, in pairs that differ in one lie: the first is true and passes, the second is false and fails.
 * Their bisections are single leaves, which the checker bisects by itself, so that nothing but its own proof can tell.
 */
interface Made {
  readonly field: Field
  readonly V: Field
  readonly claim: Omit<Claim, 'statement'>
  readonly proof: Parameters<typeof makeCertificate>[2]['proof']
}
type Lie = { readonly [K in keyof Made]?: Made[K] extends Field ? Field : Partial<Made[K]> }

const xy = ['x', 'y'] as const
const letters = ['a', 'b', 'c', 'd'] as const
const line = (x: string) => system({ state: ['x'], dynamics: { x } })
const plane = (x: string, y: string) => system({ state: xy, dynamics: { x, y } })
const pushed = (x: string) => system({ state: ['x'], input: ['d'], dynamics: { x } })
/** b, c and d fall so slowly that V̇ has the sign of a·ȧ next to where that changes. */
const fourth = (a: string) =>
  system({ state: letters, dynamics: { a, b: '-b/1000', c: '-c/1000', d: '-d/1000' } })
const parabola = expression('x^2', ['x'])
const square = expression('x^2 + y^2', xy)
const ball = expression('a^2 + b^2 + c^2 + d^2', letters)
const cube = (n: number, half: number) =>
  Array.from({ length: n }, (): readonly [number, number] => [-half, half])
const json = (field: Field) => toJSON(freeze(field))
/** A leaf that says to be at the origin, and one that says that V falls. */
const [nearOrigin, falling] = [[-3], [-2]]
// biome-ignore format: rows of a table
const makes = {
  region: { field: line('-x + x^3'), V: parabola, claim: { property: 'region-of-attraction', level: 0.9, domain: [[-1.5, 2]] }, proof: { tree: nearOrigin, origin: [[-0.2, 0.2]] } },
  rated: { field: line('-x'), V: parabola, claim: { property: 'region-of-attraction', level: 0.9, domain: [[-1, 1]], rate: 1.9 }, proof: { tree: nearOrigin, origin: [[-0.2, 0.2]] } },
  uncertain: { field: pushed('-d*x'), V: parabola, claim: { property: 'region-of-attraction', level: 0.9, domain: [[-1, 1]], uncertain: [{ name: 'd', kind: 'parameter', interval: [0.1, 1] }] }, proof: { tree: nearOrigin, origin: [[-0.2, 0.2]] } },
  moved: { field: line('3 - x'), V: parabola, claim: { property: 'region-of-attraction', level: 0.5, domain: [[-1, 1]], equilibrium: [[2.9999, 3.0001]] }, proof: { tree: nearOrigin, origin: [[-0.1, 0.1]], preconditioner: [-1] } },
  pair: { field: plane('2 - x + 0.1*(y - 1)', '1 - y'), V: square, claim: { property: 'region-of-attraction', level: 0.05, domain: cube(2, 0.3), equilibrium: [[1.9999, 2.0001], [0.9999, 1.0001]] }, proof: { tree: nearOrigin, origin: cube(2, 0.3), preconditioner: [-1, -0.1, 0, -1] } },
  map: { field: line('0.5*x'), V: parabola, claim: { property: 'region-of-attraction', level: 0.5, domain: [[-1, 1]], time: 'discrete' }, proof: { tree: nearOrigin, origin: [[-0.2, 0.2]] } },
  bent: { field: plane('2*y', '0.1*x'), V: expression('x^2 + 5*y^2 + 50*x^4', xy), claim: { property: 'region-of-attraction', level: 4e-6, domain: cube(2, 1), time: 'discrete' }, proof: { tree: nearOrigin, origin: cube(2, 0.001) } },
  form: { field: fourth('-a + 4*a*b^2'), V: ball, claim: { property: 'region-of-attraction', level: 0.1, domain: cube(4, 1) }, proof: { tree: falling, radii: [0.32, 0.32, 0.32, 0.32], multipliers: [[0, 0]] } },
  stable: { field: plane('y', '-x^3/4 - x - y'), V: expression('x^4/16 + x^2/2 + y^2/2', xy), claim: { property: 'stability', level: 1, domain: cube(2, 2) }, proof: { tree: falling } },
  factored: { field: plane('y', '-sin(x) - y*(1 - 0.1*y)'), V: expression('2*(1 - cos(x)) + y^2', xy), claim: { property: 'stability', level: 1, domain: cube(2, 2) }, proof: { tree: falling, factor: json(expression('y', xy)), quotient: json(expression('2*(0.1*y - 1)', xy)) } },
  reach: { field: pushed('-x + d'), V: parabola, claim: { property: 'reach-avoid-stay', level: 4, inner: 0.1, domain: [[-3, 3]], initial: [[-1.9, 1.9]], goal: [[-0.5, 0.5]], avoid: [[[2.1, 3]]], uncertain: [{ name: 'd', kind: 'disturbance', interval: [-0.3, 0.3] }] }, proof: { tree: falling } },
  barrier: { field: plane('-x + y', '-y + 0.2*x'), V: expression('1 - x^2 - y^2', xy), claim: { property: 'invariant-set', level: 0, domain: cube(2, 2) }, proof: { tree: falling, witness: [0, 0] } },
  box: { field: plane('-x + 0.3*sin(y)', '-y + 0.3*tanh(x)'), V: expression('x - 2', xy), claim: { property: 'invariant-polytope', level: 0, domain: cube(2, 1) }, proof: { tree: [], witness: [0, 0] } },
  simplex: { field: plane('y - x', 'x - y'), V: expression('x + y - 1', xy), claim: { property: 'invariant-polytope', level: 0, domain: [[0, 2], [0, 2]], equalities: [0] }, proof: { tree: [], witness: [1, 0] } },
  global: { field: plane('-x^3 + y', '-x - y'), V: square, claim: { property: 'global-asymptotic-stability', level: 0, domain: [] }, proof: { tree: [] } },
} as const satisfies Record<string, Made>

const name = 'd'
const radius = (level: number) => letters.map(() => Math.sqrt(level) * (1 + 1e-6))
// biome-ignore format: rows of a table
const lies: readonly (readonly [keyof typeof makes, string, Lie])[] = [
  ['region', 'a level beyond the critical one', { claim: { level: 1.05 } }],
  ['region', 'a domain whose end is in the set', { claim: { domain: [[-0.9, 2]] } }],
  ['region', 'f(0) = 10⁻⁹', { field: line('-x + x^3 + 1e-9') }],
  ['region', 'V(0) = 10⁻⁹', { V: expression('x^2 + 1e-9', ['x']) }],
  ['region', '∇V(0) = 10⁻⁹', { V: expression('x^2 + 1e-9*x', ['x']) }],
  ['region', 'V < 0', { V: expression('-x^2', ['x']), field: line('x - x^3'), claim: { level: 0.01, domain: [[-0.5, 0.5]] } }],
  ['region', 'an origin box that reaches beyond the critical level', { claim: { level: 1.05 }, proof: { origin: [[-1.1, 1.1]] } }],
  ['region', 'an equilibrium that repels', { field: line('x + x^3') }],
  ['region', 'f undefined in a point of the set', { field: line('-x + x^3 + 0/(x - 0.5)') }],
  ['rated', 'a rate beyond that of the flow', { claim: { rate: 2.1 } }],
  ['uncertain', 'values of a parameter for which nothing falls', { claim: { uncertain: [{ name, kind: 'parameter', interval: [-0.1, 1] }] } }],
  ['uncertain', 'a field that falls at one end only', { field: pushed('-(d - 0.5)*x') }],
  ['moved', 'a box beside the equilibrium', { claim: { equilibrium: [[3.0001, 3.0002]] } }],
  ['moved', 'a box that the equilibrium ends', { claim: { equilibrium: [[2.9999, 3]] } }],
  ['moved', 'a field without any equilibrium', { field: line('3.001 - x') }],
  ['pair', 'a box beside the equilibrium in one state', { claim: { equilibrium: [[1.9999, 2.0001], [1.0001, 1.0003]] } }],
  ['pair', 'an equilibrium off by what another state adds', { field: plane('2 - x + 0.1*(y - 0.99)', '1 - y') }],
  ['map', 'a level at which it does not contract', { field: line('0.5*x + x^3'), claim: { level: 0.6 } }],
  ['map', 'a map that leaves the domain', { field: line('-0.9*x'), claim: { level: 0.24, domain: [[-0.4, 1]] } }],
  ['map', 'a map that expands', { field: line('-1.1*x') }],
  ['bent', 'a level up to where V curves upward', { claim: { level: 0.2 }, proof: { origin: cube(2, 0.2) } }],
  ['bent', 'a kink of V in the image', { V: expression('x^2 + 5*y^2 + 100*relu(x - 0.15)', xy), claim: { level: 0.06 }, proof: { origin: cube(2, 0.12) } }],
  ['form', 'a level beyond which slopes turn, flat at the centre', { claim: { level: 0.3 }, proof: { radii: radius(0.3) } }],
  ['form', 'the same by a slope that is linear', { field: fourth('-a + 2*a*b'), claim: { level: 0.3 }, proof: { radii: radius(0.3) } }],
  ['form', 'radii smaller than the set', { field: fourth('-a + 2*a*b'), claim: { level: 0.3 } }],
  ['form', 'one radius smaller than the set', { field: fourth('-a + 2*a*b'), claim: { level: 0.3 }, proof: { radii: [0.55, 0.3, 0.55, 0.55] } }],
  ['form', 'radii beyond the domain', { claim: { domain: cube(4, 0.3) } }],
  ['form', 'a rate', { claim: { rate: 0.01 } }],
  ['form', 'a negative multiplier', { claim: { level: 0.3 }, proof: { radii: radius(0.3), multipliers: [[1, -1]] } }],
  ['form', 'a V that is no quadratic form, and rises', { field: fourth('-a'), V: expression('a^2 + b^2 + c^2 + d^2 - 8*a^2*b^2', letters), claim: { level: 0.2 }, proof: { radii: radius(0.2) } }],
  ['stable', 'a saddle between two wells', { field: plane('y', '-x^3 + x/10 - y'), V: expression('x^4/4 - x^2/20 + y^2/2', xy) }],
  ['stable', 'a friction that pushes', { field: plane('y', '-x^3/4 - x + y') }],
  ['stable', 'a set that touches the boundary', { claim: { level: 2.1 } }],
  ['factored', 'factors of another function', { proof: { quotient: json(expression('-1', xy)) } }],
  ['factored', 'a quotient that is positive in the set', { field: plane('y', '-sin(x) - y*(1 - 2*y)'), proof: { quotient: json(expression('2*(2*y - 1)', xy)) } }],
  ['reach', 'a disturbance that keeps it away', { claim: { inner: 0.08 } }],
  ['reach', 'a larger disturbance', { claim: { uncertain: [{ name, kind: 'disturbance', interval: [-0.33, 0.33] }] } }],
  ['reach', 'a box to avoid that the set meets', { claim: { avoid: [[[1.9, 3]]] } }],
  ['reach', 'a second box to avoid around the set', { claim: { avoid: [[[2.1, 3]], [[-2.9, 2.9]]] } }],
  ['reach', 'a start beyond the set below', { claim: { initial: [[-2.1, 1.9]] } }],
  ['reach', 'a start beyond the set above', { claim: { initial: [[-1.9, 2.1]] } }],
  ['reach', 'a start beyond the domain', { V: expression('x^2 - 100*max(x - 3, 0)', ['x']), claim: { initial: [[3.1, 3.2]] } }],
  ['reach', 'a goal that is too small below', { claim: { goal: [[-0.3, 0.5]] } }],
  ['reach', 'a goal that is too small above', { claim: { goal: [[-0.5, 0.3]] } }],
  ['reach', 'a set that leaves the domain', { claim: { domain: [[-1.9, 3]], initial: [[-1.8, 1.8]] } }],
  ['barrier', 'a flow outward', { field: plane('x + y', '-y + 0.2*x') }],
  ['barrier', 'a flow outward in one place', { field: plane('-x + 3*x^9', '-y') }],
  ['barrier', 'an empty set', { V: expression('-0.01 - x^2 - y^2', xy) }],
  ['barrier', 'a set that leaves the domain', { claim: { domain: [[-2, 0.9], [-2, 2]] } }],
  ['box', 'outward on the first face', { field: plane('-x + 1.2*exp(-9*(x - 1)^2)', '-y') }],
  ['box', 'outward on the second face', { field: plane('-x - 1.2*exp(-9*(x + 1)^2)', '-y') }],
  ['box', 'outward on the third face', { field: plane('-x', '-y + 1.2*exp(-9*(y - 1)^2)') }],
  ['box', 'outward on the fourth face', { field: plane('-x', '-y - 1.2*exp(-9*(y + 1)^2)') }],
  ['box', 'outward at the end of a face', { field: plane('-x*(0.95 - y)', '-y') }],
  ['box', 'no uniqueness at a face', { field: plane('-x', 'sqrt(max(y - 1, 0)) - 0*y') }],
  ['box', 'a half-space that cuts through the flow', { V: expression('x - 0.5', xy), field: plane('0.2 - 0.1*x', '-y') }],
  ['box', 'a witness off the set', { V: expression('x + 0.5', xy), proof: { witness: [0, 0] } }],
  ['simplex', 'a sum that is not kept', { field: plane('y - x', 'x - 1.1*y') }],
  ['simplex', 'an equality with another witness', { proof: { witness: [0.5, 0.25] } }],
  ['simplex', 'outward on the face x = 0', { field: plane('-y/10', 'y/10') }],
  ['global', 'a force outward', { field: plane('x^3 + y', '-x - y') }],
  ['global', 'a V that does not grow with y', { V: expression('x^2', xy), field: plane('-x', '-y') }],
  ['global', 'a V that falls from somewhere on', { V: expression('x^2 + y^2 - x^4', xy) }],
  ['global', 'no friction along x', { field: plane('y', '-x - y') }],
  ['global', 'states named in another order', { V: expression('x^2 + y^2', ['y', 'x']) }],
  ['region', 'a tree that leaves out the half in which V rises', { field: line('-x + x^2'), claim: { level: 1.05 }, proof: { tree: [0, -3] } }],
  ['region', 'a domain without the origin, off the set', { claim: { domain: [[0.96, 2]] } }],
  ['region', 'a negative level', { claim: { level: -1 } }],
  ['rated', 'a negative rate, of a flow that rises', { field: line('x/5'), claim: { rate: -0.5 } }],
  ['uncertain', 'the name of another quantity', { claim: { uncertain: [{ name: 'e', kind: 'parameter', interval: [0.1, 1] }] } }],
  ['form', 'the same form of a map', { claim: { time: 'discrete' } }],
  ['barrier', 'a level below, so that no leaf meets the boundary', { field: plane('x + y', '-y + 0.2*x'), claim: { level: -0.5 } }],
  ['reach', 'an inner level above the outer one, of a flow outward', { field: pushed('x + d'), claim: { inner: 5, goal: [[-2.3, 2.3]] } }],
  ['box', 'a constraint that is not affine', { V: expression('x^2 - 0.25', xy), field: plane('0.2 - 0.1*x', '-y') }],
  ['box', 'a constraint that ends', { V: expression('x - 2 + 0*log(x)', xy) }],
  ['simplex', 'an equality that is no row', { claim: { equalities: [0, 3] } }],
]

const made = ({ field, V, claim, proof }: Made) => makeCertificate(freeze(field), freeze(V), { claim, proof })

for (const [key, make] of Object.entries(makes))
  test(`made by hand and true: ${key}`, () => {
    const { valid, reason } = checkCertificate(made(make))
    assert.ok(valid, reason)
  })

for (const [key, lie, change] of lies)
  test(`one lie: ${key}, ${lie}`, () => {
    const make: Made = makes[key]
    const forged = {
      field: change.field ?? make.field,
      V: change.V ?? make.V,
      claim: { ...make.claim, ...change.claim },
      proof: { ...make.proof, ...change.proof },
    }
    const { valid, reason } = checkCertificate(made(forged as Made))
    assert.is(valid, false, reason)
  })

test.run()
