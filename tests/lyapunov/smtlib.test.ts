import { expression, system } from '@separatrix/field'
import {
  type Certificate,
  certify,
  invariantSet,
  reachAvoidStay,
  smtlib,
  type Verdict,
} from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { init, killThreads } from 'z3-solver'
import { cases, cost, regulated, vanDerPol } from './cases.js'

// 35 MB of WebAssembly and 0.7 s to load: for tests only
const { Z3, em } = await init()
test.after(() => killThreads(em))

/**
 * What Z3 says to a script, with ten seconds to think. The script is read by a call that returns at once: one that runs in
 * another thread may lose its text, which lies on the stack of this one.
 */
async function answer(text: string): Promise<'sat' | 'unsat' | 'unknown'> {
  const config = Z3.mk_config()
  Z3.set_param_value(config, 'timeout', '10000')
  const context = Z3.mk_context(config)
  const solver = Z3.mk_solver_for_logic(context, Z3.mk_string_symbol(context, 'QF_NRA'))
  Z3.solver_inc_ref(context, solver)
  Z3.solver_from_string(context, solver, text.replace('(check-sat)', ''))
  assert.is(Z3.get_error_code(context), 0, text)
  const said = await Z3.solver_check(context, solver)
  Z3.solver_dec_ref(context, solver)
  Z3.del_context(context)
  Z3.del_config(config)
  return said > 0 ? 'sat' : said < 0 ? 'unsat' : 'unknown'
}

function certificateOf(verdict: Verdict): Certificate {
  if (verdict.kind !== 'proved') throw new Error(verdict.message)
  return verdict.certificate
}

const xy = ['x', 'y'] as const
const plane = (x: string, y: string) => system({ state: xy, dynamics: { x, y } })
const line = (x: string) => system({ state: ['x'], dynamics: { x } })
const parabola = expression('x^2', ['x'])
const square = expression('x^2 + y^2', xy)
const around = [[-2, 2], [-2, 2]] as const // biome-ignore format: a box
const polynomial = cases.filter(({ name }) => name !== 'two machines')
const globally = 'global-asymptotic-stability'
const epidemic = system({
  state: ['S', 'I', 'R'],
  params: { b: 0.4, g: 0.1 },
  dynamics: { S: '-b*S*I', I: 'b*S*I - g*I', R: 'g*I' },
})
const damped = system({ state: ['x'], input: ['d'], dynamics: { x: '-x + d' } })
const poly1 = system({
  state: ['x', 'y', 'z'],
  dynamics: { x: '-x^3 - x*z^2', y: '-y - x^2*y', z: '-4*z + 3*x^2*z' },
})

const proofs: readonly { readonly name: string; readonly verdict: () => Verdict }[] = [
  ...polynomial.map((c) => ({ name: c.name, verdict: () => certify({ ...c, level: 0.99 * c.critical }) })),
  { name: 'with a rate', verdict: () => certify({ ...vanDerPol, level: 0.5, rate: 0.2 }) },
  { name: 'an uncertain parameter', verdict: () => certify({ field: system({ state: ['x'], params: { a: 1 }, dynamics: { x: '-a*x + x^3' } }), V: parabola, domain: [[-2, 2]], level: 0.8, params: { a: [0.9, 1.1] } }) },
  { name: 'a map', verdict: () => certify({ field: line('0.5*x + x^3'), V: parabola, domain: [[-2, 2]], level: 0.49, time: 'discrete' }) },
  { name: 'an equilibrium in a box', verdict: () => certify({ field: line('2 - x^2'), V: parabola, domain: [[-1, 1]], level: 0.9, equilibrium: [1.4] }) },
  { name: 'Poly1, globally', verdict: () => certify({ field: poly1, V: expression('4*x^2 + y^2 + z^2', ['x', 'y', 'z']), property: globally }) },
  { name: 'Poly2, globally, with a degenerate Hessian', verdict: () => certify({ field: plane('-x^3 + y', '-x - y'), V: square, property: globally }) },
  { name: 'stability', verdict: () => certify({ field: plane('y', '-x - y*(1 - x^2)'), V: square, domain: around, level: 0.99, property: 'stability' }) },
  { name: 'reach, avoid, stay', verdict: () => reachAvoidStay({ field: damped, V: parabola, domain: [[-3, 3]], disturbance: { d: [-0.3, 0.3] }, level: 4, inner: 0.1, initial: [[-1, 1]], goal: [[-0.5, 0.5]], avoid: [[[2.1, 3]]] }) },
  { name: 'a barrier', verdict: () => invariantSet({ field: plane('-x + 2*y', '-y - 2*x'), set: { kind: 'ellipsoid', shape: [[1, 0], [0, 1]] } }) },
  { name: 'an epidemic on its simplex', verdict: () => invariantSet({ field: epidemic, set: { kind: 'simplex' } }) },
] // biome-ignore format: one proof a line

for (const { name, verdict } of proofs)
  test(`Z3 agrees: ${name}`, async () => {
    for (const { claim, text } of smtlib(certificateOf(verdict())))
      assert.is(await answer(text), 'unsat', claim)
  })

test('Z3 finds what is wrong with claims that are false', async () => {
  const falsehoods: readonly (readonly [string, Certificate, Partial<Certificate['claim']>])[] = [
    ...polynomial.map((c) => [c.name, certificateOf(certify({ ...c, level: 0.9 * c.critical })), { level: 1.01 * c.critical }] as const),
    ['a rate', certificateOf(certify({ ...vanDerPol, level: 0.5, rate: 0.2 })), { rate: 0.9 }],
    ['a map', certificateOf(certify({ field: line('0.5*x'), V: parabola, domain: [[-2, 2]], level: 1, time: 'discrete' })), { rate: 0.8 }],
    ['a goal', certificateOf(reachAvoidStay({ field: line('-x'), V: parabola, domain: [[-3, 3]], level: 4, inner: 0.1 })), { goal: [[-0.3, 0.3]] }],
    ['a simplex', certificateOf(invariantSet({ field: line('-x'), set: { kind: 'box', sides: [[-1, 1]] } })), { domain: [[0.5, 1]] }],
  ] // biome-ignore format: one claim a line
  for (const [name, certificate, change] of falsehoods) {
    const forged = { ...certificate, claim: { ...certificate.claim, ...change } }
    const said: string[] = []
    for (const { text } of smtlib(forged)) said.push(await answer(text))
    assert.ok(said.includes('sat'), `${name}: ${said}`)
  }
})

test('what is no polynomial is refused', () => {
  const certificate = certificateOf(certify({ field: regulated, V: cost, domain: [[-1, 1], [-8, 8]], level: 0.5 })) // biome-ignore format: a box
  assert.throws(() => smtlib(certificate), /about polynomials/)
})

test.run()
