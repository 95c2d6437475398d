import { expression, gradient, lieDerivative, system } from '@separatrix/field'
import { type Field, scalarize, seededRandom } from '@separatrix/field/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type AffineForm, affineForms } from '../../packages/field/src/enclose/affineForms.js'
import { ringValues } from '../../packages/field/src/enclose/ringArithmetic.js'
import { type LineCode, type Sparse, sharedCode } from '../../packages/field/src/enclose/roundedCode.js'

/** A number as arithmetic of ten bits has it, and as doubles have it: next to exactly. */
interface Pair {
  readonly coarse: number
  readonly exact: number
}

/** Unit roundoff of the coarse arithmetic: so large that a rounding too few shows. */
const u = 2 ** -10

const operations = {
  add: (x: number, y: number) => x + y,
  sub: (x: number, y: number) => x - y,
  mul: (x: number, y: number) => x * y,
  div: (x: number, y: number) => x / y,
  neg: (x: number) => -x,
  abs: Math.abs,
} as const

/** Arithmetic whose every result errs by up to u, one way or the other as `sign` says. */
function coarseCode(sign: () => number): LineCode<Pair> {
  return {
    constant: (v) => ({ coarse: v, exact: v }),
    op(name, x, y = x) {
      const f = operations[name] as (a: number, b: number) => number
      const value = f((x as Pair).coarse, (y as Pair).coarse)
      const error = name === 'neg' || name === 'abs' ? 0 : u * sign()
      return { coarse: value * (1 + error), exact: f((x as Pair).exact, (y as Pair).exact) }
    },
  }
}

const vanDerPol = system({ state: ['x', 'y'], dynamics: { x: '-y', y: 'x - (1 - x^2)*y' } })
const V = expression('1.5*x^2 - x*y + y^2', ['x', 'y'])
const polynomials: Readonly<Record<string, Field>> = {
  'V̇ of Van der Pol': lieDerivative(V, vanDerPol),
  'its gradient': gradient(lieDerivative(V, vanDerPol)),
  'odd powers': expression('x^3 - 0.5*y^5 + x^7*y - x^1*(y - 3)^3', ['x', 'y']),
  'rests times rests': expression('(x^2 - y)*(y^2 + x)*(x*y - 3)/(-4) - (x^2 - y^3)^2', ['x', 'y']),
  'three sides': expression('(x + 2*y - z)*(x - y*z)*(z^2 - x*y)', ['x', 'y', 'z']),
}

const meant = (s: Sparse<Pair>, which: keyof Pair) => {
  const value = s === undefined ? 0 : s.value[which]
  return s?.isMinus === true ? -value : value
}

for (const [name, plain] of Object.entries(polynomials)) {
  const field = scalarize(plain)
  /** The forms of the outputs over a box, in coarse arithmetic. */
  const formsOver = (lo: readonly number[], hi: readonly number[], sign: () => number) => {
    const forms = affineForms(sharedCode(coarseCode(sign)), field.stateSize, -500)
    const pair = (v: number): Pair => ({ coarse: v, exact: v })
    const sides = lo.map((v, k) => forms.side(k, pair(v), pair(hi[k] as number)))
    return ringValues(forms, field, (k) => sides[k] as AffineForm<Pair>)
  }
  const boxAt = (random: { readonly uniform: () => number }) => {
    const lo = Array.from({ length: field.stateSize }, () => 4 * random.uniform() - 2)
    return [lo, lo.map((v) => v + random.uniform())] as const
  }

  test(`${name}: errors of all parts together are within the counted roundings of the size`, () => {
    const random = seededRandom(2)
    let worst = 0
    for (let trial = 0; trial < 400; trial++) {
      const [lo, hi] = boxAt(random)
      const bias = random.uniform()
      for (const { centre, slopes, rest, size } of formsOver(lo, hi, () =>
        random.uniform() < bias ? 1 : -1,
      )) {
        const parts = [centre, ...slopes, rest]
        const k = Math.max(...[...parts, size].map((s) => s?.roundings ?? 0))
        const error = parts.reduce((sum, s) => sum + Math.abs(meant(s, 'coarse') - meant(s, 'exact')), 0)
        const total = parts.reduce((sum, s) => sum + Math.abs(meant(s, 'exact')), 0)
        const most = meant(size, 'exact')
        // the doubles' own roundings
        const room = 1 + 1e-12
        assert.ok(total <= most * room, `parts of ${total}, size ${most}`)
        assert.ok(error <= ((1 + u) ** k - 1) * most * room, `${error} after ${k} roundings of ${most}`)
        assert.ok(meant(size, 'coarse') * room >= (1 - u) ** k * most, `size ${meant(size, 'coarse')}`)
        worst = Math.max(worst, error / (((1 + u) ** k - 1) * most))
      }
    }
    // half of the roundings counted are room for underflow, and random ones rarely add up
    assert.ok(worst > 0.02, `never more than ${worst} of the bound: a test of nothing`)
  })

  test(`${name}: the exact form holds the values over the box`, () => {
    const random = seededRandom(3)
    for (let trial = 0; trial < 200; trial++) {
      const [lo, hi] = boxAt(random)
      const outputs = formsOver(lo, hi, () => 0)
      const epsilon = lo.map(
        () => [-1, 1, 0, 2 * random.uniform() - 1][Math.floor(4 * random.uniform())] as number,
      )
      const x = lo.map((v, i) => v + (((epsilon[i] as number) + 1) / 2) * ((hi[i] as number) - v))
      const forms = affineForms(
        coarseCode(() => 0),
        field.stateSize,
        -500,
      )
      const at = ringValues(forms, field, (k) => {
        const v = { coarse: x[k] as number, exact: x[k] as number }
        return forms.side(k, v, v)
      })
      outputs.forEach((form, k) => {
        const line = form.slopes.reduce(
          (sum, g, i) => sum + meant(g, 'exact') * (epsilon[i] as number),
          meant(form.centre, 'exact'),
        )
        const truth = meant((at[k] as AffineForm<Pair>).centre, 'exact')
        const slack = 1e-12 * meant(form.size, 'exact')
        assert.ok(Math.abs(truth - line) <= meant(form.rest, 'exact') + slack, `${truth} off ${line} at ${x}`)
      })
    }
  })
}

test.run()
