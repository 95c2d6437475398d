import {
  Builder,
  combine,
  decompose,
  embed,
  type Field,
  fromJSON,
  gradient,
  lieDerivative,
  makeField,
  misuse,
  type Ref,
  scalarize,
} from '@separatrix/field/core'
import type { Certificate } from '../certify/certificate.js'
import { exponentsOf, type Polynomial, polynomialIn, type Rational, rational } from '../certify/polynomial.js'

/** A question to a solver, in SMT-LIB 2 (QF_NRA). */
export interface SmtQuery {
  /** which part of the claim its answer `unsat` proves */
  readonly claim: string
  /** a whole script, ending in (check-sat) */
  readonly text: string
}

/**
 * The negations of what a certificate claims of polynomials, in real arithmetic with exact coefficients: the claim holds
 * if a solver answers `unsat` to each. They follow the claim alone, not its proof. That an equilibrium or a point of a set
 * exists is no question of this form. Throws of anything else than polynomials.
 * @example
 * const field = system({ state: ['x'], dynamics: { x: '-x + x^3' } })
 * const verdict = certify({ field, V: expression('x^2', ['x']), domain: [[-2, 2]], level: 0.9 })
 * if (verdict.kind === 'proved') smtlib(verdict.certificate).map(({ claim }) => claim) // ['V decreases', 'x = -2', 'x = 2']
 */
export function smtlib(certificate: Certificate): SmtQuery[] {
  const { claim } = certificate
  const [system, W] = [fromJSON(certificate.system), fromJSON(certificate.candidate)]
  const quoted = (names: readonly string[]) => names.map((name) => `|${name}|`)
  const f = { ...system, stateNames: quoted(system.stateNames), inputNames: quoted(system.inputNames) }
  const problem = { claim, f, W, centre: claim.equilibrium === undefined ? undefined : f.stateSize }
  return queries[claim.property](problem).map(({ claim: name, assertions }) => ({
    claim: name,
    text: script(problem, assertions),
  }))
}

interface Problem {
  readonly claim: Certificate['claim']
  readonly f: Field
  readonly W: Field
  /** the number of states, where the state is the deviation from an equilibrium */
  readonly centre: number | undefined
}

interface Query {
  readonly claim: string
  readonly assertions: readonly string[]
}

const queries: Readonly<Record<Certificate['claim']['property'], (problem: Problem) => Query[]>> = {
  'region-of-attraction': (p) => {
    const inside = ['domain', `(<= ${termOf(p, p.W)} ${number(p.claim.level)})`, notAtZero(p)]
    // where V < 0, V̇ < −κV lets V rise
    const isRising = `(>= ${rateOf(p)} 0.0)`
    const failure = p.claim.rate === undefined ? isRising : `(or ${isRising} (< ${termOf(p, p.W)} 0.0))`
    const decrease = { claim: 'V decreases', assertions: [...inside, failure] }
    if (p.claim.time !== 'discrete') return [decrease, ...faces(p), ...unique(p)]
    const steps = p.f.stateNames.flatMap((name, i) => {
      const to = termOf(p, entry(motion(p), i))
      const [lo, hi] = p.claim.domain[i].map(number)
      return {
        claim: `${unquoted(name)} stays in the domain`,
        assertions: [...inside.slice(0, 2), `(or (< ${to} ${lo}) (> ${to} ${hi}))`],
      }
    })
    return [decrease, ...steps, ...unique(p)]
  },
  stability: (p) => [
    {
      claim: 'V does not increase',
      assertions: ['domain', `(<= ${termOf(p, p.W)} ${number(p.claim.level)})`, `(> ${rateOf(p)} 0.0)`],
    },
    ...faces(p),
  ],
  'reach-avoid-stay': (p) => {
    const value = termOf(p, p.W)
    const { level, inner = level, initial, goal, avoid = [] } = p.claim
    const within = (box: readonly (readonly [number, number])[]) => sidesOf(p, box)
    return [
      {
        claim: 'V decreases',
        assertions: ['domain', `(>= ${value} ${number(inner)})`, `(<= ${value} ${number(level)})`, `(>= ${rateOf(p)} 0.0)`],
      },
      ...faces(p),
      ...avoid.map((box, i) => ({ claim: `avoid ${i}`, assertions: [within(box), 'domain', `(<= ${value} ${number(level)})`] })),
      ...(initial ? [{ claim: 'initial', assertions: [within(initial), `(or (not domain) (> ${value} ${number(level)}))`] }] : []),
      ...(goal ? [{ claim: 'goal', assertions: ['domain', `(<= ${value} ${number(inner)})`, `(not ${within(goal)})`] }] : []),
    ]
  },
  'invariant-set': (p) => {
    const value = termOf(p, p.W)
    const outside = { ...p, W: negated(p.W), claim: { ...p.claim, level: 0 } }
    return [
      { claim: 'B increases', assertions: ['domain', `(= ${value} 0.0)`, `(<= ${rateOf(p)} 0.0)`] },
      ...faces(outside),
    ]
  },
  'invariant-polytope': (p) => {
    const rows = Array.from({ length: p.W.outputSize }, (_, i) => entry(p.W, i))
    const { equalities = [], domain } = p.claim
    const set = ['domain', ...rows.map((row, i) => `(${equalities.includes(i) ? '=' : '<='} ${termOf(p, row)} 0.0)`)]
    const sides = domain.flatMap((ends, i) =>
      ends.map((end, k) => ({
        claim: `${unquoted(p.f.stateNames[i])} = ${end}`,
        at: `(= ${p.f.stateNames[i]} ${number(end)})`,
        rate: `(${k === 0 ? '<' : '>'} ${termOf(p, entry(p.f, i))} 0.0)`,
      })),
    )
    const faced = rows.map((row, i) => {
      const rate = termOf(p, lieDerivative(row, p.f))
      const isEqual = equalities.includes(i)
      return { claim: `row ${i}`, at: `(= ${termOf(p, row)} 0.0)`, rate: isEqual ? `(not (= ${rate} 0.0))` : `(> ${rate} 0.0)` }
    })
    return [...faced, ...sides].map(({ claim, at, rate }) => ({ claim, assertions: [...set, at, rate] }))
  },
  'global-asymptotic-stability': (p) => [
    { claim: 'V is positive', assertions: [notAtZero(p), `(<= ${termOf(p, p.W)} 0.0)`] },
    { claim: 'V decreases', assertions: [notAtZero(p), `(>= ${rateOf(p)} 0.0)`] },
  ],
} // biome-ignore format: one query a line

/** Exactly one equilibrium: none at all, and two different ones, are both impossible. */
function unique(p: Problem): Query[] {
  const { equilibrium, time } = p.claim
  if (equilibrium === undefined) return []
  const n = p.f.stateSize
  const residual = (i: number) => termOf(p, time === 'discrete' ? entry(fixed(p.f), i) : entry(p.f, i))
  const rows = Array.from({ length: n }, (_, i) => `(= ${residual(i)} 0.0)`)
  return [{ claim: 'no second equilibrium', assertions: [sidesOf(p, equilibrium), ...rows, notAtCentre(p)] }]
}

const starOf = (name: string) => `${name.slice(0, -1)}*|`
const notAtCentre = ({ f }: Problem) =>
  `(or ${f.stateNames.map((name, i) => `(not (= ${name} ${starOf(f.stateNames[i])}))`).join(' ')})`
const notAtZero = ({ f }: Problem) => `(or ${f.stateNames.map((name) => `(not (= ${name} 0.0))`).join(' ')})`

/** V above the level on each face of the domain. */
const faces = (p: Problem): Query[] =>
  p.claim.domain.flatMap((ends, i) =>
    ends.map((end) => ({
      claim: `${unquoted(p.f.stateNames[i])} = ${end}`,
      assertions: [
        'domain',
        `(= ${p.f.stateNames[i]} ${number(end)})`,
        `(<= ${termOf(p, p.W)} ${number(p.claim.level)})`,
      ],
    })),
  )

const unquoted = (name: string) => name.slice(1, -1)
const entry = (f: Field, i: number) => combine([f], (b, place) => b.gather(place(f), [i]))
const negated = (f: Field) => combine([f], (b, place) => b.neg(place(f)))
const fixed = (f: Field) => combine([f], (b, place) => b.sub(place(f), b.leaf('state', f.stateSize)))

/** f, or f(x* + x), of a map less x*; x* comes before the inputs. */
function motion({ f, centre: n, claim }: Problem): Field {
  if (n === undefined) return f
  const b = new Builder()
  const inputs = b.leaf('input', n + f.inputSize)
  const range = (start: number, count: number) => Array.from({ length: count }, (_, i) => start + i)
  const at = b.gather(inputs, range(0, n))
  const value = embed(b, f, {
    state: b.add(at, b.leaf('state', n)),
    ...(f.inputSize > 0 && { input: b.gather(inputs, range(n, f.inputSize)) }),
  })
  const names = [...f.stateNames.map((s) => starOf(s)), ...f.inputNames]
  return makeField(b, claim.time === 'discrete' ? b.sub(value, at) : value, { ...f, inputNames: names })
}

/** V̇ + κV, or V(f(x)) − V(x) + κV(x), as a term. */
function rateOf(p: Problem): string {
  const { W, claim } = p
  const f = motion(p)
  const b = new Builder()
  const V = embed(b, W)
  const change =
    claim.time === 'discrete'
      ? b.sub(embed(b, W, { state: embed(b, f) }), V)
      : b.dot(embed(b, gradient(W)), embed(b, f))
  const rate: Ref = claim.rate === undefined ? change : b.add(change, b.mul(b.constant(claim.rate, true), V))
  return termOf(p, makeField(b, rate, f))
}

function termOf(p: Problem, field: Field): string {
  const f = scalarize(field)
  const polynomial = polynomialIn(f, [])
  if (polynomial === undefined)
    throw misuse({
      where: 'smtlib',
      expected: 'a certificate about polynomials',
      got: `${field.name}, which is none, or one of too many terms`,
      try: 'checkCertificate, which is not limited to these',
    })
  const moved =
    p.centre === undefined || f.inputSize === p.f.inputSize ? [] : p.f.stateNames.map((s) => starOf(s))
  return term(polynomial, [...p.f.stateNames, ...moved, ...p.f.inputNames])
}

function term(p: Polynomial, names: readonly string[]): string {
  const terms = [...p].map(([m, c]) => {
    const factors = exponentsOf(m).flatMap((e, i) => new Array<string>(e).fill(names[i]))
    return factors.length === 0 ? fraction(c) : `(* ${[fraction(c), ...factors].join(' ')})`
  })
  return terms.length === 0 ? '0.0' : terms.length === 1 ? terms[0] : `(+ ${terms.join(' ')})`
}

function fraction({ top, bottom }: Rational): string {
  const size = `${top < 0n ? -top : top}.0`
  const value = bottom === 1n ? size : `(/ ${size} ${bottom}.0)`
  return top < 0n ? `(- ${value})` : value
}

/** A double, exactly. */
function number(x: number): string {
  const { significand, exponent } = decompose(Math.abs(x))
  const signed = x < 0 ? -significand : significand
  return fraction(
    exponent >= 0 ? rational(signed << BigInt(exponent)) : rational(signed, 1n << BigInt(-exponent)),
  )
}

const between = (name: string, [lo, hi]: readonly [number, number]) =>
  `(<= ${number(lo)} ${name} ${number(hi)})`
const sidesOf = ({ f }: Problem, box: readonly (readonly [number, number])[]) =>
  `(and ${box.map((side, i) => between(f.stateNames[i], side)).join(' ')})`

function script(p: Problem, assertions: readonly string[]): string {
  const { claim, f } = p
  const uncertain = claim.uncertain ?? []
  const stars = claim.equilibrium === undefined ? [] : f.stateNames.map((s) => starOf(s))
  const names = [...f.stateNames, ...stars, ...f.inputNames]
  const own = [
    ...stars.map((name, i) => between(name, (claim.equilibrium ?? [])[i])),
    ...uncertain.map((u, i) => between(f.inputNames[i], u.interval)),
    ...(stars.length === 0 ? [] : atStar(p)),
  ]
  return [
    '(set-logic QF_NRA)',
    ...names.map((name) => `(declare-const ${name} Real)`),
    `(define-fun domain () Bool ${claim.domain.length === 0 ? 'true' : sidesOf(p, claim.domain)})`,
    ...[...own, ...assertions].map((a) => `(assert ${a})`),
    '(check-sat)',
    '',
  ].join('\n')
}

/** f(x*) = 0, or f(x*) = x*. */
function atStar(p: Problem): string[] {
  const f = motion(p)
  const b = new Builder()
  const value = embed(b, f, { state: b.zeros(f.stateSize) })
  const still = makeField(b, value, f)
  return Array.from({ length: f.stateSize }, (_, i) => `(= ${termOf(p, entry(still, i))} 0.0)`)
}
