import { combine, type Field, literal, printStatements, scalarize } from '@separatrix/field/core'
import { slot } from '../state.js'
import type { TraceLevel } from '../trace.js'
import { resolvePartition } from './separability.js'
import type { Splitting } from './types.js'

const lines = (...parts: readonly string[]) => parts.filter((part) => part !== '').join('\n')

/** Components of a field's value, as a field. */
const select = (field: Field, rows: readonly number[]) =>
  scalarize(combine([field], (b, place) => b.concat(rows.map((i) => b.gather(place(field), [i])))))

/**
 * Prints equal steps of a splitting method with everything in locals. A kick that ends a step and one that
 * begins the next see the same positions: their force is computed once.
 */
export function printSplitting(method: Splitting, field: Field, trace: TraceLevel): string {
  const n = field.stateSize
  const parts = resolvePartition(method.name, n, method.partition)
  const rates = { kick: select(field, parts.p), drift: select(field, parts.q) }
  const moves = { kick: parts.p, drift: parts.q }
  const each = (statement: (i: number) => string) =>
    Array.from({ length: n }, (_, i) => statement(i)).join('\n')
  const names = (field: Field, time: string) => ({
    time,
    state: (i: number) => `y_${i}`,
    theta: (i: number) => (field.theta.length <= 64 ? `p_${i}` : `theta[${i}]`),
    input: (i: number) => `input[${i}]`,
  })
  const evaluate = (
    kind: 'kick' | 'drift',
    k: number | string,
    time: string,
    target: (i: number) => string,
  ) => {
    const options = { prefix: `v${k}_`, invariantPrefix: kind === 'kick' ? 'w' : 'u' }
    const { body, outputs } = printStatements(rates[kind], names(field, time), options)
    return lines('{', ...body, ...outputs.map((value, i) => `${target(i)} = ${value}`), '}')
  }
  const invariants = (['kick', 'drift'] as const).flatMap(
    (kind) =>
      printStatements(rates[kind], names(field, 't'), {
        prefix: 'v',
        invariantPrefix: kind === 'kick' ? 'w' : 'u',
      }).invariant,
  )
  const [first, last] = [method.substeps[0], method.substeps[method.substeps.length - 1]]
  const carries = first?.[0] === last?.[0]
  const kindOfFirst = first?.[0] ?? 'kick'
  const force = (i: number) => `g_${i}`
  // time runs with the drifts for kicks, and with the kicks for drifts
  const passed = { kick: 0, drift: 0 }
  const substeps = method.substeps.map(([kind, part], k) => {
    const progress = kind === 'kick' ? passed.drift : passed.kick
    passed[kind] += part
    const time =
      progress === 0 ? 't' : Math.abs(progress - 1) < 1e-15 ? 'tEnd' : `(t + ${literal(progress)} * h)`
    const local =
      carries && (k === 0 || k === method.substeps.length - 1) ? force : (i: number) => `r${k}_${i}`
    const reuse = carries && k === 0
    return lines(
      reuse ? '' : local === force ? '' : `let ${moves[kind].map((_, i) => local(i)).join(', ')}`,
      reuse ? '' : evaluate(kind, k, time, local),
      ...moves[kind].map((c, i) => `y_${c} += h${k} * ${local(i)}`),
    )
  })
  return lines(
    `'use strict'`,
    'return function(state, trace, count, theta, f, work, h, end) {',
    'const R = state.registers, Y = state.y',
    `const base = R[${slot.base}], index = R[${slot.index}]`,
    ...Array.from(field.theta, (_, i) => (field.theta.length <= 64 ? `const p_${i} = theta[${i}]` : '')),
    ...invariants,
    each((i) => `let y_${i} = Y[${i}]`),
    ...method.substeps.map(([, part], k) => `const h${k} = h * ${literal(part)}`),
    trace === 'none' ? '' : `const TT = trace.t, TH = trace.h, TY = trace.y; TT[0] = R[${slot.time}]`,
    trace === 'none' ? '' : each((i) => `TY[${i}] = y_${i}`),
    carries ? `let ${moves[kindOfFirst].map((_, i) => force(i)).join(', ')}` : '',
    carries ? `{ const t = R[${slot.time}]\n${evaluate(kindOfFirst, 's', 't', force)} }` : '',
    // times one makes it a double for the engine too: a whole number here would be boxed at every step
    'const finish = 1 * (end === end ? end : base + (index + count) * h)',
    'for (let step = 0; step < count; step++) {',
    'const t = base + (index + step) * h',
    'const tEnd = step === count - 1 ? finish : base + (index + step + 1) * h',
    ...substeps,
    trace === 'none' ? '' : `TH[step] = h; TT[step + 1] = tEnd; const p = (step + 1) * ${n}`,
    trace === 'none' ? '' : each((i) => `TY[p + ${i}] = y_${i}`),
    '}',
    each((i) => `Y[${i}] = y_${i}`),
    `R[${slot.evaluations}] += count * ${method.substeps.length - (carries ? 1 : 0)}${carries ? ' + 1' : ''}`,
    'return count',
    '}',
  )
}
