import { scalarCount } from '../derive/scalarize.js'
import { vectorize } from '../derive/vectorize.js'
import { expectField, type Field } from '../field.js'
import { canGenerateCode } from './canGenerateCode.js'
import { interpret } from './interpret.js'
import type { CompiledField } from './javascriptCode.js'
import { printLoops } from './javascriptLoops.js'
import { printStatements } from './javascriptStatements.js'

/**
 * Scalar operations, before sharing, up to which unrolling is tried, and characters of source up to which it
 * is used. V8 stops optimising a function at about 58 KB of source (a 20× cliff). Below that, unrolled
 * derivatives of networks ran 2 to 3 times as fast as loops at every size measured (2-30-2 to 2-70-2, 21 to
 * 52 KB).
 */
export const unrollLimit = 3000
const sourceLimit = 50_000
/**
 * Where a node is hardly more than one number, loops have nothing to run over: mechanisms of 2,200 to 6,800 nodes with
 * one to three operations each, 60 to 390 KB of source, ran 8 to 1,600 times faster straight than as loops, past V8's
 * limit too. Networks have hundreds of operations a node.
 */
const fewPerNode = 4
const longestStraight = 20_000

/**
 * Compiles a field to one fused function: scalars in locals where it unrolls to few operations, loops over
 * typed arrays otherwise. Where generated code is forbidden the interpreter takes its place.
 * @example
 * const f = compile(system({ state: ['x'], params: { a: 2 }, dynamics: { x: '-a*x' } }))
 * const out = new Float64Array(1)
 * f(0, Float64Array.of(3), out) // out is [-6]
 */
export function compile(field: Field): CompiledField {
  expectField('compile', field)
  if (!canGenerateCode()) {
    return (t, x, out, theta, input) => out.set(interpret(field, t, x, theta, input).subarray(0, out.length))
  }
  const count = scalarCount(field)
  const isSingle = count <= Math.min(longestStraight, fewPerNode * field.nodes.length)
  const source = isSingle || count <= unrollLimit ? compileSource(field) : undefined
  if (source === undefined || (source.length > sourceLimit && !isSingle)) return printLoops(vectorize(field))
  return new Function('theta0', `'use strict'\n${source}`)(field.theta) as CompiledField
}

/** The source that {@link compile} runs for a field that unrolls. */
export function compileSource(field: Field): string {
  const { invariant, body, outputs } = printStatements(
    field,
    { time: 't', state: (i) => `x[${i}]`, theta: (i) => `theta[${i}]`, input: (i) => `input[${i}]` },
    { prefix: 'v' },
  )
  const lines = [...loadOnce(['x', 'theta', 'input'], [...invariant, ...body], outputs)]
  return `return function(t, x, out, theta = theta0, input) {\n${lines.join('\n')}\n}`
}

/** Reads each array entry into a local once, then runs the statements and stores the outputs. */
function loadOnce(
  arrays: readonly string[],
  statements: readonly string[],
  outputs: readonly string[],
): string[] {
  const text = [...statements, ...outputs].join('\n')
  const loads: string[] = []
  let replaced = statements
  let stores = outputs
  for (const array of arrays) {
    const used = [...new Set(text.match(new RegExp(`\\b${array}\\[\\d+\\]`, 'g')))]
    for (const reference of used) {
      const local = reference.replace('[', '_').replace(']', '')
      loads.push(`const ${local} = ${reference}`)
    }
    const rename = (line: string) => line.replace(new RegExp(`\\b${array}\\[(\\d+)\\]`, 'g'), `${array}_$1`)
    replaced = replaced.map(rename)
    stores = stores.map(rename)
  }
  return [...loads, ...replaced, ...stores.map((value, i) => `out[${i}] = ${value}`)]
}
