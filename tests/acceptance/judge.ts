import { checkCertificate, type Verdict } from '@separatrix/lyapunov'
import type { Claim } from './claim.js'

export interface Judgement {
  readonly kind: Verdict['kind'] | 'threw'
  readonly message: string
  /** what is wrong, if anything: unsound, short of what was promised, a reason that is not told, a check that fails */
  readonly faults: readonly string[]
  readonly milliseconds: number
  readonly verdict?: Verdict
}

/** Runs a claim as an outsider would, and says what is wrong with the answer. */
export async function judge(claim: Claim, clock: () => number): Promise<Judgement> {
  const start = clock()
  try {
    const verdict = await claim.verdict()
    const milliseconds = clock() - start
    const { kind, message } = verdict
    return { kind, message, milliseconds, verdict, faults: faultsOf(claim, verdict) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { kind: 'threw', message, faults: ['an exception'], milliseconds: clock() - start }
  }
}

function faultsOf({ isTrue, expected, says }: Claim, verdict: Verdict): string[] {
  const faults: string[] = []
  if (verdict.kind === 'proved' && !isTrue) faults.push('UNSOUND')
  if (verdict.kind === 'refuted' && isTrue) faults.push('REFUTED, though true')
  if (verdict.kind !== expected) faults.push(`${verdict.kind}, expected ${expected}`)
  if (says !== undefined && !says.test(verdict.message)) faults.push(`it does not say ${says}`)
  if (verdict.kind !== 'proved') return faults
  const text = JSON.stringify(verdict.certificate)
  const { valid, reason } = checkCertificate(text)
  if (!valid) faults.push(`the certificate fails: ${reason}`)
  return faults
}
