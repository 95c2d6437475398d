import {
  affineScript,
  Builder,
  canEncloseBatch,
  combine,
  compile,
  type Enclosure,
  embed,
  embedAll,
  enclose,
  encloseAffine,
  encloseLinear,
  expectSameOrder,
  type Field,
  freeze,
  gradient,
  jacobian,
  type LinearEnclosure,
  lieDerivative,
  makeField,
  misuse,
  roundSumDown,
  roundSumUp,
  show,
} from '@separatrix/field/core'
import type { Interval } from './box.js'
import { type EquilibriumBox, equilibriumBox } from './equilibriumBox.js'
import { boundField, type Uncertain, type Uncertainty } from './uncertainty.js'

export type Time = 'continuous' | 'discrete'

/** What is proved of V along f: V̇ < 0, or V̇ < −κV; of V(f(x)) − V(x) in discrete time. */
export interface PairOptions extends Uncertainty {
  /** κ ≥ 0 */
  readonly rate?: number
  readonly time?: Time
  /** a point near the equilibrium, where it is not exactly 0 */
  readonly equilibrium?: ArrayLike<number>
}

/** The graphs that bound V and R over boxes: [V, R], V, and [∇V, ∇R, jumps]. */
export interface BoxSources {
  readonly pair: Field
  readonly value: Field
  readonly slopes: Field
}

/** What bounds V and R over a box. */
export interface BoxReadings {
  /** states */
  readonly n: number
  /** sides of a box */
  readonly size: number
  /** [V, R]; of pairs with networks the ranges of their linear bounds */
  readonly natural: Enclosure
  /** linear bounds of [V, R] and of V, for pairs with networks: the other bounds are too loose there, and dear */
  readonly linear?: { readonly both: LinearEnclosure; readonly value: LinearEnclosure } | undefined
  /** affine forms of [V, R] where both are polynomials: about as sharp as mean values, and cheaper; printed when wanted */
  readonly affine: () => LinearEnclosure | undefined
  /** [∇V (n), ∇R (size), jumps], where the jumps are the values of every step and sign that R contains */
  readonly slopes: Enclosure
  /** entries of `slopes` */
  readonly slopesSize: number
}

/**
 * Everything that the prover reads from a field f and a candidate V, both frozen. A box has the n states first, then the
 * equilibrium where it is enclosed, then the uncertain quantities. R stands for what must be negative: V̇, or V̇ + κV, or
 * V∘f − V + κV of a map.
 */
export interface Readings extends BoxReadings {
  readonly uncertain: readonly Uncertain[]
  /** the sides of a box beyond the states */
  readonly extras: readonly Interval[]
  readonly time: Time
  /** where the state stands for the deviation x − x* */
  readonly equilibrium?: EquilibriumBox | undefined
  /** f as it was given, for the certificate */
  readonly system: Field
  /** κ */
  readonly rate: number
  /** f, or f(x* + x) (of a map f(x* + x) − x*) with x* before its inputs */
  readonly field: Field
  readonly candidate: Field
  /** R as a field */
  readonly decay: Field
  /** f over a box: where a map leads */
  readonly image: Enclosure
  /** operations that a box takes, roughly */
  readonly cost: number
  /** the graphs behind `natural`, `linear` and `slopes`, where there are such */
  readonly sources?: BoxSources | undefined
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
  { rate = 0, time = 'continuous', equilibrium: near, ...uncertainty }: PairOptions = {},
): Readings | { readonly why: string } {
  checkPair(where, plant, plainCandidate)
  const unfit = reasonAgainst(plant, 'the field') ?? reasonAgainst(plainCandidate, 'the candidate')
  if (unfit !== undefined) return { why: unfit }
  const { field: system, uncertain } = boundField(where, plant, uncertainty)
  if (near !== undefined) checkEquilibrium(where, near, system, uncertain)
  const equilibrium = near && equilibriumBox(time === 'discrete' ? residual(system) : system, near, uncertain)
  if (equilibrium !== undefined && 'why' in equilibrium) return equilibrium
  const f = equilibrium === undefined ? system : shifted(system, time)
  const frozen = freeze(plainCandidate)
  const V = Object.freeze({ ...frozen, inputNames: f.inputNames, inputSize: f.inputSize })
  const derivative = time === 'discrete' ? difference(V, f) : lieDerivative(V, f)
  const decay = combine([derivative, V], (b, place) =>
    rate === 0 ? place(derivative) : b.add(place(derivative), b.mul(b.constant(rate, true), place(V))),
  )
  const gradientV = gradient(V)
  const gradientDecay = [gradient(decay), ...(f.inputSize > 0 ? [jacobian(decay, { wrt: 'input' })] : [])]
  const slopes = stack([gradientV, ...gradientDecay, ...jumps(decay)])
  const second = stack([jacobian(gradientV), jacobian(f), ...jumps(gradientV)])
  const compiled = compile(stack([V, decay, gradientV, ...gradientDecay]))
  const n = f.stateSize
  const sources = { pair: stack([V, decay]), value: V, slopes }
  return {
    ...readBoxes({ n, size: n + f.inputSize, ...sources }),
    sources,
    cost: costOf(sources),
    uncertain,
    extras: [...(equilibrium?.box ?? []), ...uncertain.map(({ interval }) => interval)],
    time,
    equilibrium,
    system,
    rate,
    field: f,
    image: lazily(f),
    candidate: frozen,
    decay,
    second: lazily(second),
    secondSize: second.outputSize,
    sample: (point, out) => compiled(0, point.subarray(0, n), out, undefined, point.subarray(n)),
  }
}

/** Operations of the graphs that bound a box; products with matrices count as such. */
function costOf({ pair, slopes }: BoxSources): number {
  const sizes = ({ nodes }: Field) =>
    nodes.reduce((sum, { op, size }) => sum + (op === 'affine' || op === 'matvec' ? size * size : size), 0)
  return sizes(pair) + sizes(slopes)
}

/** Readings of the graphs that bound V and R. */
export function readBoxes({
  n,
  size,
  pair,
  value,
  slopes,
}: BoxSources & Pick<BoxReadings, 'n' | 'size'>): BoxReadings {
  const linear = hasLayers(pair) ? { both: encloseLinear(pair), value: encloseLinear(value) } : undefined
  return {
    n,
    size,
    natural: linear === undefined ? lazily(pair) : rangesOf(linear.both),
    linear,
    affine: linear === undefined ? polynomialForms(pair) : () => undefined,
    slopes: lazily(slopes),
    slopesSize: slopes.outputSize,
  }
}

/** Printed when it is first called: those of networks are long, and not all are needed. */
export function lazily(field: Field): Enclosure {
  let read: Enclosure | undefined
  return (lo, hi, outLo, outHi) => {
    read ??= enclose(field)
    read(lo, hi, outLo, outHi)
  }
}

function polynomialForms(pair: Field): () => LinearEnclosure | undefined {
  let forms: { readonly read: LinearEnclosure | undefined } | undefined
  return () => {
    forms ??= { read: canEncloseBatch(pair, affineScript) ? encloseAffine(pair) : undefined }
    return forms.read
  }
}

/** c ± (Σ|gᵢ| + r) of each entry. */
function rangesOf({ evaluate, outputs, sides }: LinearEnclosure): Enclosure {
  const form = new Float64Array(outputs * (sides + 2))
  return (lo, hi, outLo, outHi) => {
    evaluate(lo, hi, form)
    for (let k = 0; k < outputs; k++) {
      outLo[k] = rangeEnd(form, { outputs, sides, entry: k, sign: -1 })
      outHi[k] = rangeEnd(form, { outputs, sides, entry: k, sign: 1 })
    }
  }
}

/** One end of the range of a linear bound. */
export function rangeEnd(
  form: Float64Array,
  {
    outputs,
    sides,
    entry,
    sign,
  }: { readonly outputs: number; readonly sides: number; readonly entry: number; readonly sign: 1 | -1 },
): number {
  let reach = 0
  for (let p = 1; p <= sides + 1; p++) reach = roundSumUp(reach + Math.abs(form[p * outputs + entry]))
  return sign === 1 ? roundSumUp(form[entry] + reach) : roundSumDown(form[entry] - reach)
}

/** Whether a graph has products with matrices, as networks do. */
function hasLayers({ nodes }: Field): boolean {
  return nodes.some(({ op }) => op === 'affine' || op === 'matvec')
}

/** V(f(x)) − V(x). */
function difference(V: Field, f: Field): Field {
  return combine([f, V], (b, place) => b.sub(place(V, { state: place(f) }), place(V)))
}

/** f(x) − x, which vanishes at the fixed points of a map. */
function residual(f: Field): Field {
  return combine([f], (b, place) => b.sub(place(f), b.leaf('state', f.stateSize)))
}

/** f in the deviation x from x*: f(x* + x), of a map f(x* + x) − x*; x* becomes the first inputs. */
function shifted(f: Field, time: Time): Field {
  const { stateSize: n, inputSize: k } = f
  const b = new Builder()
  const range = (start: number, length: number) => Array.from({ length }, (_, i) => start + i)
  const inputs = b.leaf('input', n + k)
  const centre = b.gather(inputs, range(0, n))
  const value = embed(b, f, {
    state: b.add(centre, b.leaf('state', n)),
    ...(k > 0 && { input: b.gather(inputs, range(n, k)) }),
  })
  const output = time === 'discrete' ? b.sub(value, centre) : value
  return makeField(b, output, { ...f, inputNames: [...f.stateNames.map((s) => `${s}*`), ...f.inputNames] })
}

function checkEquilibrium(
  where: string,
  near: ArrayLike<number>,
  f: Field,
  uncertain: readonly Uncertain[],
): void {
  if (near.length !== f.stateSize || !Array.from(near).every(Number.isFinite))
    throw misuse({
      where,
      expected: `a point near the equilibrium, ${f.stateSize} finite numbers`,
      got: show(near),
      try: `equilibrium: [${new Array(f.stateSize).fill(0).join(', ')}]`,
      code: 'wrong-dimension',
    })
  const moving = uncertain.find(({ kind }) => kind === 'disturbance')
  if (moving !== undefined)
    throw misuse({
      where,
      expected: 'an equilibrium that stands still',
      got: `the disturbance ${show(moving.name)}, which moves it`,
      try: "certify with property: 'reach-avoid-stay', which needs no equilibrium",
    })
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
