import { type Field, literal, printStatements, vjp } from '@separatrix/field/core'
import type { ExplicitMethod } from '@separatrix/ode'
import { stageTable } from './stageTable.js'

/** How a stage's f and its vjp get into the loop: as statements, or as calls of compiled functions. */
type Form = 'inline' | 'call'

const range = (length: number) => Array.from({ length }, (_, i) => i)

/**
 * Prints the way back through consecutive steps of an explicit method without outputs inside: stages again,
 * then their cotangents, with all vectors of the state's length in locals. The generated function is (first,
 * last, from, tape: t, h, end; y, λ, μ, θ), with f and pull (the vjp) in scope.
 */
export function printReverse(method: ExplicitMethod, field: Field, form: Form): string {
  const { own, a, b, c } = stageTable(method)
  // θ and the shift of times
  const [n, p] = [field.stateSize, field.theta.length + 1]
  const stage = stagePrinter(field, form)
  const time = (s: number) => (c[s] === 0 ? 't0' : c[s] === 1 ? 't1' : `t0 + ${literal(c[s])} * h0`)
  const each = (line: (m: number) => string) => range(n).map(line)
  const weighted = (terms: readonly (readonly [number, string])[]) =>
    terms
      .filter(([weight]) => weight !== 0)
      .map(([weight, name]) => (weight === 1 ? name : `${literal(weight)} * ${name}`))
      .join(' + ')

  const forth = range(own).flatMap((s) => [
    ...(s === 0
      ? []
      : each(
          (m) =>
            `const Y${s}_${m} = Y0_${m} + h0 * (${weighted(a[s].map((w, j) => [w, `k${j}_${m}`])) || 0})`,
        )),
    // the last stage's slope is not needed: only its point is
    ...(s === own - 1 ? [] : stage.slope(s, time(s))),
  ])
  const back = range(own)
    .reverse()
    .flatMap((s) => [
      ...each((m) => {
        const later = range(own)
          .filter((j) => j > s)
          .map((j) => [a[j][s], `x${j}_${m}`] as const)
        return `const w${s}_${m} = h0 * (${weighted([[b[s], `l_${m}`], ...later]) || 0})`
      }),
      ...stage.pull(s, time(s)),
    ])
  return [
    `'use strict'`,
    `const P = new Float64Array(${n}), K = new Float64Array(${n})`,
    `const X = new Float64Array(${2 * n}), O = new Float64Array(${n + p})`,
    'return function(first, last, from, T, H, E, y, lambda, mu, theta) {',
    ...stage.before,
    ...each((m) => `let l_${m} = lambda[${m}]`),
    'for (let i = last - 1; i >= first; i--) {',
    `const t0 = T[i], h0 = H[i], t1 = E[i], o = (i - from) * ${n}`,
    ...each((m) => `const Y0_${m} = y[o + ${m}]`),
    ...forth,
    ...back,
    ...each(
      (m) =>
        `l_${m} += ${range(own)
          .map((s) => `x${s}_${m}`)
          .join(' + ')}`,
    ),
    '}',
    ...each((m) => `lambda[${m}] = l_${m}`),
    ...stage.after,
    '}',
  ].join('\n')
}

function stagePrinter(field: Field, form: Form) {
  const [n, p] = [field.stateSize, field.theta.length + 1]
  const load = (array: string, prefix: string, s: number, offset = 0) =>
    range(n).map((m) => `${array}[${offset + m}] = ${prefix}${s}_${m}`)
  if (form === 'call')
    return {
      before: [],
      after: [],
      slope: (s: number, time: string) => [
        ...load('P', 'Y', s),
        `f(${time}, P, K, theta)`,
        ...range(n).map((m) => `const k${s}_${m} = K[${m}]`),
      ],
      pull: (s: number, time: string) => [
        ...load('X', 'Y', s),
        ...load('X', 'w', s, n),
        `pull(${time}, X, O, theta)`,
        ...range(n).map((m) => `const x${s}_${m} = O[${m}]`),
        `for (let k = 0; k < ${p}; k++) mu[k] += O[${n} + k]`,
      ],
    }
  const pulled = vjp(field, { wrt: ['state', 'theta', 'time'] })
  const print = (f: Field, s: number, time: string, prefix: string) =>
    printStatements(
      f,
      {
        time,
        state: (i) => (i < n ? `Y${s}_${i}` : `w${s}_${i - n}`),
        theta: (i) => `p_${i}`,
        input: (i) => `input_${i}`,
      },
      { prefix: `${prefix}${s}_`, invariantPrefix: prefix },
    )
  return {
    before: [
      ...range(p - 1).map((k) => `const p_${k} = theta[${k}]`),
      ...range(p).map((k) => `let m_${k} = mu[${k}]`),
      ...print(field, 0, 't0', 'v').invariant,
      ...print(pulled, 0, 't0', 'r').invariant,
    ],
    after: range(p).map((k) => `mu[${k}] = m_${k}`),
    slope(s: number, time: string) {
      const { body, outputs } = print(field, s, `(${time})`, 'v')
      return [...body, ...outputs.map((value, m) => `const k${s}_${m} = ${value}`)]
    },
    pull(s: number, time: string) {
      const { body, outputs } = print(pulled, s, `(${time})`, 'r')
      return [
        ...body,
        ...range(n).map((m) => `const x${s}_${m} = ${outputs[m]}`),
        ...range(p).flatMap((k) => (outputs[n + k] === '0' ? [] : [`m_${k} += ${outputs[n + k]}`])),
      ]
    },
  }
}
