import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { misuse, show } from '@separatrix/field'
import {
  dopri5,
  euler,
  implicitMidpoint,
  rk4,
  type Solution,
  type SolveOptions,
  solve,
} from '@separatrix/ode'
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

const methods = { dopri5, euler, implicitMidpoint, rk4 } as const

/** `separatrix simulate <study.yaml>`: the trajectories that a study asks for. */
export function simulate(path: string, { json, csv }: SimulateOptions, terminal: Terminal): ExitCode {
  const source = readStudy(path)
  const study = buildStudy(source)
  const { initial, options, time } = settings(source, study)
  const solutions = initial.map((y0) => solve(study.field, y0, [0, time], options))
  if (csv !== undefined) writeCsv(csv, study, solutions)
  terminal.print(json ? asJson(study, solutions) : asText(study, source, solutions))
  if (csv !== undefined) terminal.remark(`wrote ${csv}`)
  return solutions.every((s) => s.status === 'success') ? exitCodes.success : exitCodes.negative
}

function settings({ file, study }: StudySource, { field }: Study) {
  const wanted = study.simulate
  if (wanted === undefined)
    throw misuse({
      where: file,
      expected: 'initial states and a time to simulate',
      got: 'none',
      try: `simulate: { initial: [[${field.stateNames.map(() => '0.5').join(', ')}]], time: 5, rtol: 1e-6, atol: 1e-9 }`,
      code: 'missing-key',
    })
  const { initial, time, method, every, ...tolerances } = wanted
  initial.forEach((state, i) => {
    if (state.length === field.stateSize) return
    throw misuse({
      where: `${file}, simulate.initial.${i}`,
      expected: `${field.stateSize} numbers (${field.stateNames.join(', ')})`,
      got: show(state),
      try: `[${field.stateNames.map(() => '0.5').join(', ')}]`,
      code: 'wrong-dimension',
    })
  })
  const saveAt = every === undefined ? undefined : times(time, every)
  const options: SolveOptions = { method: methods[method], ...tolerances, ...(saveAt && { saveAt }) }
  return { initial, time, options }
}

/** 0, every, 2·every, … and the end. */
function times(end: number, every: number): Float64Array {
  // a last interval shorter than 1e-9 of the others would be rounding, not a wish
  const count = Math.floor(end / every + 1e-9)
  const list = Array.from({ length: count + 1 }, (_, i) => Math.min(end, i * every))
  return Float64Array.from(end - (list.at(-1) as number) > 1e-9 * every ? [...list, end] : list)
}

function asText(study: Study, { study: file }: StudySource, solutions: readonly Solution[]): string {
  const states = study.field.stateNames
  const rows = solutions.flatMap((s, i): [string, string][] => {
    const last = s.t.length - 1
    const end = states.map((name, k) => `${name} = ${plain(s.y.get(last, k))}`).join(', ')
    const from = states.map((name, k) => `${name} = ${plain(s.y.get(0, k))}`).join(', ')
    return [
      ['', ''],
      [`trajectory ${i + 1}`, `from ${from}`],
      [`t = ${plain(s.t[last] as number)}`, end],
      ['', `${s.status === 'success' ? 'reached the end' : s.message} (${s.stats.accepted} steps)`],
    ]
  })
  return `${wrap(`${study.name}: ${file.simulate?.method}, ${solutions.length} trajectories`)}\n${twoColumns(rows)}`
}

function asJson(study: Study, solutions: readonly Solution[]): string {
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

function writeCsv(path: string, study: Study, solutions: readonly Solution[]): void {
  const lines = [['trajectory', 't', ...study.field.stateNames].join(',')]
  solutions.forEach(({ t, y }, i) => {
    t.forEach((time, j) => {
      lines.push([i + 1, time, ...study.field.stateNames.map((_s, k) => y.get(j, k))].join(','))
    })
  })
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${lines.join('\n')}\n`)
}
