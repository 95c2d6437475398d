import {
  Builder,
  combine,
  compile,
  type Enclosure,
  embedAll,
  enclose,
  expectSameOrder,
  type Field,
  freeze,
  gradient,
  jacobian,
  lieDerivative,
  makeField,
  misuse,
} from '@separatrix/field/core'
import { boundField, type Uncertain, type Uncertainty } from './uncertainty.js'

/** What is proved of V along f: V̇ < 0, or V̇ < −κV. */
export interface PairOptions extends Uncertainty {
  /** κ ≥ 0 */
  readonly rate?: number
}

/**
 * Everything that the prover reads from a field f and a candidate V, both frozen. A box has the n states first, then the
 * uncertain quantities. R stands for what must be negative: V̇, or V̇ + κV.
 */
export interface Readings {
  /** states */
  readonly n: number
  /** states and uncertain quantities */
  readonly size: number
  readonly uncertain: readonly Uncertain[]
  /** κ */
  readonly rate: number
  readonly field: Field
  readonly candidate: Field
  /** [V, R] */
  readonly natural: Enclosure
  /** [∇V (n), ∇R (size), jumps], where the jumps are the values of every step and sign that R contains */
  readonly slopes: Enclosure
  /** entries of `slopes` */
  readonly slopesSize: number
  /** [Hess V (n²), Df (n²), jumps of ∇V] */
  readonly second: Enclosure
  readonly secondSize: number
  /** writes [V, R, ∇V (n), ∇R (size)] in plain doubles, for searching only */
  readonly sample: (point: Float64Array, out: Float64Array) => void
}

/** Freezes a pair and derives its readings; `why` says what makes the pair unfit for a proof. */
export function readPair(
  where: string,
  plant: Field,
  plainCandidate: Field,
  { rate = 0, ...uncertainty }: PairOptions = {},
): Readings | { readonly why: string } {
  checkPair(where, plant, plainCandidate)
  const unfit = reasonAgainst(plant, 'the field') ?? reasonAgainst(plainCandidate, 'the candidate')
  if (unfit !== undefined) return { why: unfit }
  const { field: f, uncertain } = boundField(where, plant, uncertainty)
  const frozen = freeze(plainCandidate)
  const V = Object.freeze({ ...frozen, inputNames: f.inputNames, inputSize: f.inputSize })
  const derivative = lieDerivative(V, f)
  const decay = combine([derivative, V], (b, place) =>
    rate === 0 ? place(derivative) : b.add(place(derivative), b.mul(b.constant(rate, true), place(V))),
  )
  const gradientV = gradient(V)
  const gradientDecay = [gradient(decay), ...(f.inputSize > 0 ? [jacobian(decay, { wrt: 'input' })] : [])]
  const slopes = stack([gradientV, ...gradientDecay, ...jumps(decay)])
  const second = stack([jacobian(gradientV), jacobian(f), ...jumps(gradientV)])
  const compiled = compile(stack([V, decay, gradientV, ...gradientDecay]))
  const n = f.stateSize
  return {
    n,
    size: n + f.inputSize,
    uncertain,
    rate,
    field: f,
    candidate: frozen,
    natural: enclose(stack([V, decay])),
    slopes: enclose(slopes),
    slopesSize: slopes.outputSize,
    second: enclose(second),
    secondSize: second.outputSize,
    sample: (point, out) => compiled(0, point.subarray(0, n), out, undefined, point.subarray(n)),
  }
}

function checkPair(where: string, f: Field, V: Field): void {
  if (f.outputSize !== f.stateSize || V.stateSize !== f.stateSize || V.outputSize !== 1 || V.inputSize > 0)
    throw misuse({
      where,
      expected: 'a field f: Rⁿ → Rⁿ and a scalar candidate on the same n states',
      got: `f: R^${f.stateSize} → R^${f.outputSize} and R^${V.stateSize} → R^${V.outputSize}`,
      try: 'quadratic(P) or expression(text, states)',
      code: 'wrong-dimension',
    })
  expectSameOrder(where, f, V)
}

function reasonAgainst(f: Field, name: string): string | undefined {
  if (!f.theta.every(Number.isFinite)) return `${name} has a parameter that is not a finite number`
  if (f.nodes.some((node) => node.op === 'time'))
    return `${name} depends on time; only autonomous systems can be certified`
  if (f.nodes.some((node) => node.op === 'step' || node.op === 'sign'))
    return `${name} jumps (it contains sign or step); solutions and V̇ are then not what the formula says`
  return undefined
}

/** Several fields of the same state as one, outputs one after another. */
export function stack(fields: readonly Field[]): Field {
  return combine(fields, (b, place) => b.concat(fields.map((f) => place(f))))
}

/**
 * The values of every step and sign in a field's graph, as a field; nothing where there is none. The derivative tables
 * drop their derivatives, so a slope holds over a box only where each of them takes a single value.
 */
export function jumps(field: Field): readonly Field[] {
  const b = new Builder()
  const at = embedAll(b, field)
  const refs = field.nodes.flatMap((node, i) =>
    node.op === 'step' || node.op === 'sign' ? [at[i] as number] : [],
  )
  return refs.length === 0 ? [] : [makeField(b, b.concat(refs), { ...field, name: `jumps(${field.name})` })]
}

/** Whether entries `from` onwards are points: every jump keeps its value over the box. */
export function isSteady(lo: Float64Array, hi: Float64Array, from: number): boolean {
  for (let i = from; i < lo.length; i++) if (lo[i] !== hi[i]) return false
  return true
}
