import { resolve } from 'node:path'
import {
  Builder,
  closeLoop,
  embed,
  expression,
  type Field,
  freeze,
  fromJSON,
  makeField,
  misuse,
  SeparatrixError,
  show,
  system,
} from '@separatrix/field'
import { dlqr, dlyap, linearize, lqr, lyap, type MatrixLike, quadratic } from '@separatrix/lyapunov'
import { readText, type StudySource } from './readStudy.js'
import type { StudyFile } from './schema.js'
import { atValues, closePartly, holdInputs, restOf, type Unknowns, unknownsOf } from './uncertainLoop.js'

/** What a study file describes, as fields. */
export interface Study {
  readonly name: string
  /** heads the report */
  readonly title: string
  /** the closed loop, or the system itself where it has no input; disturbances are its inputs */
  readonly field: Field
  /** the same with its disturbances at rest, to design with, to simulate and to draw */
  readonly nominal: Field
  /** the system with its disturbances at rest */
  readonly plant: Field
  readonly controller: Field | undefined
  readonly unknowns: Unknowns
  /** labels of the states for axes */
  readonly axes: readonly string[]
}

/** Builds the closed loop of a study. */
export function buildStudy({ file, directory, study }: StudySource): Study {
  const open = system({ name: study.name ?? file.replace(/\.[^.]*$/, ''), ...study.system })
  const stray = Object.keys(study.labels).find((s) => !open.stateNames.includes(s))
  if (stray !== undefined) throw wrongState(file, 'labels', open, stray)
  const unknowns = unknownsOf({ file, directory, study }, open)
  const free = open.inputNames.filter((name) => unknowns.disturbance[name] !== undefined)
  const rest = Object.fromEntries(free.map((name) => [name, restOf(unknowns.disturbance[name])]))
  const plant = holdInputs(open, rest)
  const controller = buildController({ file, directory, study }, plant)
  const field =
    controller === undefined
      ? open
      : free.length === 0
        ? closeLoop(open, controller)
        : closePartly(open, controller, free)
  return {
    name: plant.name,
    title: study.title ?? plant.name,
    plant,
    controller,
    unknowns,
    field,
    nominal: atValues(field, rest),
    axes: plant.stateNames.map((s) => study.labels[s] ?? s),
  }
}

function buildController({ file, directory, study }: StudySource, plant: Field): Field | undefined {
  const { controller } = study
  if (controller === undefined) {
    if (plant.inputSize === 0) return undefined
    throw misuse({
      where: file,
      expected: `a controller for ${plant.inputNames.join(', ')}`,
      got: 'none',
      try: `controller: { lqr: { Q: [1, 1], R: [1] } }, or disturbance: { ${plant.inputNames[0]}: [-0.1, 0.1] }`,
      code: 'missing-key',
    })
  }
  if (plant.inputSize === 0)
    throw misuse({
      where: `${file}, controller`,
      expected: 'a system with an input that the controller drives',
      got: study.system.input.length === 0 ? 'a system without inputs' : 'disturbances only',
      try: 'input: [u] in system, or no controller',
      code: 'bad-controller',
    })
  const kind = single(file, 'controller', controller)
  switch (kind) {
    case 'lqr':
      return linearFeedback(regulator(study, plant, controller.lqr as RegulatorWeights).K, plant)
    case 'expression':
      return feedback({ file, directory, study }, plant)
    case 'network':
      return readField(resolve(directory, controller.network as string), 'a controller')
  }
}

interface RegulatorWeights {
  readonly Q: Weights
  readonly R: Weights
}

/** The regulator of the linearized system, or of the linearized map. */
function regulator({ time }: StudyFile, plant: Field, { Q, R }: RegulatorWeights) {
  const { A, B } = linearize(plant)
  return (time === 'discrete' ? dlqr : lqr)(A, B, full(Q), full(R))
}

/** A candidate V of a study. */
export function buildCandidate({ file, directory, study }: StudySource, { plant, nominal }: Study): Field {
  const { candidate } = study
  if (candidate === undefined)
    throw misuse({
      where: file,
      expected: 'a candidate V to prove',
      got: 'none',
      try: 'candidate: { lqr: {} } or { lyapunov: { Q: [1, 1] } } or { expression: … }',
      code: 'missing-key',
    })
  const state = plant.stateNames
  switch (single(file, 'candidate', candidate)) {
    case 'quadratic':
      return quadratic(candidate.quadratic as number[][], { state })
    case 'expression':
      return expression(candidate.expression as string, state, study.system.params)
    case 'network': {
      const path = resolve(directory, candidate.network as string)
      const V = readField(path, 'a candidate V')
      if (V.outputSize === 1 && V.stateSize === plant.stateSize) return V
      throw misuse({
        where: show(path),
        expected: `V: R^${plant.stateSize} → R`,
        got: `R^${V.stateSize} → R^${V.outputSize}`,
        try: 'combine([phi], (b, place) => b.dot(place(phi), place(phi))) for V = |φ|²',
        code: 'wrong-dimension',
      })
    }
    case 'lyapunov': {
      const { A } = linearize(nominal)
      const Q = full((candidate.lyapunov as { Q: Weights }).Q)
      const solveEquation = study.time === 'discrete' ? dlyap : lyap
      return quadratic(symmetric(solveEquation(transposed(A), Q)), { state })
    }
    case 'lqr': {
      const { Q = study.controller?.lqr?.Q, R = study.controller?.lqr?.R } = candidate.lqr as {
        Q?: Weights
        R?: Weights
      }
      if (Q === undefined || R === undefined)
        throw misuse({
          where: `${file}, candidate.lqr`,
          expected: 'weights Q and R, here or in controller.lqr',
          got: 'none',
          try: 'candidate: { lqr: { Q: [1, 1], R: [1] } }',
          code: 'missing-key',
        })
      return quadratic(symmetric(regulator(study, plant, { Q, R }).S), { state })
    }
  }
}

/** The domain in the order of the states. */
export function domainOf({ file, study }: StudySource, { plant }: Study): [number, number][] {
  const { domain } = study
  if (domain === undefined)
    throw misuse({
      where: file,
      expected: 'a domain to prove on',
      got: 'none',
      try: `domain: { ${plant.stateNames.map((s) => `${s}: [-1, 1]`).join(', ')} }`,
      code: 'missing-key',
    })
  return boxOf(file, 'domain', domain, plant)
}

/** Ranges by name, in the order of the states; `key` says where they stand in the file. */
export function boxOf(
  file: string,
  key: string,
  ranges: Readonly<Record<string, readonly [number, number]>>,
  plant: Field,
): [number, number][] {
  const stray = Object.keys(ranges).find((s) => !plant.stateNames.includes(s))
  if (stray !== undefined) throw wrongState(file, key, plant, stray)
  return plant.stateNames.map((s) => {
    const range = ranges[s]
    if (range !== undefined && range[0] < range[1]) return [range[0], range[1]]
    throw misuse({
      where: `${file}, ${key}`,
      expected: `a range [lo, hi] with lo < hi for ${s}`,
      got: range === undefined ? 'none' : show(range),
      try: `${s}: [-1, 1]`,
      code: 'bad-domain',
    })
  })
}

/** A diagonal, or rows. */
type Weights = readonly number[] | readonly (readonly number[])[]

/** A matrix from its diagonal or its rows. */
export function full(weights: Weights): number[][] {
  if (weights.every((w) => typeof w === 'number'))
    return (weights as readonly number[]).map((w, i, all) => all.map((_, j) => (i === j ? w : 0)))
  return (weights as readonly (readonly number[])[]).map((row) => Array.from(row))
}

type Matrix = ReturnType<typeof lyap>

const rows = (m: Matrix, at: (i: number, j: number) => number): number[][] =>
  Array.from({ length: m.shape[0] as number }, (_, i) =>
    Array.from({ length: m.shape[1] as number }, (_, j) => at(i, j)),
  )
const transposed = (m: Matrix): MatrixLike => rows(m, (i, j) => m.get(j, i))
/** Solvers return matrices that are symmetric up to rounding; a quadratic form has one coefficient per pair. */
export const symmetric = (m: Matrix): number[][] => rows(m, (i, j) => (m.get(i, j) + m.get(j, i)) / 2)

/** u = −K·x as a field. */
export function linearFeedback(K: Matrix, plant: Field): Field {
  const b = new Builder()
  const x = b.leaf('state', plant.stateSize)
  const outputs = Array.from({ length: plant.inputSize }, (_, i) =>
    plant.stateNames
      .map((_s, j) => b.mul(b.constant(-K.get(i, j)), b.gather(x, [j])))
      .reduce((sum, term) => b.add(sum, term)),
  )
  return makeField(b, b.concat(outputs), {
    name: 'LQR',
    stateNames: plant.stateNames,
    inputNames: [],
    theta: new Float64Array(0),
    layout: [],
  })
}

function feedback({ file, study }: StudySource, plant: Field): Field {
  const formulas = study.controller?.expression as Readonly<Record<string, string>>
  const stray = Object.keys(formulas).find((u) => !plant.inputNames.includes(u))
  const missing = plant.inputNames.find((u) => formulas[u] === undefined)
  if (stray !== undefined || missing !== undefined)
    throw misuse({
      where: `${file}, controller.expression`,
      expected: `a formula for each of ${plant.inputNames.join(', ') || '(no inputs)'}`,
      got: stray === undefined ? `none for ${missing}` : show(stray),
      try: `expression: { ${plant.inputNames[0] ?? 'u'}: … }`,
      code: 'bad-controller',
    })
  const b = new Builder()
  const outputs = plant.inputNames.map((u) =>
    embed(b, freeze(expression(formulas[u] as string, plant.stateNames, study.system.params))),
  )
  return makeField(b, b.concat(outputs), {
    name: 'controller',
    stateNames: plant.stateNames,
    inputNames: [],
    theta: new Float64Array(0),
    layout: [],
  })
}

function readField(path: string, what: string): Field {
  const text = readText(path, `${what} written by toJSON`, 'a path relative to the study file')
  try {
    return fromJSON(text)
  } catch (error) {
    if (error instanceof SeparatrixError) throw error
    throw misuse({
      where: show(path),
      expected: 'a field as JSON',
      got: (error as Error).message,
      try: 'a file written by toJSON',
      code: 'bad-field',
    })
  }
}

/** The one key that is given, of several that exclude each other. */
const kindsOf: Readonly<Record<string, string>> = {
  controller: 'lqr, expression or network',
  candidate: 'lqr, lyapunov, quadratic, expression or network',
  set: 'box, ellipsoid, simplex, polytope or barrier',
}

export function single<T extends object>(file: string, where: string, choice: T): keyof T & string {
  const given = Object.entries(choice).filter(([, value]) => value !== undefined)
  if (given.length === 1) return (given[0] as [keyof T & string, unknown])[0]
  throw misuse({
    where: `${file}, ${where}`,
    expected: 'exactly one kind',
    got: given.map(([key]) => key).join(' and ') || 'none',
    try: kindsOf[where] as string,
    code: 'ambiguous',
  })
}

function wrongState(file: string, where: string, plant: Field, name: string) {
  return misuse({
    where: `${file}, ${where}`,
    expected: `states (${plant.stateNames.join(', ')})`,
    got: show(name),
    try: plant.stateNames[0] as string,
    code: 'unknown-state',
  })
}
