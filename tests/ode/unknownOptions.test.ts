import { system } from '@separatrix/field'
import { adaptive, dopri5, ensemble, integrator, type SolveOptions, solve, trajectory } from '@separatrix/ode'
import { sensitivity } from 'separatrix'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('unknown options')
const field = system({ name: 'decay', state: ['x'], dynamics: { x: '-x' } })
const good = { method: dopri5, rtol: 1e-6, atol: 1e-6 }
const loss = { value: () => 0, gradient: () => undefined }

/** With an option too many, as plain JavaScript may have. */
const calls: readonly (readonly [string, (extra: object) => unknown])[] = [
  ['solve', (extra) => solve(field, [1], [0, 1], { ...good, ...extra })],
  ['integrator', (extra) => integrator(field, 1, { ...good, ...extra })],
  ['trajectory', (extra) => [...trajectory(field, [1], [0, 1], { ...good, ...extra })]],
  ['ensemble', (extra) => ensemble(field, [[1]], [0, 1], { ...good, backend: 'js', ...extra })],
  ['sensitivity', (extra) => sensitivity(field, [1], [0, 1], { ...good, loss, via: 'discrete', ...extra })],
]

for (const [name, call] of calls)
  test(`${name} refuses what it would ignore, and says what was meant`, async () => {
    for (const [typed, meant] of [
      ['rtoll', '"rtol"'],
      ['maxsteps', '"maxSteps"'],
      ['tolerance', 'one of these'],
    ]) {
      const error = await (async () => call({ [typed]: 1e-3 }))().catch((e: Error) => e)
      assert.instance(error, Error)
      const { message, code } = error as Error & { code: string }
      assert.is(code, 'unknown-option')
      assert.match(message, new RegExp(`^${name}: expected options method, rtol, atol, .*, got "${typed}"`))
      assert.ok(message.endsWith(`Try ${meant}.`), message)
    }
    await call({})
  })

test('a controller too', () => {
  assert.throws(() => adaptive({ saftey: 0.8 } as object), /Try "safety"/)
})

test('what belongs elsewhere is not near', () => {
  const run = (extra: object) => () => solve(field, [1], [0, 1], { ...good, ...extra } as SolveOptions)
  assert.throws(run({ tEval: [0.5] }), /one of these/)
  assert.throws(run({ saveat: [0.5] }), /"saveAt"/)
})

test.run()
