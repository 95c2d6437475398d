import { expression, system } from '@separatrix/field'
import { certify, checkCertificate } from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rehashed } from './cases.js'

const property = 'global-asymptotic-stability'
const xy = ['x', 'y'] as const
const square = expression('x^2 + y^2', xy)

const proved = [
  {
    name: 'Poly1, three states: V̇ = −8x⁴ − 2x²y² − 2x²z² − 2y² − 8z²',
    field: system({
      state: ['x', 'y', 'z'],
      dynamics: { x: '-x^3 - x*z^2', y: '-y - x^2*y', z: '-4*z + 3*x^2*z' },
    }),
    V: expression('4*x^2 + y^2 + z^2', ['x', 'y', 'z']),
  },
  {
    name: 'Poly2, a degenerate Hessian: V̇ = −2x⁴ − 2y²',
    field: system({ state: xy, dynamics: { x: '-x^3 + y', y: '-x - y' } }),
    V: square,
  },
  {
    name: 'a linear system, by the exact pivots of a quadratic form',
    field: system({ state: xy, dynamics: { x: '-x + y', y: '-x' } }),
    V: expression('x^2 - x*y + 1.5*y^2', xy),
  },
  {
    name: 'with a rate: V̇ + 1.9 V = −0.1 (x² + y²) − 2x⁴',
    field: system({ state: xy, dynamics: { x: '-x - x^3', y: '-y' } }),
    V: square,
    rate: 1.9,
  },
] as const

for (const { name, ...options } of proved) {
  test(`global: ${name}`, () => {
    const verdict = certify({ ...options, property })
    assert.is(verdict.kind, 'proved', verdict.message)
    if (verdict.kind !== 'proved') return
    const text = JSON.stringify(verdict.certificate)
    assert.equal(checkCertificate(text).valid, true, checkCertificate(text).reason)
    // altered systems and claims with a fresh hash fail by the signs
    assert.is(
      checkCertificate(rehashed(JSON.parse(text.replaceAll('"exponent":2', '"exponent":3')))).valid,
      false,
    )
    assert.is(
      checkCertificate(rehashed(JSON.parse(text.replaceAll('"op":"sub"', '"op":"add"')))).valid,
      false,
    )
    assert.is(
      checkCertificate(rehashed({ ...JSON.parse(text), claim: { ...JSON.parse(text).claim, rate: 50 } }))
        .valid,
      false,
    )
  })
}

/** None of these is globally stable, or none is shown to be by its candidate. */
const traps = [
  {
    name: 'V that is not radially unbounded, though V̇ < 0 everywhere',
    field: system({ state: xy, dynamics: { x: '-6*x/(1 + x^2)^2 + 2*y', y: '-2*(x + y)/(1 + x^2)^2' } }),
    V: expression('x^2/(1 + x^2) + y^2', xy),
  },
  {
    name: 'an odd monomial with the right sign',
    field: system({ state: xy, dynamics: { x: '-x - x^2', y: '-y' } }),
    V: square,
  },
  { name: 'V̇ ≤ 0 only', field: system({ state: xy, dynamics: { x: 'y', y: '-x - y' } }), V: square },
  { name: 'a region only', field: system({ state: xy, dynamics: { x: '-x + x*y', y: '-y' } }), V: square },
  {
    name: 'a rate too fast',
    field: system({ state: xy, dynamics: { x: '-x', y: '-y' } }),
    V: square,
    rate: 2,
  },
  {
    name: 'V indefinite',
    field: system({ state: xy, dynamics: { x: '-x', y: '-y' } }),
    V: expression('x^2 + 3*x*y + y^2', xy),
  },
  {
    name: 'an equilibrium off 0',
    field: system({ state: xy, dynamics: { x: '1e-9 - x', y: '-y' } }),
    V: square,
  },
  {
    name: 'V that forgets a variable',
    field: system({ state: xy, dynamics: { x: '-x', y: '-y' } }),
    V: expression('x^2', xy),
  },
] as const

for (const { name, ...options } of traps) {
  test(`not global: ${name}`, () => {
    assert.is(certify({ ...options, property }).kind, 'unknown')
  })
}

const line = (text: string) => system({ state: ['x'], params: { a: 1 }, dynamics: { x: text } })
const beside = [
  { name: 'an unstable map whose vector field is stable', text: '-3*x', time: 'discrete' },
  { name: 'parameters of either sign', text: '-a*x', params: { a: [-1, 1] } },
  { name: 'an equilibrium elsewhere', text: '-x', equilibrium: [1] },
  { name: 'a rate at which V may rise', text: '0.1*x', rate: -1 },
  { name: 'a rate that is no number', text: '0.1*x', rate: Number.NaN },
] as const

for (const { name, text, ...options } of beside) {
  test(`not asked of a global claim: ${name}`, () => {
    const field = line(text)
    assert.throws(() => certify({ ...options, field, V: expression('x^2', ['x']), property }), /certify: /)
  })
}

test('exponential stability is asked with a rate above 0', () => {
  const claim = { field: line('-x^3'), V: expression('x^2', ['x']), domain: [[-1, 1]], level: 0.5 } as const
  for (const rate of [undefined, 0, -1, Number.NaN])
    assert.throws(() => certify({ ...claim, property: 'exponential-stability', rate }), /κ > 0/)
})

test.run()
