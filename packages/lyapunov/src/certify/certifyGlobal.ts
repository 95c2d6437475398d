import { combine, freeze, lieDerivative, misuse } from '@separatrix/field/core'
import { makeCertificate } from './certificate.js'
import type { RegionOptions } from './options.js'
import { isPositive, polynomialOf } from './polynomial.js'
import { checkTime } from './prepare.js'
import { unknown, type Verdict } from './verdict.js'

type GlobalOptions = Pick<
  RegionOptions,
  'field' | 'V' | 'rate' | 'time' | 'params' | 'disturbance' | 'equilibrium'
>

/**
 * Global asymptotic stability of a polynomial system by a polynomial candidate: V and −V̇ (or −V̇ − κV) are positive but at
 * 0, and V → ∞ with |x| (Barbashin & Krasovskii 1952), all by exact rational arithmetic on their coefficients. Only forms
 * that are positive by the signs of even monomials beside a quadratic part are recognised.
 */
export function certifyGlobal(options: GlobalOptions): Verdict {
  checkOptions(options)
  const { field, V, rate = 0 } = options
  const stats = { boxes: 0, leaves: 0 }
  if (field.inputSize > 0)
    throw misuse({
      where: 'certify',
      expected: 'a closed system',
      got: `inputs ${field.inputNames.join(', ')}`,
      try: 'closeLoop',
      code: 'open-input',
    })
  const [f, candidate] = [freeze(field), freeze(V)]
  const derivative = lieDerivative(candidate, f)
  const decrease = combine([derivative, candidate], (b, place) =>
    b.neg(b.add(place(derivative), b.mul(b.constant(rate, true), place(candidate)))),
  )
  const [value, fall] = [polynomialOf(candidate), polynomialOf(decrease)]
  if (value === undefined || fall === undefined)
    return unknown('global stability is proved for polynomials only, and V or V̇ is none', stats)
  const n = f.stateSize
  if (!isPositive(value, n, { isUnbounded: true }))
    return unknown(
      'V is not shown positive but at 0 and unbounded with |x| by the signs of its monomials',
      stats,
    )
  if (!isPositive(fall, n))
    return unknown('V̇ is not shown negative but at 0 by the signs of its monomials', stats)
  const certificate = makeCertificate(f, candidate, {
    claim: {
      property: 'global-asymptotic-stability',
      level: 0,
      domain: [],
      ...(rate > 0 && { rate }),
    },
    proof: { tree: [] },
  })
  return {
    kind: 'proved',
    level: Infinity,
    message: 'x = 0 is globally asymptotically stable',
    certificate,
    stats,
  }
}

/** Refuses what the proof would not cover: of a map, or for other parameters, the same polynomials say something else. */
function checkOptions({ rate, time, ...rest }: GlobalOptions): void {
  checkTime('certify', time, rate)
  const stray =
    time === 'discrete'
      ? "time: 'discrete'"
      : (['params', 'disturbance', 'equilibrium'] as const).find((k) => rest[k] !== undefined)
  if (stray !== undefined)
    throw misuse({
      where: 'certify',
      expected:
        "a vector field with its equilibrium at 0, all known, with the property 'global-asymptotic-stability'",
      got: stray,
      try: "the property 'region-of-attraction'",
    })
}
