import { powerSource } from '../control/power.js'
import { type ControlSource, printControl } from '../control/printControl.js'
import type { Tolerances } from '../control/tolerances.js'
import { longestStreak } from '../loops/adaptiveAdvance.js'
import type { KernelSettings } from '../method.js'
import { code, slot } from '../state.js'
import {
  at,
  combination,
  each,
  isNumber,
  printEvaluation,
  printScaledRows,
  printStage,
  type Sheet,
  scaled,
} from './printStages.js'

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const lines = (...parts: readonly string[]) => parts.filter((part) => part !== '').join('\n')

/**
 * Prints the whole loop over adaptive steps of an explicit method: stages in latency order, error estimate,
 * controller, and the trace that the settings ask for. The step size is fixed within a step, so each h·a_ij
 * is one product for all components.
 */
export function printAdaptive(sheet: Sheet, settings: KernelSettings): string {
  const { method, size: n } = sheet
  if (settings.stepping.kind !== 'adaptive') throw new Error('unreachable: fixed stepping')
  const { control, tolerances } = settings.stepping
  const errorOrder = method.errorOrder as number
  const { count, measure } = weightedCount(tolerances, n)
  const controller = printControl(control, errorOrder, count)
  const stages = method.stages
  const solution = method.fsal && sheet.layout !== 'looped' ? `z${stages}` : 'z'
  return lines(
    `'use strict'`,
    powerSource,
    'return function(state, trace, limit, theta, rtol, atol, f, work, weights, norm) {',
    prologue(sheet, settings),
    `const minStep = R[${slot.minStep}], maxStep = R[${slot.maxStep}]`,
    `let h0 = R[${slot.step}], rejected = 0, streak = R[${slot.streak}], sum = 0`,
    tolerances.uniform ? 'const rtol0 = rtol[0], atol0 = atol[0]' : '',
    tolerances.norm === 'custom' ? 'const E = norm.scaled, valueOf = norm.value' : '',
    `if (R[${slot.fresh}] === 0) { f(t, Y, M, theta); evaluations++ }`,
    each(sheet, (i) => `${sheet.layout === 'looped' ? '' : 'let '}${at(sheet, 'k1', i)} = M[${i}]`),
    controller.load,
    'while (accepted < limit) {',
    'let h = h0, last = false',
    'if ((t + 1.01 * h0 - stop) * direction >= 0) { h = stop - t; last = true }',
    `else if (t + .1 * h0 === t || h0 * direction < minStep) { code = ${code.underflow}; break }`,
    `if (steps++ >= maxSteps) { code = ${code.maxSteps}; break }`,
    sheet.usesTime ? 'const tEnd = last ? stop : t + h' : '',
    printScaledRows(sheet, stages),
    ...range(2, stages).map((j) => printStage(sheet, j)),
    method.fsal ? '' : printSolution(sheet),
    printError(sheet, solution, tolerances, measure),
    `evaluations += ${stages - 1}`,
    `if (sum <= ${count}) {`,
    printAccept(sheet, settings, solution, controller),
    '} else {',
    controller.reject,
    'h0 = h * factor',
    'rejected++',
    `if (++streak > ${longestStreak}) { code = ${code.underflow}; break }`,
    '}',
    '}',
    each(sheet, (i) => `M[${i}] = ${at(sheet, 'k1', i)}`),
    each(sheet, (i) => `Y[${i}] = ${at(sheet, 'y', i)}`),
    controller.store,
    `R[${slot.time}] = t; R[${slot.step}] = h0; R[${slot.accepted}] += accepted; R[${slot.rejected}] += rejected`,
    `R[${slot.evaluations}] = evaluations; R[${slot.streak}] = streak; R[${slot.fresh}] = 1; R[${slot.code}] = code`,
    `R[${slot.nonFinite}] = sum - sum === 0 ? 0 : 1`,
    'return accepted',
    '}',
  )
}

/**
 * Prints `steps(state, trace, count, theta, f, work, h, end)`: `count` steps of equal size, t = base + i·h
 * without accumulation; the last of them ends at `end` where that is a number.
 */
export function printFixed(sheet: Sheet, settings: KernelSettings): string {
  const { method } = sheet
  // the last stage of a method with bₛ = 0 serves the error estimate and the next step: not needed here
  const stages =
    method.b[method.stages - 1] === 0 && settings.trace !== 'stages' ? method.stages - 1 : method.stages
  const trace = printTrace(sheet, settings, stages)
  return lines(
    `'use strict'`,
    'return function(state, trace, count, theta, f, work, h, end) {',
    prologue(sheet, settings),
    `const base = R[${slot.base}], index = R[${slot.index}]`,
    printScaledRows(sheet, stages),
    scaled('hb', method.b, 'h'),
    // times one makes it a double for the engine too: a whole number here would be boxed at every step
    'const finish = 1 * (end === end ? end : base + (index + count) * h)',
    'for (let step = 0; step < count; step++) {',
    'const t = base + (index + step) * h',
    'const tEnd = step === count - 1 ? finish : base + (index + step + 1) * h',
    ...range(1, stages).map((j) => printStage(sheet, j)),
    trace.before,
    printSolution(sheet, 'y'),
    trace.after,
    'accepted++',
    '}',
    each(sheet, (i) => `Y[${i}] = ${at(sheet, 'y', i)}`),
    `R[${slot.evaluations}] = evaluations + count * ${stages}`,
    'return count',
    '}',
  )
}

function prologue(sheet: Sheet, settings: KernelSettings): string {
  const traced = settings.trace !== 'none'
  const { stages } = sheet.method
  const arrays =
    sheet.layout === 'looped'
      ? lines(
          `const z = work[0], ${range(1, stages)
            .map((j) => `k${j} = work[${j}]`)
            .join(', ')}, y = work[${stages + 1}], W = work[${stages + 2}]`,
          each(sheet, (i) => `${at(sheet, 'y', i)} = Y[${i}]`),
        )
      : lines(
          sheet.layout === 'unrolled' ? 'const Z = work[0], K = work[1]' : '',
          each(sheet, (i) => `let y_${i} = Y[${i}]`),
        )
  return lines(
    'const R = state.registers, Y = state.y, M = state.memory',
    `const stop = R[${slot.stop}], direction = R[${slot.direction}], maxSteps = R[${slot.maxSteps}]`,
    `let t = R[${slot.time}], accepted = 0, code = 0, evaluations = R[${slot.evaluations}]`,
    `let steps = R[${slot.accepted}] + R[${slot.rejected}]`,
    ...sheet.prologue,
    arrays,
    traced ? 'const TT = trace.t, TH = trace.h, TY = trace.y' : '',
    traced ? `TT[0] = t; let p = 0` : '',
    traced ? each(sheet, (i) => `TY[${i}] = ${at(sheet, 'y', i)}`) : '',
    settings.trace === 'stages' ? 'const TK = trace.stages; let q = 0' : '',
  )
}

/** y¹ = y + h Σ b k, into `z`, or onto y itself. */
function printSolution(sheet: Sheet, target = 'z'): string {
  const value = combination(sheet, 'hb', sheet.method.b, 'y')
  const declare = sheet.layout === 'looped' || target === 'y' ? '' : 'const '
  return lines(
    target === 'y' ? '' : scaled('hb', sheet.method.b, 'h'),
    each(sheet, (i) => `${declare}${at(sheet, target, i)} = ${value(i)}`),
  )
}

/** sum = Σ (eᵢ/scaleᵢ)², the squared error times the number of components. */
function printError(
  sheet: Sheet,
  solution: string,
  { uniform, norm }: Tolerances,
  measure: (i: string) => string | undefined,
): string {
  const { bError, bErrorLow } = sheet.method
  const scaledError = (prefix: string, row: readonly number[], i: string) => {
    const [rtol, atol] = uniform ? ['rtol0', 'atol0'] : [`rtol[${i}]`, `atol[${i}]`]
    const size = `Math.max(Math.abs(${at(sheet, 'y', i)}), Math.abs(${at(sheet, solution, i)}))`
    return `(${combination(sheet, prefix, row)(i)}) / (${atol} + ${rtol} * ${size})`
  }
  const total = (target: string, prefix: string, row: readonly number[]) => {
    if (norm === 'custom')
      return lines(
        each(sheet, (i) => `E[${i}] = ${scaledError(prefix, row, i)}`),
        `${target} = valueOf(E)`,
        `${target} *= ${target}`,
      )
    return each(sheet, (i) => {
      const weight = measure(i)
      if (weight === undefined) return ''
      const value = `${weight}r * r`
      const gather = norm === 'max' ? `${target} = Math.max(${target}, ${value})` : `${target} += ${value}`
      return `{ const r = ${scaledError(prefix, row, i)}; ${gather} }`
    })
  }
  return lines(
    scaled('he', bError as readonly number[], 'h'),
    bErrorLow === undefined ? '' : scaled('hl', bErrorLow, 'h'),
    'sum = 0',
    total('sum', 'he', bError as readonly number[]),
    bErrorLow === undefined
      ? ''
      : lines(
          'let low = 0',
          total('low', 'hl', bErrorLow),
          'if (sum !== 0) sum = sum * (sum / (sum + .01 * low))',
        ),
  )
}

/** Components with weight 0 are left out of the norm; the others count by their weight. */
function weightedCount({ weights, norm }: Tolerances, n: number) {
  if (weights === undefined) return { count: norm === 'rms' ? n : 1, measure: () => '' }
  const total = weights.reduce((sum, w) => sum + w, 0)
  return {
    count: norm === 'rms' ? total : 1,
    measure: (i: string) =>
      !isNumber(i) ? `weights[${i}] * ` : weights[Number(i)] === 0 ? undefined : `${weights[Number(i)]} * `,
  }
}

function printAccept(
  sheet: Sheet,
  settings: KernelSettings,
  solution: string,
  controller: ControlSource,
): string {
  const { method } = sheet
  const trace = printTrace(sheet, settings, method.stages)
  return lines(
    trace.before,
    each(sheet, (i) => `${at(sheet, 'y', i)} = ${at(sheet, solution, i)}`),
    't = last ? stop : t + h',
    method.fsal
      ? each(sheet, (i) => `${at(sheet, 'k1', i)} = ${at(sheet, `k${method.stages}`, i)}`)
      : printFirstStage(sheet),
    trace.after,
    controller.accept,
    'streak = 0',
    'accepted++',
    'const next = h * factor',
    // a step cut short at the stop says little about the next: keep the longer proposal
    'if (!last || next * direction > h0 * direction) h0 = next',
    'if (h0 * direction > maxStep) h0 = maxStep * direction',
    `if (last) { code = ${code.stop}; break }`,
  )
}

/** k₁ at the new point, for methods that are not first same as last. */
function printFirstStage(sheet: Sheet): string {
  if (sheet.layout === 'looped') return 'f(t, y, k1, theta); evaluations++'
  const rename = each(sheet, (i) => `const z1_${i} = y_${i}`)
  const time = sheet.usesTime ? 'const t1 = t' : ''
  return `{ ${lines(time, rename, printEvaluation(sheet, 1, ''))} }\nevaluations++`
}

function printTrace(
  sheet: Sheet,
  settings: KernelSettings,
  stages: number,
): { before: string; after: string } {
  const { size: n, method } = sheet
  const place = (array: string, p: string, i: string) => `${array}[${p} + ${i}]`
  const writeStages = range(1, stages)
    .map((j) => each(sheet, (i) => `${place('TK', `q + ${(j - 1) * n}`, i)} = ${at(sheet, `k${j}`, i)}`))
    .join('\n')
  return {
    before: settings.trace === 'stages' ? `${writeStages}\nq += ${method.stages * n}` : '',
    after:
      settings.trace === 'none'
        ? ''
        : lines(
            `p += ${n}`,
            `TH[accepted] = h; TT[accepted + 1] = ${settings.stepping.kind === 'fixed' ? 'tEnd' : 't'}`,
            each(sheet, (i) => `${place('TY', 'p', i)} = ${at(sheet, 'y', i)}`),
          ),
  }
}
