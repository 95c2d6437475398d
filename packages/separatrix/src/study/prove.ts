import type { Field } from '@separatrix/field'
import { type Certificate, certify, type Region, regionOfAttraction } from '@separatrix/lyapunov'
import type { Terminal } from '../terminal/terminal.js'

/** A region-of-attraction proof, whether a level was given or searched for, and how long it took. */
export interface Outcome {
  readonly kind: 'proved' | 'refuted' | 'unknown'
  readonly message: string
  /** the proved level, 0 where nothing was proved */
  readonly level: number
  /** a level above which this V proves nothing more on this domain */
  readonly refuted?: number
  /** κ of V(x(t)) ≤ e^(−κt) V(x(0)), where it was asked for */
  readonly rate?: number | undefined
  readonly limitedBy?: 'decrease' | 'domain'
  /** where V does not decrease, or not at the rate */
  readonly point?: Float64Array
  readonly certificate?: Certificate
  readonly stats: Region['stats']
  readonly milliseconds: number
}

export interface ProofTask {
  readonly field: Field
  readonly V: Field
  readonly domain: readonly (readonly [number, number])[]
  /** the level to prove; the largest one is searched for where it is left out */
  readonly level?: number | undefined
  /** κ of V(x(t)) ≤ e^(−κt) V(x(0)), proved along */
  readonly rate?: number | undefined
}

/** What the point of an outcome shows. */
export function fault({ rate }: Outcome): string {
  return rate === undefined ? 'V does not decrease at' : 'V does not fall at that rate at'
}

/** Runs the prover with a progress bar. */
export function prove({ level, rate, ...task }: ProofTask, what: string, terminal: Terminal): Outcome {
  const problem = { ...task, ...(rate !== undefined && { rate }) }
  const bar = terminal.progress(what)
  const start = terminal.now()
  try {
    if (level === undefined) {
      const region = regionOfAttraction({
        ...problem,
        onProgress: ({ proved, refuted }) => bar.update(proved / refuted, `V ≤ ${proved.toPrecision(3)}`),
      })
      const [proved, refuted] = region.level
      const { status: kind, message, certificate, refutedAt: point, limitedBy, stats } = region
      const milliseconds = terminal.now() - start
      return {
        kind,
        message,
        level: proved,
        refuted,
        rate,
        certificate,
        point,
        limitedBy,
        stats,
        milliseconds,
      }
    }
    const verdict = certify({ ...problem, level, property: 'region-of-attraction' })
    const common = {
      kind: verdict.kind,
      rate,
      message: verdict.kind === 'proved' ? verdict.message : verdict.reason,
      stats: verdict.stats,
      milliseconds: terminal.now() - start,
    }
    if (verdict.kind === 'proved')
      return { ...common, level: verdict.level, certificate: verdict.certificate }
    return {
      ...common,
      level: 0,
      ...(verdict.kind === 'refuted' && { refuted: level, point: verdict.point }),
    }
  } finally {
    bar.stop()
  }
}
