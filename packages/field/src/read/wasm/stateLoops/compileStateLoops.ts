import { misuse } from '../../../error.js'
import type { Field } from '../../../field.js'
import type { CompiledField } from '../../javascriptCode.js'
import { FunctionCode } from '../functionCode.js'
import { makeModule } from '../moduleBuilder.js'
import { loopPrinter } from './cursor.js'
import { makeLayout } from './layout.js'
import { planStateLoops } from './plan.js'
import { printStateLoops } from './printStateLoops.js'
import { startLoops } from './startLoops.js'

/**
 * Compiles a field to WebAssembly loops along its state, on 128-bit vectors: one evaluation of a large field.
 * Values agree with the interpreter to the errors in `ulps` and the order of sums. Each call copies the state
 * in and the values out.
 * @example
 * const names = Array.from({ length: 50 }, (_, i) => `x${i}`)
 * const ring = system({ state: names, dynamics: Object.fromEntries(names.map((x, i) => [x, `x${(i + 1) % 50} - ${x}`])) })
 * const [x, out] = [Float64Array.from(names, (_, i) => i), new Float64Array(50)]
 * compileStateLoops(ring)(0, x, out) // out is 1, 1, …, 1, −49
 */
export function compileStateLoops(field: Field): CompiledField {
  const layout = makeLayout()
  const plan = planStateLoops(field, layout)
  const [stateAt, outputAt] = [layout.take(field.stateSize), layout.take(field.outputSize)]
  const module = makeModule({ lanes: 'f64x2' })
  const code = new FunctionCode(['f64'])
  const place = { state: stateAt, time: 0 }
  printStateLoops(loopPrinter(code, module), plan, place, (cursor, value) => {
    cursor.store(outputAt, value)
  })
  module.define(module.reserve(), code.finish({ exported: 'evaluate' }))
  const running = startLoops(module, layout, plan)
  if (running === undefined)
    throw misuse({
      where: `compileStateLoops(${field.name})`,
      expected: 'an engine that compiles WebAssembly with 128-bit vectors',
      got: 'one that does not, or may not',
      try: 'compile(field)',
      code: 'no-simd',
    })
  const { exports, view } = running
  const evaluate = exports['evaluate'] as (t: number) => void
  const state = view(stateAt, field.stateSize)
  const output = view(outputAt, field.outputSize)
  const parameters = view(plan.thetaAt, field.theta.length)
  const inputs = view(plan.inputAt, field.inputSize)
  return (t, x, out, theta = field.theta, input = []) => {
    state.set(x)
    parameters.set(theta)
    inputs.set(input)
    evaluate(t)
    out.set(output)
  }
}
