/** A claim as it stands in a certificate. */
export interface Claim {
  readonly property: string
  readonly level?: unknown
  readonly domain?: unknown
  readonly statement?: unknown
  readonly inner?: unknown
  readonly rate?: number
  readonly time?: string
  readonly equilibrium?: unknown
  readonly equalities?: readonly number[]
  readonly initial?: unknown
  readonly goal?: unknown
  readonly avoid?: unknown
  readonly uncertain?: readonly {
    readonly name: string
    readonly kind: string
    readonly interval: readonly number[]
  }[]
}

/** What is proved of each property, SET, MOTION and [parts] standing for what {@link statementOf} puts there. */
const sentences: Readonly<Record<string, string>> = {
  'region-of-attraction':
    'SET, V decreases strictly along every solution of MOTION in it except at the equilibrium x = 0, and hence it is ' +
    'forward invariant and every solution that starts in it converges to 0',
  'discrete region-of-attraction':
    'Every step of MOTION from the set {x in domain: V(x) <= level} leads into that set, V decreases strictly in it ' +
    'except at the equilibrium x = 0, and hence every solution that starts in the set stays in it and converges to 0',
  stability:
    'SET, V does not increase along any solution of MOTION in it, and hence it is forward invariant and every ' +
    'solution that starts in it converges to the largest invariant set within its points at which the derivative of ' +
    'V along f is 0; the equilibrium x = 0 is stable',
  'reach-avoid-stay':
    'SET[avoid][initial], V decreases strictly along every solution of MOTION wherever inner <= V(x) <= level, and ' +
    'hence every solution that starts in it stays in it, reaches {V(x) <= inner} in finite time and stays there[goal]',
  'invariant-polytope':
    'The set {x in domain: A(x) <= 0[equalities]} is not empty, and no solution of MOTION that starts in it leaves it',
  'invariant-set':
    'The set {x in domain: B(x) >= 0} is not empty, does not meet the boundary of the domain, and B increases ' +
    'strictly along solutions of MOTION wherever B = 0, and hence the set is forward invariant',
  'global-asymptotic-stability':
    'V is positive except at 0 and unbounded with |x|, V decreases strictly along every solution of MOTION ' +
    'except at x = 0, and hence every solution converges to 0, which is stable',
}

/** What a claim may have beside what all have, by property. */
const further: Readonly<Record<string, string>> = {
  'region-of-attraction': 'equilibrium rate time uncertain',
  stability: 'uncertain',
  'reach-avoid-stay': 'avoid goal initial inner uncertain',
  'invariant-set': 'uncertain',
  'invariant-polytope': 'equalities uncertain',
  'global-asymptotic-stability': 'rate',
}
const isName = (name: unknown) => typeof name === 'string' && /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)

/**
 * What is proved of a claim, in words; the checker vouches for these and no others. Undefined where the property is
 * not known, or the claim has parts or names that no sentence covers.
 */
export function statementOf(claim: Claim): string | undefined {
  const { property, rate = 0, time, equilibrium, equalities, uncertain = [] } = claim
  const sentence = `${time === undefined ? '' : `${time} `}${property}`
  const keys = Object.hasOwn(sentences, sentence)
    ? `domain level property statement ${further[property]}`
    : ''
  // what LaSalle's theorem and an equilibrium need
  const kinds = property === 'stability' || equilibrium ? ['parameter'] : ['parameter', 'disturbance']
  const isCovered =
    // ['discrete'] prints as 'discrete', and is no such thing
    [property, time ?? ''].every((word) => typeof word === 'string') &&
    Object.keys(claim).every((key) => keys.split(' ').includes(key)) &&
    uncertain.every(({ name, kind }) => isName(name) && kinds.includes(kind))
  if (!isCovered) return undefined
  const list = (kind: string, prefix: string, suffix = '') => {
    const some = uncertain
      .filter((u) => u.kind === kind)
      .map((u) => `${u.name} in [${u.interval.join(', ')}]`)
    return some.length === 0 ? [] : [`${prefix} ${some.join(', ')}${suffix}`]
  }
  const varying = time
    ? list('disturbance', 'every sequence')
    : list('disturbance', 'every measurable', ' of time')
  const scope = [...list('parameter', 'every constant'), ...varying].join(' and ')
  const shift = `${time ? 'f(x*) = x*' : 'f(x*) = 0'} at exactly one point x* of the box equilibrium, and with x for the deviation from it: ` // biome-ignore format: one line
  const motion = equilibrium ? 'f(x* + x)' : 'f(x)'
  const said: Readonly<Record<string, string>> = {
    SET: 'The set {x in domain: V(x) <= level} does not meet the boundary of the domain',
    MOTION: time ? `x+ = ${motion}${equilibrium ? ' - x*' : ''}` : `x' = ${motion}`,
    '[avoid]': claim.avoid ? ' nor any box of avoid' : '',
    '[initial]': claim.initial ? ' and contains the box initial' : '',
    '[goal]': claim.goal ? ', which lies within the box goal' : '',
    '[equalities]': equalities ? `, with equality in the rows ${equalities.join(', ')}` : '',
  }
  const decay = time ? `V(x(k)) <= (1 - ${rate})^k V(x(0))` : `V(x(t)) <= exp(-${rate} t) V(x(0))`
  const words = sentences[sentence].replace(/SET|MOTION|\[\w+\]/g, (part) => said[part])
  return `${scope && `For ${scope}: `}${equilibrium ? shift : ''}${words}${rate > 0 ? `; moreover ${decay}` : ''}.`
}
