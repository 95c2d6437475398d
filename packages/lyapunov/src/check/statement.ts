/** A claim as it stands in a certificate. */
export interface Claim {
  readonly property: string
  readonly rate?: number
  readonly time?: string
  readonly equilibrium?: unknown
  readonly uncertain?: readonly {
    readonly name: string
    readonly kind: string
    readonly interval: readonly number[]
  }[]
}

/** What is proved of each property, M standing for the motion. */
const sentences: Readonly<Record<string, string>> = {
  'region-of-attraction':
    'The set {x in domain: V(x) <= level} does not meet the boundary of the domain, V decreases strictly along ' +
    'every solution of M in it except at the equilibrium x = 0, and hence it is forward invariant and ' +
    'every solution that starts in it converges to 0',
  'discrete region-of-attraction':
    'Every step of M from the set {x in domain: V(x) <= level} leads into that set, V decreases strictly in it ' +
    'except at the equilibrium x = 0, and hence every solution that starts in the set stays in it and converges to 0',
  stability:
    'The set {x in domain: V(x) <= level} does not meet the boundary of the domain, V does not increase along any ' +
    'solution of M in it, and hence it is forward invariant and every solution that starts in it converges to ' +
    'the largest invariant set within its points at which the derivative of V along f is 0; the equilibrium x = 0 is ' +
    'stable',
  'invariant-set':
    'The set {x in domain: B(x) >= 0} is not empty, does not meet the boundary of the domain, and B increases ' +
    'strictly along solutions of M wherever B = 0, and hence the set is forward invariant',
  'global-asymptotic-stability':
    'V is positive except at 0 and unbounded with |x|, V decreases strictly along every solution of M ' +
    'except at x = 0, and hence every solution converges to 0, which is stable',
}

const keys = new Set(['domain', 'equilibrium', 'level', 'property', 'rate', 'statement', 'time', 'uncertain'])
const isName = (name: unknown) => typeof name === 'string' && /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)

/**
 * What is proved of a claim, in words; the checker vouches for these and no others. Undefined where the property is
 * not known, or the claim has parts or names that no sentence covers.
 */
export function statementOf(claim: Claim): string | undefined {
  const { property, rate = 0, time, equilibrium, uncertain = [] } = claim
  const sentence = `${time === undefined ? '' : `${time} `}${property}`
  const isCovered =
    Object.keys(claim).every((key) => keys.has(key)) &&
    Object.hasOwn(sentences, sentence) &&
    (equilibrium === undefined || property === 'region-of-attraction') &&
    uncertain.every((u) => isName(u.name) && (u.kind === 'parameter' || u.kind === 'disturbance'))
  if (!isCovered) return undefined
  const list = (kind: string) =>
    uncertain.filter((u) => u.kind === kind).map((u) => `${u.name} in [${u.interval.join(', ')}]`)
  const [constants, functions] = [list('parameter'), list('disturbance')].map((names) => names.join(', '))
  const parts = [
    ...(constants === '' ? [] : [`every constant ${constants}`]),
    ...(functions === ''
      ? []
      : [time ? `every sequence ${functions}` : `every measurable ${functions} of time`]),
  ]
  const prefix = parts.length === 0 ? '' : `For ${parts.join(' and ')}: `
  const point = time ? 'f(x*) = x*' : 'f(x*) = 0'
  const shift = equilibrium
    ? `${point} at exactly one point x* of the box equilibrium, and with x for the deviation from it: `
    : ''
  const motion = time
    ? equilibrium
      ? 'x+ = f(x* + x) - x*'
      : 'x+ = f(x)'
    : equilibrium
      ? "x' = f(x* + x)"
      : "x' = f(x)"
  const decay = time ? `V(x(k)) <= (1 - ${rate})^k V(x(0))` : `V(x(t)) <= exp(-${rate} t) V(x(0))`
  return `${prefix}${shift}${sentences[sentence].replace('M', () => motion)}${rate > 0 ? `; moreover ${decay}` : ''}.`
}
