import type { Outcome } from '../study/outcome.js'
import type { ProofJob } from '../study/proofJob.js'
import { plain, roundedDown } from './format.js'

/** What a region-of-attraction proof says, in words. */
export function guarantee(level: number, rate?: number): string {
  const decay = rate === undefined ? '' : `, where V falls at least as fast as e^(−${plain(rate)} t)`
  return `Every state with V(x) ≤ ${plain(roundedDown(level))} stays in that set for ever and converges to the origin${decay}. The proof covers all of it: rounding, the neighbourhood of the origin, and that the set does not touch the boundary of the domain.`
}

/** What was proved, in words for people; the certificate has those that count. */
export function provedWords(job: ProofJob, { level }: Outcome): string {
  const { property, rate, time, inner, initial, goal, avoid = [], equilibrium } = job
  const c = plain(roundedDown(level))
  const centre = equilibrium === undefined ? 'the origin' : 'the equilibrium'
  const words: Readonly<Record<ProofJob['property'], () => string>> = {
    'region-of-attraction': () =>
      time === 'discrete'
        ? `Every step from a state with V(x) ≤ ${c} leads into that set again, and the iterates converge to ${centre}${rate === undefined ? '' : `, V falling to at most ${plain(1 - rate)} of itself in each step`}.`
        : `Every state with V(x) ≤ ${c} stays in that set for ever and converges to ${centre}${rate === undefined ? '' : `, where V falls at least as fast as e^(−${plain(rate)} t)`}.`,
    stability: () =>
      `The origin is stable, V never rises where V(x) ≤ ${c}, and every solution in that set converges to the largest invariant set of its points with V̇ = 0 (LaSalle), which may be more than the origin.`,
    'global-asymptotic-stability': () =>
      'Every solution, from anywhere, converges to the origin, which is stable.',
    'invariant-set': () => 'No solution that starts in the set leaves it.',
    'reach-avoid-stay': () =>
      [
        `Every solution from V(x) ≤ ${c} stays there, comes to V(x) ≤ ${plain(inner ?? 0)} in finite time, and stays there.`,
        ...(initial ? ['The box to start from lies in the former set'] : []),
        ...(goal ? ['the latter lies in the box to come to'] : []),
        ...(avoid.length > 0 ? ['no box to avoid meets the former'] : []),
      ]
        .join('; ')
        .replace('.; ', '. ')
        .replace(/([^.])$/, '$1.'),
  }
  return `${quantifier(job)}${words[property]()}`
}

/** For every … of what is uncertain. */
function quantifier({ unknowns, time }: ProofJob): string {
  const list = (bounds: Readonly<Record<string, readonly [number, number]>> = {}) =>
    Object.entries(bounds).map(([name, [lo, hi]]) => `${name} in [${plain(lo)}, ${plain(hi)}]`)
  const [constants, functions] = [list(unknowns?.params), list(unknowns?.disturbance)]
  const varying = time === 'discrete' ? 'every sequence' : 'every function of time'
  const parts = [
    ...(constants.length > 0 ? [`every constant ${constants.join(', ')}`] : []),
    ...(functions.length > 0 ? [`${varying} ${functions.join(', ')}`] : []),
  ]
  return parts.length === 0 ? '' : `For ${parts.join(' and ')}: `
}

const endings = {
  time: 'its time was up',
  boxes: 'its boxes were used up',
  interrupt: 'it was interrupted',
} as const

/** How an early end came about and how far it had come; `undefined` where the proof ran to its end. */
export function endingWords({ endedBy, settled }: Outcome): string | undefined {
  if (endedBy === undefined) return undefined
  const share =
    settled === undefined ? '' : `, ${plain(Math.floor(1000 * settled) / 10)} % of the domain settled`
  return `${endings[endedBy]}${share}`
}

/** What may help where a proof failed or ended early. */
export function adviceOf(
  { level, property, rate, limits }: ProofJob,
  { kind, endedBy, box }: Outcome,
): string | undefined {
  if (endedBy === 'interrupt') return 'letting it run longer'
  if (endedBy !== undefined)
    return `limits: { ${endedBy}: ${plain(10 * (limits?.[endedBy] ?? 1))} } or none, or a smaller domain`
  if (kind === 'proved') return undefined
  const others = rate === undefined ? 'another candidate' : 'a smaller rate, or another candidate'
  if (kind === 'refuted' && level !== undefined && property !== 'reach-avoid-stay')
    return `a lower level (without one the largest provable level is searched), or ${others}`
  if (property === 'invariant-set') return 'a set whose boundary the field crosses inward where it got stuck'
  if (property === 'reach-avoid-stay')
    return `levels inner and level further from where it failed, or ${others}`
  if (property === 'global-asymptotic-stability')
    return 'a polynomial candidate whose V̇ is negative by its monomials, or property: region-of-attraction'
  return box === undefined ? others : `${others}, or a domain without the place where it got stuck`
}

/** How a reader can check a certificate. */
export function checkNote(path: string) {
  return {
    title: 'Check it yourself',
    text: 'The certificate holds the equations, V and the bisection of the domain. A separate program, which shares no code with the prover, proves it again. In a clone of the project:',
    code: `npx --yes pnpm@12 separatrix check ${path}`,
  }
}
