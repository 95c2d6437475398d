import { compile, expression, interpret } from '@separatrix/field'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('half-integer powers')

for (const exponent of [0.5, 1.5, 2.5, 7.5, -0.5, -1.5, -2.5, 0.25, 8.5]) {
  test(`x^${exponent}: printed as interpreted, and Math.pow to rounding`, () => {
    const field = expression(`x^(${exponent})`, ['x'])
    const f = compile(field)
    const out = new Float64Array(1)
    for (const x of [0, 1e-300, 1e-8, 0.3, 1, 2, 17.25, 1e8]) {
      f(0, Float64Array.of(x), out)
      assert.is(out[0], interpret(field, 0, [x])[0])
      const exact = x ** exponent
      if (!Number.isFinite(exact)) assert.is(out[0], exact)
      // at most eight roundings, each of half a unit in the last place
      else assert.ok(Math.abs(out[0] - exact) <= 4 * Number.EPSILON * exact + Number.MIN_VALUE, `${x}`)
    }
    f(0, Float64Array.of(-1), out)
    assert.ok(Number.isNaN(out[0]))
  })
}

test.run()
