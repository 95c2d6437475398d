import type { Field } from '@separatrix/field/core'
import type { StepControl } from '../control/adaptive.js'
import { largestRejection, smallestLogError } from '../control/printControl.js'
import type { ExplicitMethod } from '../explicit/tableau.js'
import { longestStreak } from '../loops/adaptiveAdvance.js'
import {
  combination,
  decimal,
  evaluationLines,
  type GpuSource,
  type GpuStep,
  gpuStep,
  kernelText,
  range,
  stageLines,
  weightedSlopes,
} from './gpuText.js'

/** Trial steps of one kernel call, for the reasons of `stepsPerKernel`. */
export const trialsPerKernel = 250

/** How a trajectory left a kernel. */
export const gpuCode = { running: 0, stop: 1, underflow: 2, nonFinite: 3 } as const

/** Accepted steps, rejected ones and a code in one number, all below 2²⁴. */
const rejectedUnit = 512
const codeUnit = 2 ** 18
export const unpack = (packed: number) => ({
  accepted: packed % rejectedUnit,
  rejected: Math.floor((packed % codeUnit) / rejectedUnit),
  code: Math.floor(packed / codeUnit),
})

/**
 * Numbers of a trajectory beside its states: time since the last kept one, step to try, ln of the error of the last
 * accepted step, trial steps that it may take.
 */
export const adaptiveRows = ['s', 'step', 'memory', 'left'] as const

/** What both kernels read behind the coefficients, tolerances after that. */
export const adaptiveSettings = ['stop', 'direction', 'base', 'elapsed'] as const

export interface GpuAdaptive {
  readonly coefficients: Field
  /** numbers behind the settings */
  readonly table: readonly number[]
  /** states, s, step, memory, and the packed counts */
  readonly trials: GpuSource
  /** the first step; reads the whole span in `stop` */
  readonly start: GpuSource
}

/**
 * Prints up to `trialsPerKernel` steps chosen for each trajectory by itself, as `solve` chooses them, and the choice of
 * the first one. Times count from the last kept one, so that single precision resolves them.
 */
export function printGpuAdaptive(
  method: ExplicitMethod,
  field: Field,
  n: number,
  control: StepControl,
): GpuAdaptive {
  const parts = gpuStep(method, field, { n, stages: method.stages })
  const { statements } = parts
  const states = range(field.stateSize).map((k) => `y${k}`)
  const rows = [...states, ...adaptiveRows]
  const settings = [
    ...adaptiveSettings,
    ...range(n).map((k) => `rtol${k}`),
    ...range(n).map((k) => `atol${k}`),
  ]
  const body = trialLines(parts, control, settings.length)
  const results = [...states.slice(0, n), 's', 'step', 'memory', 'packed']
  return {
    coefficients: statements.coefficients,
    table: parts.table,
    trials: { outputs: results.length, source: kernelText(statements, rows, settings, body, results) },
    start: {
      outputs: 1,
      source: kernelText(statements, rows, settings, startLines(parts), ['chosen']),
    },
  }
}

function trialLines(parts: GpuStep, control: StepControl, settings: number): string[] {
  const { method, n } = parts
  return [
    'var accepted = 0.0;',
    'var rejected = 0.0;',
    'var streak = 0.0;',
    'var code = 0.0;',
    `for (var trial = 0; trial < ${trialsPerKernel}; trial++) {`,
    'if (code < 0.5 && accepted + rejected < left) {',
    'var h = step;',
    'var last = 0.0;',
    'if ((s + 1.01 * step - stop) * direction >= 0.0) { last = 1.0; h = stop - s; }',
    // 0.1·h is lost when added to the time: half an ulp is 6e-8 of it
    'if (last < 0.5 && Math.abs(0.1 * step) <= 0.00000006 * Math.abs(elapsed + s)) { code = 2.0; }',
    'if (code < 0.5) {',
    'var bad = 0.0;',
    ...stageLines(parts, { h: 'h', time: '(base + s)', settings }),
    ...range(n).map((k) => `var n${k} = ${combination(method.b, k, 'h')};`),
    ...errorLines(method, n),
    ...decisionLines(method, n, control),
    '}',
    '}',
    '}',
    `var packed = accepted + ${rejectedUnit}.0 * rejected + ${codeUnit}.0 * code;`,
  ]
}

/** sum = n times the mean square of the scaled error, and whether it is a number. */
function errorLines(method: ExplicitMethod, n: number): string[] {
  const squares = (name: string, row: readonly number[]) => [
    `var ${name} = 0.0;`,
    ...range(n).flatMap((k) => [
      `var ${name}${k} = h * (${weightedSlopes(row, k)}) / scale${k};`,
      `${name} = ${name} + ${name}${k} * ${name}${k};`,
    ]),
  ]
  return [
    ...range(n).map(
      (k) => `var scale${k} = atol${k} + rtol${k} * Math.max(Math.abs(y${k}), Math.abs(n${k}));`,
    ),
    ...squares('sum', method.bError as readonly number[]),
    ...(method.bErrorLow === undefined
      ? []
      : [...squares('low', method.bErrorLow), 'if (sum > 0.0) { sum = sum * (sum / (sum + 0.01 * low)); }']),
    'var finite = 0.0;',
    // comparisons with a value that is not a number are false
    'if (bad < 0.5 && sum < 1e30) { finite = 1.0; }',
  ]
}

/** Accepts or rejects, and chooses the next step: the controller of `printControl`, without its longer memories. */
function decisionLines(method: ExplicitMethod, n: number, control: StepControl): string[] {
  const k = (method.errorOrder as number) + 1
  const [b1, b2] = control.beta
  const { safety, minFactor, maxFactor } = control
  const [least, most, safe] = [minFactor, maxFactor, safety].map((v) => decimal(Math.log(v)))
  const memory = b2 === 0 ? '' : ` - (${decimal(b2 / k)}) * memory`
  return [
    // the logarithm of an error of 1e-15 is as good as that of 0
    'var logError = 0.0;',
    `if (finite > 0.5) { logError = 0.5 * Math.log(Math.max(sum, 1e-30) * ${decimal(1 / n)}); }`,
    'var grow = 0.0;',
    `if (finite > 0.5 && sum <= ${decimal(n)}) {`,
    `grow = ${safe} - (${decimal(b1 / k)}) * logError${memory};`,
    `grow = Math.max(${least}, Math.min(${most}, grow));`,
    'if (streak > 0.5) { grow = Math.min(grow, 0.0); }',
    'var proposed = h * Math.exp(grow);',
    // a step cut short at the stop says little about the next: keep the longer proposal
    'if (last < 0.5 || proposed * direction > step * direction) { step = proposed; }',
    `memory = Math.max(logError, ${decimal(smallestLogError)});`,
    's = s + h;',
    'if (last > 0.5) { s = stop; code = 1.0; }',
    ...range(n).map((i) => `y${i} = n${i};`),
    'accepted = accepted + 1.0;',
    'streak = 0.0;',
    '} else {',
    `grow = ${least};`,
    `if (finite > 0.5) { grow = Math.max(${least}, Math.min(${decimal(largestRejection)}, ${safe} - logError * ${decimal(1 / k)})); }`,
    'step = h * Math.exp(grow);',
    'rejected = rejected + 1.0;',
    'streak = streak + 1.0;',
    `if (streak > ${longestStreak}.5) { code = 2.0; }`,
    // steps below this are lost in single precision
    'if (Math.abs(step) < 1e-30) { code = 2.0; }',
    'if (code > 1.5 && finite < 0.5) { code = 3.0; }',
    '}',
  ]
}

/** The first step as `initialStep` chooses it. */
function startLines({ method, statements, n }: GpuStep): string[] {
  const norm = (name: string, entry: (k: number) => string) => [
    `var ${name} = 0.0;`,
    ...range(n).flatMap((k) => [
      `var ${name}${k} = (${entry(k)}) / scale${k};`,
      `${name} = ${name} + ${name}${k} * ${name}${k};`,
    ]),
    `${name} = Math.sqrt(${name} * ${decimal(1 / n)});`,
  ]
  const power = decimal(1 / ((method.errorOrder as number) + 1))
  return [
    'var bad = 0.0;',
    'var bound = Math.abs(stop);',
    'var sizeOfF = 0.0;',
    'var guess = 0.0;',
    'var move = 0.0;',
    'var curvature = 0.0;',
    ...range(n).flatMap((k) => [
      `var slope${k} = 0.0;`,
      `var scale${k} = atol${k} + rtol${k} * Math.abs(y${k});`,
      `if (scale${k} == 0.0) { scale${k} = 1.0; }`,
    ]),
    ...norm('sizeOfY', (k) => `y${k}`),
    // the field once in the text: at y first, then at the end of a small step
    'for (var turn = 0; turn < 2; turn++) {',
    ...range(n).map((k) => `var m${k} = y${k} + move * slope${k};`),
    'var now = base + move;',
    ...evaluationLines(statements, n, {
      prefix: 'v',
      point: (k) => `m${k}`,
      time: 'now',
      out: (k) => `f${k}_`,
    }),
    ...norm('change', (k) => `f${k}_ - slope${k}`),
    'if (turn == 1) { curvature = change / guess; }',
    'if (turn == 0) {',
    'sizeOfF = change;',
    'guess = 0.000001;',
    'if (sizeOfY >= 0.00001 && sizeOfF >= 0.00001 && sizeOfF < 1e30) { guess = 0.01 * sizeOfY / sizeOfF; }',
    'guess = Math.min(guess, bound);',
    'move = direction * guess;',
    ...range(n).map((k) => `slope${k} = f${k}_;`),
    '}',
    '}',
    'var steepest = Math.max(sizeOfF, curvature);',
    'var size = Math.max(0.000001, 0.001 * guess);',
    `if (steepest > 1e-15) { size = Math.pow(Math.max(0.01 / steepest, 1e-30), ${power}); }`,
    'var chosen = 0.1 * guess;',
    'if (curvature < 1e30) { chosen = Math.min(Math.min(100.0 * guess, size), bound); }',
    'chosen = direction * chosen;',
  ]
}
