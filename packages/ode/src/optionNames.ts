import type { OptionNames } from '@separatrix/field/core'
import type { StepOptions } from './prepare.js'
import type { SolveOptions } from './solve.js'
import type { IntegratorOptions } from './watch.js'

export const stepOptionNames: OptionNames<StepOptions> = {
  method: true,
  rtol: true,
  atol: true,
  step: true,
  firstStep: true,
  minStep: true,
  maxStep: true,
  control: true,
  weights: true,
  norm: true,
  maxSteps: true,
  theta: true,
}

export const integratorOptionNames: OptionNames<IntegratorOptions> = {
  ...stepOptionNames,
  events: true,
  breakpoints: true,
  stopAt: true,
}

export const solveOptionNames: OptionNames<SolveOptions> = {
  ...integratorOptionNames,
  saveAt: true,
  observers: true,
  onProgress: true,
  signal: true,
}
