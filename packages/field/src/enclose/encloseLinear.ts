import { freeze } from '../build/compose.js'
import { expectField, type Field } from '../field.js'
import type { NodeOf, Op } from '../graph/node.js'
import { type Form, grown, type LinearRule, type Step } from './linearForm.js'
import { linearRules } from './linearRules.js'
import { smallestStep } from './rounding.js'

/**
 * Linear bounds of a field over a box [lo, hi] of s sides with centre m and half-widths ρ: entry k of the output is
 * c + Σ gᵢεᵢ ± r for x = m + ρ∘ε, |εᵢ| ≤ 1. In `out` the numbers of all entries stand together: the m centres c, then the
 * m coefficients of ε₁, …, of εₛ, then the m remainders r.
 */
export interface LinearEnclosure {
  readonly sides: number
  readonly outputs: number
  readonly evaluate: (lo: ArrayLike<number>, hi: ArrayLike<number>, out: Float64Array) => void
}

/**
 * The reading of a field by first-order forms c + Σ gᵢεᵢ ± r, vector node by vector node: sums and products with weights
 * act on all of c, g and r (affine arithmetic with one symbol per side of the box: de Figueiredo & Stolfi, Numer. Algor. 37,
 * 2004), activations lie between two parallel lines with the chord's slope (CROWN: Zhang et al., NeurIPS 2018), and of a
 * product the term of second order is left over. What is left over at a node counts at the output with the sensitivity
 * λ of the output to it, found by one pass back through the slopes, where signs cancel: r = Σ|λ|δ. The excess is of second
 * order in the width. Where the field is undefined in the box, r is NaN. Cost: of each product with weights 2 + s forward
 * and 1 back for each output.
 *
 * Rounding: with v = c + Σ gε + d, the computed c and g make d a linear function of the arguments' d, with the slopes, plus
 * δ, which has the roundings of c and g: k·2⁻⁵²·S for k roundings of terms of total magnitude S (Higham, Accuracy and
 * Stability, §3.1, twice the bound). A computed λ need not be the true one: where it misses its sum by ζ, the output
 * misses ζ·d, and all these together are at most Σ|λ|·K·2⁻⁵²·S with K the most terms that a λ is the sum of; so δ has K
 * roundings more. Where a λ underflows, ζ is at most Kη in size instead, η = 2⁻¹⁰⁷⁴, and Kη·r is added, r ≥ |d|.
 * @example
 * const { evaluate } = encloseLinear(expression('x^2 - y', ['x', 'y']))
 * const form = new Float64Array(4)
 * evaluate([1, 0], [2, 1], form) // about [1.875, 1.5, -0.5, 0.125]: x² − y on [1, 2] × [0, 1]
 */
export function encloseLinear(field: Field): LinearEnclosure {
  expectField('encloseLinear', field)
  const f = field.theta.length === 0 ? field : freeze(field)
  const sides = f.stateSize + f.inputSize + Number(f.nodes.some(({ op }) => op === 'time'))
  const box = { lo: new Float64Array(sides), hi: new Float64Array(sides) }
  const forms: Form[] = []
  const values: Form[] = []
  const steps: Step[] = []
  const slack = 16 + mostTerms(f)
  const form = (size: number): Form => {
    const data = new Float64Array(size * (sides + 2))
    const own = { size, data, error: new Float64Array(size), adjoint: new Float64Array(size) }
    forms.push(own)
    return own
  }
  for (const node of f.nodes) {
    const out = form(node.size)
    const args = node.args.map((a) => values[a] as Form)
    const nodes = node.args.map((a) => f.nodes[a] as (typeof f.nodes)[number])
    const rule = linearRules[node.op] as LinearRule<Op>
    const step = rule({ node: node as NodeOf<Op>, out, args, nodes, sides, field: f, box, slack, form })
    // constants are written once
    if (step !== undefined) steps.push(step)
    values.push(out)
  }
  const entries = forms.reduce((sum, { size }) => sum + size, 0)
  const result = values[f.output] as Form
  /** Σ|λ|δ over all that was left over, for one entry of the output. */
  const remainder = (entry: number) => {
    for (const { adjoint } of forms) adjoint.fill(0)
    result.adjoint[entry] = 1
    for (let k = steps.length - 1; k >= 0; k--) steps[k]?.back()
    let [total, largest] = [0, 0]
    for (const { data, adjoint, error, size } of forms)
      for (let i = 0; i < size; i++) {
        total += Math.abs(adjoint[i] as number) * (error[i] as number)
        largest = Math.max(largest, data[(1 + sides) * size + i] as number)
      }
    return grown(total + largest * (smallestStep * slack * entries), entries, 0)
  }
  return {
    sides,
    outputs: result.size,
    evaluate(lo, hi, out) {
      for (let i = 0; i < sides; i++) {
        box.lo[i] = lo[i] as number
        box.hi[i] = hi[i] as number
      }
      for (const step of steps) step.run()
      out.set(result.data)
      for (let k = 0; k < result.size; k++) {
        const at = (1 + sides) * result.size + k
        const r = remainder(k)
        // what is undefined stays so
        if (r < (out[at] as number)) out[at] = r
      }
    },
  }
}

/** At least as many terms as any sensitivity is the sum of: max(x, x) uses an entry three times, an affine map each once a row. */
function mostTerms({ nodes }: Field): number {
  const terms = new Float64Array(nodes.length)
  for (const { args, size } of nodes)
    for (const a of new Set(args)) terms[a] = (terms[a] as number) + Math.max(4, 2 * size)
  return terms.reduce((most, k) => Math.max(most, k), 0)
}
