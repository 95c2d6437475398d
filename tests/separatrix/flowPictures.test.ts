import assert from 'node:assert/strict'
import { network } from '@separatrix/field'
import { cnf, eightGaussians, mixtureVelocity, standardNormal } from '@separatrix/flows'
import { rk4 } from '@separatrix/ode'
import { flowAnimation, flowTrajectories, pianoRoll } from 'separatrix'
import { test } from 'uvu'

const flow = cnf({ field: mixtureVelocity({ target: eightGaussians('ffjord') }), method: rk4, step: 0.1 })
const options = { count: 7, seed: 1, frames: 5 }
type Tag = Readonly<Record<string, string>>
/** The tags of one name with their attributes, in the order of the file: one of its own, with no script and nothing fetched. */
function tags(svg: string, name: string): Tag[] {
  assert.ok(svg.startsWith('<svg xmlns=') && svg.endsWith('</svg>\n') && !/<script|href=|url\(/.test(svg))
  return [...svg.matchAll(new RegExp(`<${name} ([^>]*?)/?>`, 'g'))].map(([, text]) =>
    Object.fromEntries([...text.matchAll(/([a-zA-Z]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
  )
}
const numbers = (text = '') => text.split(/[;, ]/).map(Number)

test('trajectories: a line a sample, from a grey dot to a dark one, inside of the picture', async () => {
  const drawn = await flowTrajectories(flow, options)
  const lines = tags(drawn, 'polyline').map(({ points }) => numbers(points))
  assert.equal(lines.length, 7)
  const dots = tags(drawn, 'circle').map(({ cx, cy }) => [Number(cx), Number(cy)])
  lines.forEach((line, i) => {
    assert.equal(line.length, 12)
    assert.ok(line.every((v) => v >= 19.9 && v <= 500.1))
    assert.deepEqual([line.slice(0, 2), line.slice(-2)], [dots[i], dots[7 + i]])
  })
})

test('an animation: every dot rests, moves through the frames of its trajectory, and rests', async () => {
  const drawn = await flowAnimation(flow, { ...options, seconds: 2 })
  const lines = tags(await flowTrajectories(flow, options), 'polyline')
  // cx and cy of each dot, and the bar's width
  const moves = tags(drawn, 'animate')
  assert.equal(moves.length, 2 * 7 + 1)
  lines.forEach(({ points }, i) => {
    for (const [k, name] of ['cx', 'cy'].entries()) {
      const { attributeName, values, keyTimes, dur } = moves[2 * i + k]
      const way = numbers(points).filter((_, at) => at % 2 === k)
      assert.deepEqual([attributeName, dur], [name, '2s'])
      assert.deepEqual(numbers(values), [way[0], ...way, way[5]])
      const times = numbers(keyTimes)
      assert.ok(times.length === 8 && times[0] === 0 && times[7] === 1)
      assert.ok(times.every((t, at) => at === 0 || t > times[at - 1]))
    }
  })
})

test('piano rolls: a note for each positive entry, time to the right and pitch upwards', () => {
  const rolls = [
    [1, -1, -1, 1],
    [-1, -1, -1, -1],
  ]
  const drawn = pianoRoll(rolls, { beats: 2, pitches: 2, wanted: [0], names: ['C', 'G'] })
  const [low, high, ...others] = tags(drawn, 'rect').filter(({ rx }) => rx !== undefined)
  assert.equal(others.length, 0)
  assert.ok(Number(high.x) > Number(low.x) && Number(high.y) < Number(low.y))
  assert.deepEqual([low.fill, high.fill], ['var(--proved)', 'var(--lost)'])
  assert.ok(drawn.includes('>C</text>') && drawn.includes('>G</text>'))
})

test('what cannot be drawn is refused', async () => {
  const line = cnf({
    field: network({ widths: [1, 3, 1], activation: 'tanh', seed: 0 }),
    base: standardNormal(1),
    method: rk4,
    step: 0.5,
  })
  await assert.rejects(() => flowTrajectories(line, options), /a flow of the plane/)
  await assert.rejects(() => flowAnimation(flow, { ...options, seconds: 0 }), /positive number of seconds/)
  assert.throws(() => pianoRoll([[1]], { beats: 2, pitches: 2 }), /rolls of 2 × 2 numbers/)
  assert.throws(() => pianoRoll([], { beats: 2, pitches: 2 }), /got none/)
})

test.run()
