import { misuse, show } from '@separatrix/field/core'

/** Refuses a setting that is not finite, below `least`, or not above `above`. */
export function expectNumber(
  where: string,
  name: string,
  value: unknown,
  { least = Number.NEGATIVE_INFINITY, above = Number.NEGATIVE_INFINITY } = {},
): void {
  if (typeof value === 'number' && Number.isFinite(value) && value >= least && value > above) return
  const bound =
    least > Number.NEGATIVE_INFINITY ? ` ≥ ${least}` : above > Number.NEGATIVE_INFINITY ? ` > ${above}` : ''
  throw misuse({
    where,
    expected: `a finite ${name}${bound}`,
    got: show(value),
    try: `${name}: ${Math.max(1, least)}`,
  })
}
