import { type Loss, sampledLoss } from '@separatrix/adjoint'
import {
  Builder,
  embed,
  expectField,
  type Field,
  makeField,
  misuse,
  pushforward,
  type Ref,
  shareTheta,
  show,
  withTheta,
} from '@separatrix/field/core'
import type { Sampler } from './samplers.js'

export interface HybridBarrierLossOptions {
  /** B of length m, each entry ≥ 0 where it is kept; it speaks of the trained field's θ by name */
  readonly barriers: Field
  /** α > 0 of Ḃ ≥ −αB */
  readonly alpha: number
  /** where the flow is asked */
  readonly sampler: Sampler
  /** states just before an impact, where the conditions before and after it are asked */
  readonly guard: Sampler
  /** Δ, the state after an impact from the one before; θ by name */
  readonly reset: Field
  /** further conditions ≥ 0 on the state before an impact (the impulse, say); θ by name */
  readonly before?: Field
  /** asked for beyond 0, so that what was not sampled is kept too; 0 */
  readonly margin?: number
  /** samples per step of either kind; 64 */
  readonly batch?: number
}

/**
 * Barriers of a system with impacts: the mean over x in the flow's samples and y before impacts of
 * Σᵢ max(0, −(Ḃᵢ(x) + α(Bᵢ(x) − m))) + Σᵢ max(0, m − Bᵢ(Δ(y))) + Σⱼ max(0, m − Cⱼ(y)). Where it is zero everywhere,
 * every impact lands in {B ≥ m}, which the flow then does not leave. Rodriguez, Csomay-Shanklin, Yue & Ames, "Neural Gaits:
 * learning bipedal locomotion via control barrier functions and zero dynamics policies", L4DC 2022. A small
 * loss proves nothing.
 * @example
 * const ball = system({ state: ['h', 'v'], dynamics: { h: 'v', v: '-9.81' } })
 * const bounce = system({ state: ['h', 'v'], dynamics: { h: 'h', v: '-0.8*v' } })
 * const energy = expression('20 - 9.81*h - v^2/2', ['h', 'v'])
 * hybridBarrierLoss({ barriers: energy, alpha: 1, sampler: box([[0, 1], [-4, 4]]), guard: box([[-1e-9, 0], [-4, 0]]), reset: bounce })
 */
export function hybridBarrierLoss({
  barriers,
  alpha,
  sampler,
  guard,
  reset,
  before,
  margin = 0,
  batch = 64,
}: HybridBarrierLossOptions): Loss {
  const where = 'hybridBarrierLoss'
  if (!(alpha > 0 && Number.isFinite(alpha)))
    throw misuse({ where, expected: 'α > 0', got: show(alpha), try: 'alpha: 1' })
  if (!(margin >= 0 && Number.isFinite(margin)))
    throw misuse({ where, expected: 'a margin ≥ 0', got: show(margin), try: 'margin: 0.05' })
  return {
    name: where,
    bind(field, _data, execution) {
      const n = field.stateSize
      checkShapes(field, { barriers, reset, before })
      const b = new Builder()
      const all = b.leaf('state', 2 * n)
      const [x, y] = [0, n].map((from) =>
        b.gather(
          all,
          Array.from({ length: n }, (_, i) => from + i),
        ),
      )
      const put = (guest: Field, state: Ref) => embed(b, shareTheta(guest, field), { state })
      const floor = b.constant(margin)
      const missing = (slack: Ref) => b.sum(b.unary('relu', b.neg(slack)))
      const value = put(barriers, x)
      const flow = b.concat([put(field, x), b.zeros(n)])
      const rate = pushforward(b, value, new Map([[all, flow]]))
      const kept = b.sub(value, floor)
      const terms = [
        missing(b.add(rate, b.mul(b.constant(alpha), kept))),
        missing(b.sub(put(barriers, put(reset, y)), floor)),
        ...(before === undefined ? [] : [missing(b.sub(put(before, y), floor))]),
      ]
      const integrand = makeField(
        b,
        terms.reduce((sum, term) => b.add(sum, term)),
        { ...field, name: where, stateNames: [...field.stateNames, ...field.stateNames.map((s) => `${s}-`)] },
      )
      const [flowing, striking] = [new Float64Array(n), new Float64Array(n)]
      return sampledLoss({
        integrand,
        batch,
        execution,
        draw(random, z) {
          sampler.draw(random, flowing)
          guard.draw(random, striking)
          z.set(flowing)
          z.set(striking, n)
          return 0
        },
        restore: (theta) => ({ field: withTheta(field, theta) }),
      })
    },
  }
}

function checkShapes(
  field: Field,
  { barriers, reset, before }: Pick<HybridBarrierLossOptions, 'barriers' | 'reset' | 'before'>,
): void {
  const n = field.stateSize
  for (const guest of [field, barriers, reset, ...(before === undefined ? [] : [before])]) {
    expectField('hybridBarrierLoss', guest)
    const length = guest === field || guest === reset ? n : guest.outputSize
    if (guest.stateSize === n && guest.outputSize === length && guest.inputSize === 0) continue
    throw misuse({
      where: 'hybridBarrierLoss',
      expected: `a closed field, a reset R^${n} → R^${n} and barriers on its state`,
      got: `${guest.name}: R^${guest.stateSize} → R^${guest.outputSize}${guest.inputSize > 0 ? ', with inputs' : ''}`,
      try: 'closeLoop(plant, controller)',
      code: 'wrong-dimension',
    })
  }
}
