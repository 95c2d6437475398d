import { shareTheta } from '../build/shareTheta.js'
import { scalarize } from '../derive/scalarize.js'
import { compile } from './compile.js'
import { printStatements } from './javascriptStatements.js'
import { canCompileModules } from './wasm/compileModule.js'
import { FunctionCode } from './wasm/functionCode.js'
import { hasRelaxedSimd, hasSimd, makeModule } from './wasm/moduleBuilder.js'
import { scalarCode } from './wasm/scalarCode.js'
import { compileStateLoops } from './wasm/stateLoops/compileStateLoops.js'
import { along, gatherer, loopPrinter } from './wasm/stateLoops/cursor.js'
import { makeLayout } from './wasm/stateLoops/layout.js'
import { planStateLoops } from './wasm/stateLoops/plan.js'
import { printStateLoops } from './wasm/stateLoops/printStateLoops.js'
import { startLoops } from './wasm/stateLoops/startLoops.js'

/** What {@link fieldReadings} gives. */
export const everyReading = {
  scalarize,
  shareTheta,
  compile,
  printStatements,
  /** WebAssembly loops along the state, and what prints further ones around them */
  loops: {
    FunctionCode,
    along,
    canCompileModules,
    compileStateLoops,
    gatherer,
    hasRelaxedSimd,
    hasSimd,
    loopPrinter,
    makeLayout,
    makeModule,
    planStateLoops,
    printStateLoops,
    scalarCode,
    startLoops,
  },
} as const

export type EveryReading = typeof everyReading
