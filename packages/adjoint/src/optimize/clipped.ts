import { misuse } from '@separatrix/field/core'
import { norm } from './blocks.js'
import type { Optimizer, PlainData } from './optimizer.js'
import { positive } from './settings.js'

export interface ClippedOptions {
  /** longest gradient: a longer one is shortened to this norm */
  readonly norm?: number
  /** largest entry: larger ones are cut to ± this */
  readonly entry?: number
}

/**
 * The optimiser on clipped gradients: g ← g·min(1, norm/|g|), then each entry cut to ±entry. Pascanu, Mikolov &
 * Bengio, ICML 2013, algorithm 1. A gradient within the bounds passes bit for bit.
 * @example clipped(sgd({ rate: 0.1 }), { norm: 1 })
 */
export function clipped<State extends PlainData>(
  optimizer: Optimizer<State>,
  { norm: longest, entry }: ClippedOptions,
): Optimizer<State> {
  if (optimizer.name === 'lbfgs')
    throw misuse({
      where: 'clipped',
      expected: 'an optimiser that follows one gradient a step',
      got: 'lbfgs, whose line search needs the gradients as they are',
      try: 'clipped(adam({ rate: 1e-3 }), { norm: 1 })',
      code: 'optimizer-setting',
    })
  if (longest === undefined && entry === undefined)
    throw misuse({
      where: 'clipped',
      expected: 'a norm or an entry to clip at',
      got: 'neither',
      try: '{ norm: 1 }',
      code: 'optimizer-setting',
    })
  if (longest !== undefined) positive('clipped', 'norm', longest)
  if (entry !== undefined) positive('clipped', 'entry', entry)
  let short = new Float64Array(0)
  return {
    name: `clipped(${optimizer.name})`,
    init: optimizer.init,
    step(state, theta, gradient, objective) {
      if (short.length !== gradient.length) short = new Float64Array(gradient.length)
      const length = longest === undefined ? 0 : norm(gradient, 0, gradient.length)
      const factor = longest !== undefined && length > longest ? longest / length : 1
      for (let i = 0; i < short.length; i++) {
        const g = factor * gradient[i]
        short[i] = entry === undefined ? g : Math.min(entry, Math.max(-entry, g))
      }
      optimizer.step(state, theta, short, objective)
    },
    ...(optimizer.answer && { answer: optimizer.answer }),
  }
}
