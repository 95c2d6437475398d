import type { Claim } from './claim.js'

type Words = Omit<Claim, 'statement'>

/** How a statement names what is uncertain. */
function quantifier({ uncertain = [], time }: Words): string {
  const list = (kind: string) =>
    uncertain.filter((u) => u.kind === kind).map((u) => `${u.name} in [${u.interval.join(', ')}]`)
  const [constants, functions] = [list('parameter'), list('disturbance')]
  const varying = time === 'discrete' ? 'every sequence' : 'every measurable'
  const parts = [
    ...(constants.length > 0 ? [`every constant ${constants.join(', ')}`] : []),
    ...(functions.length > 0
      ? [`${varying} ${functions.join(', ')}${time === 'discrete' ? '' : ' of time'}`]
      : []),
  ]
  return parts.length === 0 ? '' : `For ${parts.join(' and ')}: `
}

/** What is proved, in words; the checker has words of its own, which must be the same. */
export function statementOf(claim: Words): string {
  const { property, rate = 0, time, equilibrium } = claim
  const isDiscrete = time === 'discrete'
  const centre = equilibrium === undefined ? '' : 'x* + '
  const motion = isDiscrete
    ? equilibrium === undefined
      ? 'x+ = f(x)'
      : 'x+ = f(x* + x) - x*'
    : `x' = f(${centre}x)`
  const zero = isDiscrete ? 'f(x*) = x*' : 'f(x*) = 0'
  const shift =
    equilibrium === undefined
      ? ''
      : `${zero} at exactly one point x* of the box equilibrium, and with x for the deviation from it: `
  const decay =
    rate === 0
      ? ''
      : isDiscrete
        ? `; moreover V(x(k)) <= (1 - ${rate})^k V(x(0))`
        : `; moreover V(x(t)) <= exp(-${rate} t) V(x(0))`
  const sentence = isDiscrete && property === 'region-of-attraction' ? discreteRegion : sentences[property]
  return `${quantifier(claim)}${shift}${sentence(motion, claim)}${decay}.`
}

const discreteRegion = (motion: string) =>
  `Every step of ${motion} from the set {x in domain: V(x) <= level} leads into that set, V decreases strictly in it ` +
  'except at the equilibrium x = 0, and hence every solution that starts in the set stays in it and converges to 0'

const sentences: Readonly<Record<Claim['property'], (motion: string, claim: Words) => string>> = {
  'region-of-attraction': (motion) =>
    'The set {x in domain: V(x) <= level} does not meet the boundary of the domain, V decreases strictly along every ' +
    `solution of ${motion} in it except at the equilibrium x = 0, and hence it is forward invariant and every ` +
    'solution that starts in it converges to 0',
  stability: (motion) =>
    'The set {x in domain: V(x) <= level} does not meet the boundary of the domain, V does not increase along any ' +
    `solution of ${motion} in it, and hence it is forward invariant and every solution that starts in it converges to ` +
    'the largest invariant set within its points at which the derivative of V along f is 0; the equilibrium x = 0 is ' +
    'stable',
  'invariant-set': (motion) =>
    'The set {x in domain: B(x) >= 0} is not empty, does not meet the boundary of the domain, and B increases ' +
    `strictly along solutions of ${motion} wherever B = 0, and hence the set is forward invariant`,
  'invariant-polytope': (motion, { equalities = [] }) =>
    `The set {x in domain: A(x) <= 0${equalities.length > 0 ? `, with equality in the rows ${equalities.join(', ')}` : ''}} ` +
    `is not empty, and no solution of ${motion} that starts in it leaves it`,
  'reach-avoid-stay': (motion, { initial, goal, avoid = [] }) =>
    'The set {x in domain: V(x) <= level} does not meet the boundary of the domain' +
    (avoid.length > 0 ? ' nor any box of avoid' : '') +
    (initial === undefined ? '' : ' and contains the box initial') +
    `, V decreases strictly along every solution of ${motion} wherever inner <= V(x) <= level, and hence every ` +
    'solution that starts in it stays in it, reaches {V(x) <= inner} in finite time and stays there' +
    (goal === undefined ? '' : ', which lies within the box goal'),
  'global-asymptotic-stability': (motion) =>
    'V is positive except at 0 and unbounded with |x|, V decreases strictly along every solution of ' +
    `${motion} except at x = 0, and hence every solution converges to 0, which is stable`,
}
