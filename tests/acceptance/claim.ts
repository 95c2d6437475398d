import type { Verdict } from '@separatrix/lyapunov'

/** A claim whose truth is known without the prover. */
export interface Claim {
  readonly name: string
  readonly kind: string
  readonly isTrue: boolean
  /** what an outsider is promised; of a false claim anything but `proved` is sound */
  readonly expected: Verdict['kind']
  /** what the message must say, where an outsider needs the reason */
  readonly says?: RegExp
  readonly verdict: () => Verdict | Promise<Verdict>
}
