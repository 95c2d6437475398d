import { type Field, gradient, interpret, jacobian } from '@separatrix/field'
import { readable } from './format.js'

/**
 * V written out, where it is a quadratic form: its Hessian, found by differentiating the graph twice, must not
 * depend on the state. Undefined for any other V.
 */
export function quadraticForm(V: Field, names: readonly string[]): string | undefined {
  const hessian = jacobian(gradient(V))
  if (hessian.nodes.some((node) => node.op === 'state')) return undefined
  const n = V.stateSize
  const H = interpret(hessian, 0, new Float64Array(n))
  // θω is read as a product, thetaomega is not
  const isShort = names.every((name) => name.length === 1)
  const terms: [number, string][] = []
  for (let i = 0; i < n; i++)
    for (let j = i; j < n; j++) {
      const coefficient = (i === j ? 0.5 : 1) * (H[i * n + j] as number)
      const product = i === j ? `${names[i]}²` : [names[i], names[j]].join(isShort ? '' : '·')
      if (coefficient !== 0) terms.push([coefficient, product])
    }
  return terms
    .map(
      ([c, product], k) =>
        `${k === 0 ? (c < 0 ? '−' : '') : c < 0 ? ' − ' : ' + '}${readable(Math.abs(c), 4)} ${product}`,
    )
    .join('')
}
