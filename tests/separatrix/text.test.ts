import assert from 'node:assert/strict'
import { test } from 'uvu'
import {
  duration,
  escapeHtml,
  plain,
  readable,
  roundedDown,
  roundedUp,
} from '../../packages/separatrix/src/report/format.js'
import { twoColumns, width, wrap } from '../../packages/separatrix/src/terminal/text.js'

test('text is broken at spaces, within the width, losing no word', () => {
  const text = Array.from({ length: 60 }, (_, i) => 'x'.repeat((i * 7) % 13 || 1)).join(' ')
  for (const columns of [20, 40, 80])
    for (const indent of [0, 4]) {
      const lines = wrap(text, { columns, indent }).split('\n')
      assert.ok(lines.every((l) => l.length <= columns))
      assert.equal(lines.map((l) => l.trim()).join(' '), text)
    }
})

test('a word longer than a line is cut, an empty text stays empty', () => {
  assert.equal(
    wrap('x'.repeat(45), { columns: 20 }),
    ['x'.repeat(20), 'x'.repeat(20), 'x'.repeat(5)].join('\n'),
  )
  assert.equal(wrap(''), '')
})

test('two columns wrap long values under themselves', () => {
  const lines = twoColumns([
    ['name', 'word '.repeat(40).trim()],
    ['longer name', 'v'],
  ]).split('\n')
  assert.ok(lines.every((l) => l.length <= width))
  assert.ok(lines.slice(1, -1).every((l) => l.startsWith(' '.repeat(13)) && l[13] === 'w'))
})

test('two columns: a path that fits beside a long name is not cut', () => {
  const name = 'a name of thirty-four characters..'
  const path = 'out/a-folder/with/a/report.html'
  assert.equal(twoColumns([[name, path]]), `${name}  ${path}`)
})

const numbers: readonly (readonly [number, number | undefined, string])[] = [
  [0, undefined, '0'],
  [0.6, undefined, '0.6'],
  [0.8632811, 6, '0.863281'],
  [-1234567, undefined, '−1\u202f234\u202f567'],
  [3200, 2, '3\u202f200'],
  [1.98e-5, undefined, '1.98·10⁻⁵'],
  [6.02e23, 4, '6.02·10²³'],
  [Number.POSITIVE_INFINITY, undefined, '∞'],
  [0.001, undefined, '0.001'],
]
for (const [value, digits, text] of numbers)
  test(`${value} reads ${text}`, () => assert.equal(readable(value, digits), text))

test('a readable number is the number, to the digits asked for', () => {
  for (let k = -200; k < 200; k++) {
    const value = Math.sin(k) * 10 ** (k / 10)
    const back = Number(
      readable(value, 6)
        .replaceAll('\u202f', '')
        .replace('−', '-')
        .replace(
          /·10(.*)/,
          (_, e: string) => `e${Array.from(e, (c) => (c === '⁻' ? '-' : '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(c))).join('')}`,
        ),
    )
    // six digits; five of them in scientific form: half a unit of the last
    assert.ok(Math.abs(back - value) <= 5e-5 * Math.abs(value), `${value} as ${readable(value, 6)}`)
  }
})

test('a proved level is never rounded up, a refuted one never down', () => {
  for (let k = 1; k < 2000; k++) {
    const value = Math.abs(Math.sin(k)) * 10 ** ((k % 40) - 20)
    for (const digits of [2, 6, 8]) {
      const [down, up] = [roundedDown(value, digits), roundedUp(value, digits)]
      assert.ok(down <= value && value <= up)
      // one unit of the last digit, at most 10^(1−digits) of the value, and a rounding
      assert.ok(up - down <= 1.000001 * 10 ** (1 - digits) * value)
      // printing does not change it; from 10⁹ on it is written with an exponent
      assert.equal(Number(plain(down, digits)), down)
      if (down < 1e9) assert.equal(plain(down, digits), String(down))
    }
  }
  assert.equal(
    `${roundedDown(0.3851899)} ${roundedUp(0.3853811)} ${roundedDown(2.5)}`,
    '0.385189 0.385382 2.5',
  )
})

test('durations, plain numbers and escapes', () => {
  assert.equal([0.2, 87.4, 1440, 62_000].map(duration).join('; '), '< 1 ms; 87 ms; 1.44 s; 62.0 s')
  assert.equal(plain(0.1 + 0.2), '0.3')
  assert.equal(plain(123456789), '123456789')
  assert.equal(plain(4.512345e17, 4), '4.512e17')
  assert.equal(plain(-2e9), '-2e9')
  assert.equal(escapeHtml('<a b="c">&'), '&lt;a b=&quot;c&quot;&gt;&amp;')
})

test.run()
