/** A claim as it stands in a certificate. */
export interface Claim {
  readonly property: string
  readonly rate?: number
  readonly uncertain?: readonly {
    readonly name: string
    readonly kind: string
    readonly interval: readonly number[]
  }[]
}

const sentences: Readonly<Record<string, string>> = {
  'region-of-attraction':
    'The set {x in domain: V(x) <= level} does not meet the boundary of the domain, V decreases strictly along ' +
    "every solution of x' = f(x) in it except at the equilibrium x = 0, and hence it is forward invariant and " +
    'every solution that starts in it converges to 0',
  'invariant-set':
    'The set {x in domain: B(x) >= 0} is not empty, does not meet the boundary of the domain, and B increases ' +
    "strictly along solutions of x' = f(x) wherever B = 0, and hence the set is forward invariant",
  'global-asymptotic-stability':
    "V is positive except at 0 and unbounded with |x|, V decreases strictly along every solution of x' = f(x) " +
    'except at x = 0, and hence every solution converges to 0, which is stable',
}

const keys = new Set(['domain', 'level', 'property', 'rate', 'statement', 'uncertain'])
const isName = (name: unknown) => typeof name === 'string' && /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)

/**
 * What is proved of a claim, in words; the checker vouches for these and no others. Undefined where the property is
 * not known, or the claim has parts or names that no sentence covers.
 */
export function statementOf(claim: Claim): string | undefined {
  const { property, rate = 0, uncertain = [] } = claim
  const isCovered =
    Object.keys(claim).every((key) => keys.has(key)) &&
    Object.hasOwn(sentences, property) &&
    uncertain.every((u) => isName(u.name) && (u.kind === 'parameter' || u.kind === 'disturbance'))
  if (!isCovered) return undefined
  const list = (kind: string) =>
    uncertain.filter((u) => u.kind === kind).map((u) => `${u.name} in [${u.interval.join(', ')}]`)
  const [constants, functions] = [list('parameter'), list('disturbance')]
  const parts = [
    ...(constants.length > 0 ? [`every constant ${constants.join(', ')}`] : []),
    ...(functions.length > 0 ? [`every measurable ${functions.join(', ')} of time`] : []),
  ]
  const prefix = parts.length === 0 ? '' : `For ${parts.join(' and ')}: `
  const suffix = rate > 0 ? `; moreover V(x(t)) <= exp(-${rate} t) V(x(0)).` : '.'
  return `${prefix}${sentences[property]}${suffix}`
}
