import {
  Builder,
  type CompiledField,
  combine,
  compile,
  type Enclosure,
  embedAll,
  enclose,
  type Field,
  freeze,
  gradient,
  jacobian,
  lieDerivative,
  makeField,
  misuse,
} from '@separatrix/field/core'

/** Everything that the prover reads from a field f and a candidate V, both frozen. */
export interface Readings {
  readonly n: number
  readonly field: Field
  readonly candidate: Field
  /** [V, V̇] */
  readonly natural: Enclosure
  /** [∇V (n), ∇V̇ (n), jumps], where the jumps are the values of every step and sign that V̇ contains */
  readonly slopes: Enclosure
  /** entries of `slopes` */
  readonly slopesSize: number
  /** [Hess V (n²), Df (n²), jumps of ∇V] */
  readonly second: Enclosure
  readonly secondSize: number
  /** [V, V̇, ∇V, ∇V̇] in plain doubles, for searching only */
  readonly sample: CompiledField
}

/** Freezes a pair and derives its readings; `why` says what makes the pair unfit for a proof. */
export function readPair(where: string, field: Field, candidate: Field): Readings | { readonly why: string } {
  checkPair(where, field, candidate)
  const unfit = reasonAgainst(field, 'the field') ?? reasonAgainst(candidate, 'the candidate')
  if (unfit !== undefined) return { why: unfit }
  const [f, V] = [freeze(field), freeze(candidate)]
  const rate = lieDerivative(V, f)
  const [gradientV, gradientRate] = [gradient(V), gradient(rate)]
  const slopes = stack([gradientV, gradientRate, ...jumps(rate)])
  const second = stack([jacobian(gradientV), jacobian(f), ...jumps(gradientV)])
  return {
    n: f.stateSize,
    field: f,
    candidate: V,
    natural: enclose(stack([V, rate])),
    slopes: enclose(slopes),
    slopesSize: slopes.outputSize,
    second: enclose(second),
    secondSize: second.outputSize,
    sample: compile(stack([V, rate, gradientV, gradientRate])),
  }
}

function checkPair(where: string, f: Field, V: Field): void {
  if (f.inputSize > 0 || V.inputSize > 0)
    throw misuse({
      where,
      expected: 'a closed system',
      got: `the open input ${[...f.inputNames, ...V.inputNames].join(', ')}`,
      try: 'closeLoop(plant, controller)',
      code: 'open-input',
    })
  if (f.outputSize !== f.stateSize || V.stateSize !== f.stateSize || V.outputSize !== 1)
    throw misuse({
      where,
      expected: 'a field f: Rⁿ → Rⁿ and a scalar candidate on the same n states',
      got: `f: R^${f.stateSize} → R^${f.outputSize} and R^${V.stateSize} → R^${V.outputSize}`,
      try: 'quadratic(P) or expression(text, states)',
      code: 'wrong-dimension',
    })
  // states are matched by position: a name that both use must stand at the same place
  const misplaced = V.stateNames.find((name, i) => f.stateNames.includes(name) && f.stateNames[i] !== name)
  if (misplaced !== undefined)
    throw misuse({
      where,
      expected: `the candidate's states in the order of the field (${f.stateNames.join(', ')})`,
      got: V.stateNames.join(', '),
      try: `moving ${misplaced}`,
      code: 'wrong-order',
    })
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
