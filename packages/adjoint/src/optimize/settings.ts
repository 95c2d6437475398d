import { misuse, show } from '@separatrix/field/core'
import type { Rate } from './optimizer.js'

/** The rate of a step, refused unless positive and finite: a schedule's mistake would ruin θ silently. */
export function rateAt(where: string, rate: Rate, step: number): number {
  const value = typeof rate === 'number' ? rate : rate(step)
  return positive(where, 'rate', value)
}

export function positive(where: string, name: string, value: number): number {
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value
  throw misuse({
    where,
    expected: `a positive ${name}`,
    got: show(value),
    try: `${name}: 0.01`,
    code: 'optimizer-setting',
  })
}

/** A number in [0, 1), as averaging factors are. */
export function fraction(where: string, name: string, value: number): number {
  if (typeof value === 'number' && value >= 0 && value < 1) return value
  throw misuse({
    where,
    expected: `${name} in [0, 1)`,
    got: show(value),
    try: `${name}: 0.9`,
    code: 'optimizer-setting',
  })
}

export function zeros(length: number): number[] {
  return Array.from({ length }, () => 0)
}
