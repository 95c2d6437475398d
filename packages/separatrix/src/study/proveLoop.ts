import type { Field } from '@separatrix/field'
import { checkCertificate } from '@separatrix/lyapunov'
import type { Terminal } from '../terminal/terminal.js'
import type { Outcome } from './outcome.js'
import { prove } from './prove.js'

/** A controller with its loop, its V and what was proved. */
export interface ProvedLoop {
  /** torque as a function of the state */
  readonly controller: Field
  readonly loop: Field
  readonly V: Field
  readonly outcome: Outcome
  /** milliseconds that the independent check took */
  readonly checked: number
}

interface LoopToProve extends Pick<ProvedLoop, 'controller' | 'loop' | 'V'> {
  readonly domain: readonly (readonly [number, number])[]
  readonly rate?: number
}

/** Proves a region and has the independent program prove it again. */
export function proveLoop(
  { controller, loop, V, domain, rate }: LoopToProve,
  what: string,
  terminal: Terminal,
): ProvedLoop {
  const outcome = prove({ field: loop, V, domain, rate }, what, terminal)
  const bar = terminal.progress('Checking that proof')
  const start = terminal.now()
  try {
    if (outcome.certificate !== undefined) {
      const { valid, reason } = checkCertificate(outcome.certificate)
      // a proof that the checker refuses is a defect of one of the two and must not be reported as proved
      if (!valid) throw new Error(`${what}: the certificate does not check: ${reason}`)
    }
    return { controller, loop, V, outcome, checked: terminal.now() - start }
  } finally {
    bar.stop()
  }
}
