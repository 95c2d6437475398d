import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { compile, misuse, show } from '@separatrix/field'
import {
  auto,
  dopri5,
  euler,
  implicitMidpoint,
  radau5,
  rk4,
  rodas5p,
  type Solution,
  type SolveOptions,
  solve,
} from '@separatrix/ode'
import ndarray from 'ndarray'
import { plain } from '../report/format.js'
import { buildStudy, type Study } from '../study/buildStudy.js'
import { readStudy, type StudySource } from '../study/readStudy.js'
import type { Terminal } from '../terminal/terminal.js'
import { twoColumns, wrap } from '../terminal/text.js'
import { type ExitCode, exitCodes } from './exitCodes.js'

export interface SimulateOptions {
  readonly json?: boolean
  /** a file to write trajectories to */
  readonly csv?: string
}

const methods = { auto: auto(), dopri5, euler, implicitMidpoint, radau5, rk4, rodas5p } as const

/** `separatrix simulate <study.yaml>`: the trajectories that a study asks for. */
export function simulate(path: string, { json, csv }: SimulateOptions, terminal: Terminal): ExitCode {
  const source = readStudy(path)
  const study = buildStudy(source)
  const solutions = source.study.time === 'discrete' ? iterations(source, study) : solved(source, study)
  if (csv !== undefined) writeCsv(csv, study, solutions)
  terminal.print(json ? asJson(study, solutions) : asText(study, source, solutions))
  if (csv !== undefined) terminal.remark(`wrote ${csv}`)
  return solutions.every((s) => s.status === 'success') ? exitCodes.success : exitCodes.negative
}

/** What is kept of a solution, or of the iterates of a map. */
interface Run extends Pick<Solution, 't' | 'y' | 'message'> {
  readonly status: string
  readonly steps: number
}

function solved(source: StudySource, study: Study): Run[] {
  const { initial, time, every, method = 'dopri5', ...tolerances } = wishes(source, study)
  const saveAt = every === undefined ? undefined : times(time, every)
  const options: SolveOptions = { method: methods[method], ...tolerances, ...(saveAt && { saveAt }) }
  return initial.map((y0) => {
    const { t, y, status, message, stats } = solve(study.nominal, y0, [0, time], options)
    return { t, y, message, status, steps: stats.accepted }
  })
}

/** x, f(x), f(f(x)), …: `time` counts steps. */
function iterations(source: StudySource, study: Study): Run[] {
  const { initial, time, every = 1, ...others } = wishes(source, study)
  const stray = Object.entries(others).find(([, value]) => value !== undefined)
  if (stray !== undefined || !Number.isInteger(time) || !Number.isInteger(every))
    throw misuse({
      where: `${source.file}, simulate`,
      expected: 'initial, time and every of a map, the latter two in whole steps',
      got: stray?.[0] ?? (Number.isInteger(time) ? `every: ${every}` : `time: ${time}`),
      try: 'time: 40',
      code: 'contradiction',
    })
  const next = compile(study.nominal)
  const n = study.nominal.stateSize
  return initial.map((start) => {
    const kept = [Float64Array.from(start)]
    const x = Float64Array.from(start)
    const image = new Float64Array(n)
    let steps = 0
    for (; steps < time && x.every(Number.isFinite); steps++) {
      next(steps, x, image)
      x.set(image)
      if ((steps + 1) % every === 0) kept.push(x.slice())
    }
    const isWhole = x.every(Number.isFinite)
    const data = Float64Array.from(kept.flatMap((state) => Array.from(state)))
    return {
      t: Float64Array.from(kept, (_, k) => k * every),
      y: ndarray(data, [kept.length, n]),
      message: isWhole ? '' : `the iterates are not finite from step ${steps} on`,
      status: isWhole ? 'success' : 'not-finite',
      steps,
    }
  })
}

function wishes({ file, study }: StudySource, { field }: Study) {
  const wanted = study.simulate
  if (wanted === undefined)
    throw misuse({
      where: file,
      expected: 'initial states and a time to simulate',
      got: 'none',
      try: `simulate: { initial: [[${field.stateNames.map(() => '0.5').join(', ')}]], time: 5, rtol: 1e-6, atol: 1e-9 }`,
      code: 'missing-key',
    })
  wanted.initial.forEach((state, i) => {
    if (state.length === field.stateSize) return
    throw misuse({
      where: `${file}, simulate.initial.${i}`,
      expected: `${field.stateSize} numbers (${field.stateNames.join(', ')})`,
      got: show(state),
      try: `[${field.stateNames.map(() => '0.5').join(', ')}]`,
      code: 'wrong-dimension',
    })
  })
  return wanted
}

/** 0, every, 2·every, … and the end. */
function times(end: number, every: number): Float64Array {
  // a last interval shorter than 1e-9 of the others would be rounding, not a wish
  const count = Math.floor(end / every + 1e-9)
  const list = Array.from({ length: count + 1 }, (_, i) => Math.min(end, i * every))
  return Float64Array.from(end - (list.at(-1) as number) > 1e-9 * every ? [...list, end] : list)
}

function asText(study: Study, { study: file }: StudySource, solutions: readonly Run[]): string {
  const states = study.field.stateNames
  const rows = solutions.flatMap((s, i): [string, string][] => {
    const last = s.t.length - 1
    const end = states.map((name, k) => `${name} = ${plain(s.y.get(last, k))}`).join(', ')
    const from = states.map((name, k) => `${name} = ${plain(s.y.get(0, k))}`).join(', ')
    return [
      ['', ''],
      [`trajectory ${i + 1}`, `from ${from}`],
      [`t = ${plain(s.t[last] as number)}`, end],
      ['', `${s.status === 'success' ? 'reached the end' : s.message} (${s.steps} steps)`],
    ]
  })
  return `${wrap(`${study.name}: ${file.time === 'discrete' ? 'iterates' : (file.simulate?.method ?? 'dopri5')}, ${solutions.length} trajectories`)}\n${twoColumns(rows)}`
}

function asJson(study: Study, solutions: readonly Run[]): string {
  return JSON.stringify({
    name: study.name,
    state: study.field.stateNames,
    trajectories: solutions.map(({ t, y, status, message }) => ({
      status,
      message,
      t: Array.from(t),
      y: Array.from(t, (_, i) => study.field.stateNames.map((_s, k) => y.get(i, k))),
    })),
  })
}

function writeCsv(path: string, study: Study, solutions: readonly Run[]): void {
  const lines = [['trajectory', 't', ...study.field.stateNames].join(',')]
  solutions.forEach(({ t, y }, i) => {
    t.forEach((time, j) => {
      lines.push([i + 1, time, ...study.field.stateNames.map((_s, k) => y.get(j, k))].join(','))
    })
  })
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${lines.join('\n')}\n`)
}
