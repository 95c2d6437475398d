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
import { linearize, lqr, lyap, type MatrixLike, quadratic } from '@separatrix/lyapunov'
import { readText, type StudySource } from './readStudy.js'

/** What a study file describes, as fields. */
export interface Study {
  readonly name: string
  /** heads the report */
  readonly title: string
  /** the closed loop, or the system itself where it has no input */
  readonly field: Field
  readonly plant: Field
  readonly controller: Field | undefined
  /** labels of the states for axes */
  readonly axes: readonly string[]
}

/** Builds the closed loop of a study. */
export function buildStudy({ file, directory, study }: StudySource): Study {
  const plant = system({ name: study.name ?? file.replace(/\.[^.]*$/, ''), ...study.system })
  const stray = Object.keys(study.labels).find((s) => !plant.stateNames.includes(s))
  if (stray !== undefined) throw wrongState(file, 'labels', plant, stray)
  const controller = buildController({ file, directory, study }, plant)
  return {
    name: plant.name,
    title: study.title ?? plant.name,
    plant,
    controller,
    field: controller === undefined ? plant : closeLoop(plant, controller),
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
      try: 'controller: { lqr: { Q: [1, 1], R: [1] } }',
      code: 'missing-key',
    })
  }
  const kind = single(file, 'controller', controller)
  switch (kind) {
    case 'lqr': {
      const { A, B } = linearize(plant)
      const { Q, R } = controller.lqr as { Q: Weights; R: Weights }
      return linearFeedback(lqr(A, B, full(Q), full(R)).K, plant)
    }
    case 'expression':
      return feedback({ file, directory, study }, plant)
    case 'network':
      return readField(resolve(directory, controller.network as string))
  }
}

/** A candidate V of a study. */
export function buildCandidate({ file, study }: StudySource, { plant, field }: Study): Field {
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
    case 'lyapunov': {
      const { A } = linearize(field)
      return quadratic(symmetric(lyap(transposed(A), full((candidate.lyapunov as { Q: Weights }).Q))), {
        state,
      })
    }
    case 'lqr': {
      const { A, B } = linearize(plant)
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
      return quadratic(symmetric(lqr(A, B, full(Q), full(R)).S), { state })
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

function readField(path: string): Field {
  const text = readText(path, 'a controller written by toJSON', 'a path relative to the study file')
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
  candidate: 'lqr, lyapunov, quadratic or expression',
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
