import { shareTheta } from '../build/shareTheta.js'
import { scalarize } from '../derive/scalarize.js'
import { compile } from './compile.js'
import { printStatements } from './javascriptStatements.js'
import { compileSteps } from './wasm/explicitSteps/compileSteps.js'
import { compileStateLoops } from './wasm/stateLoops/compileStateLoops.js'
import { canCompileVectors } from './wasm/stateLoops/startLoops.js'

/** What {@link fieldReadings} gives. */
export const everyReading = {
  scalarize,
  shareTheta,
  compile,
  printStatements,
  canCompileVectors,
  compileStateLoops,
  compileSteps,
} as const

export type EveryReading = typeof everyReading
