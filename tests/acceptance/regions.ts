import { expression, system } from '@separatrix/field'
import { certify } from '@separatrix/lyapunov'
import type { Claim } from './claim.js'

type Side = readonly [number, number]

/** A system and a candidate with c* = sup { c : {V ≤ c} is a region of attraction in the domain, by this V }. */
interface Row {
  readonly name: string
  /** names of the states, apart by spaces */
  readonly state: string
  readonly f: readonly string[]
  readonly V: string
  readonly domain: readonly Side[]
  readonly critical: number
  /** {V ≤ c*} touches the domain, before the decrease of V ends */
  readonly isCut?: true
  /** the share of c* that is promised; 0.999 up to three states */
  readonly share?: number
  readonly time?: 'discrete'
  readonly rate?: number
  /** values of the parameters in the field, which `params` replaces by intervals */
  readonly given?: Readonly<Record<string, number>>
  readonly params?: Readonly<Record<string, Side>>
  readonly disturbance?: Readonly<Record<string, Side>>
  readonly equilibrium?: readonly number[]
}

/**
 * c* was found apart from this toolkit, from the same texts: V at the first sign change of its rate along 3,000 rays (in
 * more than two states 30,000, and the constrained minima from the best of them), then Lagrange's conditions solved in 30
 * digits; in one state the root itself.
 */
// biome-ignore format: one system a line
const rows: readonly Row[] = [
  { name: 'a quadratic drift', state: 'x', f: ['-x + x^2'], V: 'x^2', domain: [[-2, 2]], critical: 1 },
  { name: 'an overdamped pendulum', state: 'x', f: ['-sin(x)'], V: 'x^2', domain: [[-3.5, 3.5]], critical: Math.PI ** 2 },
  { name: 'a fifth power', state: 'x', f: ['-x + x^5'], V: 'x^4 + x^2', domain: [[-1.5, 1.5]], critical: 2 },
  { name: 'a force that saturates from below', state: 'x', f: ['-x/(1 + x^2) + 0.1*x'], V: 'x^2', domain: [[-4, 4]], critical: 9 },
  { name: 'an arc tangent against a spring', state: 'x', f: ['-atan(x) + x/2'], V: 'x^2', domain: [[-3, 3]], critical: 5.434131505846557 },
  { name: 'an exponential growth', state: 'x', f: ['exp(x) - 1 - 2*x'], V: 'x^2', domain: [[-2, 2]], critical: 1.5786193820098189 },
  { name: 'a clamped input', state: 'x', f: ['0.5*x - clamp(2*x, -1, 1)'], V: 'x^2', domain: [[-3, 3]], critical: 4 },
  { name: 'a spring that gives way', state: 'x', f: ['-x + 2*relu(x - 1)'], V: 'x^2', domain: [[-3, 3]], critical: 4 },
  { name: 'a drag by the modulus', state: 'x', f: ['-x + x*abs(x)'], V: 'x^2', domain: [[-2, 2]], critical: 1 },
  { name: 'states in millions', state: 'x', f: ['-x + x^3/1e12'], V: 'x^2', domain: [[-2e6, 2e6]], critical: 1e12 },
  { name: 'states in millionths', state: 'x', f: ['-x + 1e12*x^3'], V: 'x^2', domain: [[-2e-6, 2e-6]], critical: 1e-12 },
  { name: 'a rate of 1e-9', state: 'x', f: ['1e-9*(-x + x^3)'], V: 'x^2', domain: [[-2, 2]], critical: 1 },
  { name: 'a hyperbolic neuron with feedback', state: 'x', f: ['-x + 2*tanh(x/4) + x^3/8'], V: 'x^2', domain: [[-3, 3]], critical: 4.325310562314572 },
  { name: 'Van der Pol, mu = 3', state: 'x y', f: ['-y', 'x - 3*(1 - x^2)*y'], V: '1.833*x^2 - x*y + 0.3333*y^2', domain: [[-3, 3], [-5, 5]], critical: 1.25849989218 },
  { name: 'Van der Pol, mu = 1, with Q = diag(1, 3)', state: 'x y', f: ['-y', 'x - (1 - x^2)*y'], V: '2.5*x^2 - x*y + 2*y^2', domain: [[-3, 3], [-4, 4]], critical: 3.870766328393 },
  { name: 'Van der Pol in millions', state: 'x y', f: ['-y', 'x - (1 - (x/1e6)^2)*y'], V: '1.5*x^2 - x*y + y^2', domain: [[-2.5e6, 2.5e6], [-3.5e6, 3.5e6]], critical: 2304477564999 },
  { name: 'Van der Pol with a momentum in micro-units', state: 'x y', f: ['-1e6*y', '1e-6*(x - (1 - x^2)*1e6*y)'], V: '1.5*x^2 - 1e6*x*y + 1e12*y^2', domain: [[-2.5, 2.5], [-3.5e-6, 3.5e-6]], critical: 2.304477564999 },
  { name: 'NonPoly0', state: 'x y', f: ['-x + x*y', '-y'], V: 'x^2 + 3*y^2', domain: [[-6, 6], [-4, 4]], critical: 20.25 },
  { name: 'NonPoly1', state: 'x y', f: ['-x + 2*x^2*y', '-y'], V: 'x^2 + 2*y^2', domain: [[-3, 3], [-3, 3]], critical: 2.177324215807 },
  { name: 'Duffing, softening and damped', state: 'x y', f: ['y', '-x + x^3 - y'], V: '1.5*x^2 + x*y + y^2', domain: [[-1.5, 1.5], [-2, 2]], critical: 1.283647019278 },
  { name: 'a pendulum with friction', state: 'x y', f: ['y', '-sin(x) - 0.5*y'], V: '2.25*x^2 + x*y + 2*y^2', domain: [[-4, 4], [-4, 4]], critical: 9.287004738094 },
  { name: 'a synchronous machine', state: 'x y', f: ['y', '-0.5*y - (sin(x + 0.412) - sin(0.412))'], V: '2.189*x^2 + 1.091*x*y + 2.091*y^2', domain: [[-4, 4], [-4, 4]], critical: 4.253138084933 },
  { name: 'Khalil 8.9 with its cubic spring', state: 'x y', f: ['y', '-x + x^3/3 - y'], V: '0.75*x^2 + 0.5*x*y + 0.5*y^2', domain: [[-2.5, 2.5], [-3, 3]], critical: 1.925470528916 },
  { name: 'Moore-Greitzer jet engine', state: 'x y', f: ['-y - 1.5*x^2 - 0.5*x^3', '3*x - y'], V: '2.167*x^2 - 0.3333*x*y + 0.6667*y^2', domain: [[-3, 3], [-5, 5]], critical: 0.05730798222556 },
  { name: 'Hahn with a skewed form', state: 'x y', f: ['-x + 2*x^2*y', '-y'], V: 'x^2 + 0.5*x*y + y^2', domain: [[-2.5, 2.5], [-2.5, 2.5]], critical: 1.988793003282 },
  { name: 'Vannelli-Vidyasagar, ex. 2', state: 'x y', f: ['-x + y', '0.1*x - 2*y - x^2 - 0.1*x^3'], V: '0.5184*x^2 + 0.3684*x*y + 0.3421*y^2', domain: [[-8, 8], [-8, 8]], critical: 4.02453418651 },
  { name: 'a vortex with a limit cycle of radius 1', state: 'x y', f: ['-x*(1 - x^2 - y^2) + 2*y', '-y*(1 - x^2 - y^2) - 2*x'], V: 'x^2 + y^2', domain: [[-1.3, 1.3], [-1.3, 1.3]], critical: 1 },
  { name: 'an ellipse in that vortex', state: 'x y', f: ['-x*(1 - x^2 - y^2) + 2*y', '-y*(1 - x^2 - y^2) - 2*x'], V: 'x^2 + 0.1*x*y + 1.1*y^2', domain: [[-1.4, 1.4], [-1.4, 1.4]], critical: 0.8918861169916 },
  { name: 'Bendixson, a quadratic field', state: 'x y', f: ['-x - y^2', '-y + x*y + x^2'], V: 'x^2 + y^2', domain: [[-3, 3], [-3, 3]], critical: 6.75 },
  { name: 'a quartic candidate', state: 'x y', f: ['-x + y^2', '-2*y - 3*x^2'], V: 'x^2 + y^2 + 0.5*x^4 + 0.25*y^4', domain: [[-2.5, 2.5], [-2.5, 2.5]], critical: 1.319503748988 },
  { name: 'exp and sqrt', state: 'x y', f: ['-x + exp(y) - 1 - 0.5*y', '-2*y + sqrt(1 + x^2) - 1'], V: '0.5*x^2 + 0.1667*x*y + 0.2708*y^2', domain: [[-4, 4], [-4, 4]], critical: 1.43344678613 },
  { name: 'a logarithm that ends at -1', state: 'x y', f: ['-log(1 + x) + 0.5*y^2', '-y + x^2'], V: 'x^2 + y^2', domain: [[-0.99, 3], [-3, 3]], critical: 0.9801, isCut: true },
  { name: 'a rational field with a pole', state: 'x y', f: ['-x/(1 - x/3) + y^2', '-y + x*y/(1 + x^2)'], V: 'x^2 + y^2', domain: [[-2.5, 2.5], [-2.5, 2.5]], critical: 3.651722590328 },
  { name: 'a stiff pair', state: 'x y', f: ['-1000*x + 1000*x^2*y', '-0.001*y'], V: 'x^2 + y^2', domain: [[-2.5, 2.5], [-2.5, 2.5]], critical: 2.000001999996 },
  { name: 'a saturated double integrator', state: 'x y', f: ['y', 'clamp(-x - 2*y, -1, 1)'], V: '1.5*x^2 + x*y + 0.5*y^2', domain: [[-6, 6], [-6, 6]], critical: 0.4274802335403 },
  { name: 'an inverted pendulum with a saturated input', state: 'x y', f: ['y', 'sin(x) - 0.3*y + clamp(-4*x - 2*y, -2, 2)'], V: '1.253*x^2 + 0.3333*x*y + 0.2899*y^2', domain: [[-3.2, 3.2], [-4, 4]], critical: 0.520789000636 },
  { name: 'path following on a circle', state: 'x y', f: ['sin(y)', '-0.4*x - 1.2*y - 0.3*x*cos(y)/(1 - 0.3*x)'], V: '1.565*x^2 + 1.429*x*y + 1.012*y^2', domain: [[-3, 3], [-3, 3]], critical: 6.172158306709265, isCut: true },
  { name: 'a kink in the friction', state: 'x y', f: ['y', '-x - y - 0.5*y*abs(y) + 0.6*x*abs(x)'], V: '1.5*x^2 + x*y + y^2', domain: [[-3, 3], [-3.5, 3.5]], critical: 2.811277459738 },
  { name: 'an exponential rate for Van der Pol', state: 'x y', f: ['-y', 'x - (1 - x^2)*y'], V: '1.5*x^2 - x*y + y^2', domain: [[-2.5, 2.5], [-3.5, 3.5]], critical: 1.483343573925, rate: 0.2 },
  { name: 'a rate for the pendulum', state: 'x y', f: ['y', '-sin(x) - 0.5*y'], V: '2.25*x^2 + x*y + 2*y^2', domain: [[-4, 4], [-4, 4]], critical: 6.59756764783, rate: 0.1 },
  { name: 'a rate for a cubic line', state: 'x', f: ['-x + x^3'], V: 'x^2', domain: [[-1.5, 1.5]], critical: 0.65, rate: 0.7 },
  { name: 'Van der Pol for every mu in an interval', state: 'x y', f: ['-y', 'x - m*(1 - x^2)*y'], V: '1.5*x^2 - x*y + y^2', domain: [[-2.5, 2.5], [-3.5, 3.5]], critical: 2.199832300319, given: { m: 1 }, params: { m: [0.9, 1.2] } },
  { name: 'a pendulum of uncertain friction and length', state: 'x y', f: ['y', '-w*sin(x) - r*y'], V: '1.5*x^2 + x*y + 1.5*y^2', domain: [[-4, 4], [-4, 4]], critical: 9.12883011298, given: { w: 1, r: 0.7 }, params: { w: [0.9, 1.1], r: [0.6, 0.8] } },
  { name: 'Hahn under a disturbance', state: 'x y', f: ['-x + 2*x^2*y*d', '-y + 0.2*d*x'], V: 'x^2 + y^2', domain: [[-2.5, 2.5], [-2.5, 2.5]], critical: 1.405256065215, disturbance: { d: [-0.5, 1] } },
  { name: 'NonPoly2', state: 'x y z', f: ['-x', '-2*y + 0.1*x*y^2 + z', '-z - 1.5*y'], V: '0.5*x^2 + 0.3214*y^2 - 0.1905*y*z + 0.4048*z^2', domain: [[-12, 12], [-12, 12], [-14, 14]], critical: 17.30947233709 },
  { name: 'NonPoly3', state: 'x y z', f: ['-3*x - 0.1*x*y^3', '-y + z', '-z'], V: '0.1667*x^2 + 0.5*y^2 + 0.5*y*z + 0.75*z^2', domain: [[-9, 9], [-5, 5], [-6, 6]], critical: 9.158093088212 },
  { name: 'Lorenz about 0 at rho = 0.5', state: 'x y z', f: ['10*(y - x)', '0.5*x - y - x*z', 'x*y - 8/3*z'], V: '0.05682*x^2 + 0.2727*x*y + 1.864*y^2 + 0.1875*z^2', domain: [[-60, 60], [-60, 60], [-60, 60]], critical: 1.115419141285 },
  { name: 'a chain of three', state: 'x y z', f: ['-x + y*z', '-y + x*y', '-z + x^2'], V: 'x^2 + y^2 + z^2', domain: [[-3, 3], [-3, 3], [-3, 3]], critical: 2.655495322315 },
  { name: 'Euler, tumbling with damping', state: 'x y z', f: ['-x + 2*y*z', '-y + x*z', '-z + x*y'], V: 'x^2 + y^2 + z^2', domain: [[-3, 3], [-3, 3], [-3, 3]], critical: 1.6875 },
  { name: 'a line of order four with a cube', state: 'x y z w', f: ['y', 'z', 'w', '-24*x - 50*y - 35*z - 10*w + x^3'], V: '3.10595*x^2 + 7.60119*x*y + 3.43095*x*z + 0.0416667*x*w + 7.69375*y^2 + 7.95833*y*z + 0.172024*y*w + 3.39167*z^2 + 0.255952*z*w + 0.0627976*w^2', domain: [[-9, 9], [-14, 14], [-30, 30], [-80, 80]], critical: 20.98102332102, share: 0.95 },
  { name: 'TORA under its regulator', state: 'x y z w', f: ['y', '-x + 0.1*sin(z)', 'w', '(1.41158*x - 0.0863436*y - 1.14615*z - 1.81447*w)'], V: '25.6169*x^2 - 0.992545*x*y - 4.94983*x*z - 2.82315*x*w + 25.7388*y^2 + 3.13649*y*z + 0.172687*y*w + 2.07101*z^2 + 2.29229*z*w + 1.81447*w^2', domain: [[-6, 6], [-6, 6], [-14, 14], [-14, 14]], critical: 27.67486660504, share: 0.95 },
  { name: 'two coupled Van der Pol oscillators', state: 'x y z w', f: ['-y', 'x - (1 - x^2)*y + 0.1*z', '-w', 'z - (1 - z^2)*w + 0.1*x'], V: '1.505*x^2 - 1.01*x*y - 0.00101*x*z + 0.101*x*w + 1.005*y^2 + 0.101*y*z - 0.101*y*w + 1.505*z^2 - 1.01*z*w + 1.005*w^2', domain: [[-3, 3], [-4, 4], [-3, 3], [-4, 4]], critical: 2.300998073321, share: 0.8 },
  { name: 'a planar quadrotor under its regulator', state: 'x y a p q r', f: ['p', 'q', 'r', '-sin(a)*(9.81 + (-y - 1.73205*q))', 'cos(a)*(9.81 + (-y - 1.73205*q)) - 9.81', '(x - 13.5165*a + 1.93795*p - 5.29461*r)'], V: '1.93795*x^2 - 10.5892*x*a + 2.75565*x*p - 2*x*r + 1.73205*y^2 + 2*y*q + 52.5532*a^2 - 18.5214*a*p + 27.0329*a*r + 2.13044*p^2 - 3.8759*p*r + 1.73205*q^2 + 5.29461*r^2', domain: [[-5, 5], [-5, 5], [-2, 2], [-6, 6], [-6, 6], [-6, 6]], critical: 2.066156, share: 0.95 },
  { name: 'predator and prey', state: 'x y', f: ['x*(1 - x) - 2*x*y/(1 + x)', '-0.5*y + 1.2*x*y/(1 + x)'], V: '0.9408*x^2 + 1.2*x*y + 11.41*y^2', domain: [[-0.6, 0.6], [-0.4, 0.4]], critical: 0.2878899262318, equilibrium: [0.7, 0.2] },
  { name: 'Brusselator', state: 'x y', f: ['1 + x^2*y - 2.4*x', '1.4*x - x^2*y'], V: '3.3*x^2 + 2.6*x*y + 1.8*y^2', domain: [[-2, 2], [-2, 2]], critical: 0.08683393670036, equilibrium: [1, 1.4] },
  { name: 'a gene toggle', state: 'x y', f: ['3/(1 + y^2) - x', '3/(1 + x^2) - y'], V: '0.7292*x^2 - 1.8*x*y + 2.071*y^2', domain: [[-4, 4], [-4, 4]], critical: 2.477298909456, equilibrium: [2.6, 0.4] },
  { name: 'FitzHugh-Nagumo at rest', state: 'x y', f: ['x - x^3/3 - y', '0.5*(x + 0.7 - 0.8*y)'], V: '0.9582*x^2 - 0.319*x*y + 1.649*y^2', domain: [[-3, 3], [-3, 3]], critical: 0.2455557025305, equilibrium: [-1.2, -0.6] },
  { name: 'an epidemic with births', state: 'x y', f: ['0.5*(1 - x) - 2*x*y', '2*x*y - y'], V: '0.75*x^2 + x*y + 2.5*y^2', domain: [[-1.5, 1.5], [-1, 1]], critical: 1 / 9, equilibrium: [0.5, 0.25] },
  { name: 'Lorenz about a wing', state: 'x y z', f: ['10*(y - x)', '8*x - y - x*z', 'x*y - 8/3*z'], V: '0.1189*x^2 + 0.3179*x*y + 0.2453*x*z + 1.06*y^2 - 0.4767*y*z + 0.5737*z^2', domain: [[-12, 12], [-12, 12], [-12, 12]], critical: 2.309158523572, equilibrium: [4.3, 4.3, 7] },
  { name: 'a logistic map', state: 'x', f: ['0.5*x*(1 - x)'], V: 'x^2', domain: [[-1.5, 3.5]], critical: 1, time: 'discrete' },
  { name: 'a sine map', state: 'x', f: ['0.8*sin(2*x)/2 - 0.2*x^3'], V: 'x^2', domain: [[-4, 4]], critical: 4.201805036143879, time: 'discrete' },
  { name: 'Henon about its fixed point', state: 'x y', f: ['1 - 0.2*x^2 + y', '0.3*x'], V: '1.956*x^2 - 2.435*x*y + 2.956*y^2', domain: [[-9, 9], [-9, 9]], critical: 4.868830757728, time: 'discrete', equilibrium: [1.1, 0.33] },
  { name: 'Van der Pol in steps of Euler', state: 'x y', f: ['x - 0.1*y', 'y + 0.1*(x - (1 - x^2)*y)'], V: '16.39*x^2 - 11.14*x*y + 11.4*y^2', domain: [[-2.6, 2.6], [-4, 4]], critical: 21.11568471788, time: 'discrete' },
  { name: 'a pendulum in steps of Euler', state: 'x y', f: ['x + 0.05*y', 'y + 0.05*(sin(x) - 0.5*y - 2*clamp(x, -1, 1) - 2*y)'], V: '33.42*x^2 + 20.42*x*y + 8.435*y^2', domain: [[-20, 20], [-40, 40]], critical: 6691.201594869, time: 'discrete' },
  { name: 'a delayed logistic map', state: 'x y', f: ['y', '0.6*y*(1 - x)'], V: 'x^2 + 3.125*y^2', domain: [[-5, 5], [-5, 5]], critical: 1.830251837903, time: 'discrete' },
  { name: 'a twist that contracts', state: 'x y', f: ['0.5*x - 0.4*y + 0.3*x^2', '0.4*x + 0.5*y - 0.3*x*y'], V: 'x^2 + y^2', domain: [[-4, 4], [-4, 4]], critical: 1.561054948668, time: 'discrete' },
  { name: 'a map at a rate', state: 'x', f: ['0.5*x + x^3'], V: 'x^2', domain: [[-2, 2]], critical: (Math.SQRT2 - 1) / 2, time: 'discrete', rate: 0.5 },
  { name: 'a map of three states', state: 'x y z', f: ['0.4*x + 0.3*y^2', '0.3*y - 0.2*x*z', '0.5*z + 0.2*x*y'], V: 'x^2 + y^2 + z^2', domain: [[-4, 4], [-4, 4], [-4, 4]], critical: 9.035770338984, time: 'discrete' },
  { name: 'a network as a map', state: 'x y', f: ['tanh(0.6*x - 0.5*y) + 0.1*x^2', 'tanh(0.5*x + 0.6*y) + 0.1*y^2'], V: 'x^2 + y^2', domain: [[-9, 9], [-9, 9]], critical: 77.41859374979, time: 'discrete' },
]

const sizes: Readonly<Record<number, string>> = { 1: 'one state', 2: 'two states', 3: 'three states' }

function kindOf({ time, rate, params, disturbance, equilibrium, state }: Row): string {
  if (time !== undefined) return 'maps'
  if (rate !== undefined) return 'rates'
  if (params !== undefined || disturbance !== undefined) return 'uncertain'
  if (equilibrium !== undefined) return 'equilibria off 0'
  return sizes[state.split(' ').length] ?? 'four to six states'
}

/** Of each row that 0.999 c* (or the share of it that is promised) is proved, and that 1.001 c* is not. */
export const regionClaims: readonly Claim[] = rows.flatMap((row): Claim[] => {
  const { name, V, domain, critical, time, rate, params, disturbance, equilibrium, share = 0.999 } = row
  const state = row.state.split(' ')
  const field = () =>
    system({
      state,
      ...(disturbance && { input: Object.keys(disturbance) }),
      ...(row.given && { params: row.given }),
      dynamics: Object.fromEntries(state.map((variable, i) => [variable, row.f[i]])),
    })
  const verdict = (level: number) => () => {
    const options = { time, rate, params, disturbance, equilibrium }
    const given = Object.entries(options).filter(([, value]) => value !== undefined)
    return certify({ field: field(), V: expression(V, state), domain, level, ...Object.fromEntries(given) })
  }
  const kind = kindOf(row)
  const above = row.isCut ? 'unknown' : 'refuted'
  return [
    {
      name: `${name} at ${share} c*`,
      kind,
      isTrue: true,
      expected: 'proved',
      verdict: verdict(share * critical),
    },
    { name: `${name} at 1.001 c*`, kind, isTrue: false, expected: above, verdict: verdict(1.001 * critical) },
  ]
})
