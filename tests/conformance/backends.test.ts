// One field, one script: every backend of evaluateBatch and of ensemble that Node has on the same fields. The same
// cases run in a page by `pnpm browser`.
import assert from 'node:assert/strict'
import { test } from 'uvu'
import { difference, ensembleCases, evaluationCases } from './backendCases.js'

/** What gpu.js has in any Node. */
const devices = ['webasm', 'cpu'] as const

const references = new Map<string, Promise<Float64Array>>()

for (const { name, key, tolerance, reference, run } of [
  ...evaluationCases(devices),
  ...ensembleCases(['webasm']),
]) {
  test(`${key.split(' ')[0]} of ${name}`, async () => {
    const expected = references.get(key) ?? reference()
    references.set(key, expected)
    const error = difference(await run(), await expected)
    assert.ok(error <= tolerance, `${error} above ${tolerance}`)
  })
}

test.run()
