import { mkdirSync, writeFileSync } from 'node:fs'
import { adam, fit } from '@separatrix/adjoint'
import { network, type Random } from '@separatrix/field'
import { flowMatching, guideByRule, type Source, withTime } from '@separatrix/flows'
import { pianoRoll } from 'separatrix'
import { type Row, report } from './harness.js'

/** Steps of a bar and pitches of an octave. */
const [beats, pitches] = [8, 12]
const major = [0, 2, 4, 5, 7, 9, 11]

/**
 * Invented music: a bar of notes of one of twelve major keys, each sounding with a probability that changes from bar to
 * bar; ±1 for sound and silence, and noise .1, so that it has a density.
 */
const bars: Source = {
  draw(random: Random, x: Float64Array) {
    const key = random.integer(12)
    const density = 0.1 + 0.4 * random.uniform()
    for (let t = 0; t < beats; t++)
      for (let p = 0; p < pitches; p++) {
        const inKey = major.includes((p - key + 12) % 12)
        const sounds = inKey && random.uniform() < density
        x[t * pitches + p] = (sounds ? 1 : -1) + 0.1 * random.normal()
      }
  },
}

/** Rules are functions of what one hears: neither has a gradient. */
const notes = (x: ArrayLike<number>) => Array.from(x, (v) => (v > 0 ? 1 : 0) as number)

const count = (x: ArrayLike<number>) => notes(x).reduce((sum, on) => sum + on, 0)

const wantedNotes = 20

/** Share of notes that belong to C major. */
function inC(x: ArrayLike<number>): number {
  const on = notes(x)
  const all = on.reduce((sum, v) => sum + v, 0)
  return all === 0 ? 1 : on.reduce((sum, v, i) => sum + (major.includes(i % pitches) ? v : 0), 0) / all
}

const rule = (x: Float64Array) => -Math.abs(count(x) - wantedNotes) / wantedNotes - 2 * (1 - inC(x))

/**
 * Rolls that obey a rule of note density and one of pitch, by a flow that was trained on neither; a picture of one roll
 * for each number of candidates.
 */
export async function bench(): Promise<boolean> {
  const size = beats * pitches
  const { field, losses } = await fit({
    field: withTime(network({ widths: [size + 1, 128, 128, size], activation: 'swish', seed: 0 })),
    loss: flowMatching({ target: bars, coupling: 'independent', batch: 128 }),
    optimizer: adam({ rate: (k) => 2e-3 / (1 + k / 500) }),
    steps: 1500,
    seed: 0,
    backend: 'wasm',
    precision: 'single',
  })
  const rows: Row[] = [{ figure: 'loss a coordinate', value: losses[losses.length - 1] / size }]
  const shown: Float64Array[] = []
  for (const candidates of [1, 4, 16]) {
    const x = guideByRule({ field, rule, candidates, steps: 60, noise: 1, count: 40, seed: 1 })
    const each = Array.from({ length: 40 }, (_, i) => x.data.subarray(i * size, (i + 1) * size))
    const mean = (g: (roll: Float64Array) => number) => each.reduce((sum, roll) => sum + g(roll) / 40, 0)
    const goals = candidates === 16
    rows.push(
      {
        figure: `${candidates} candidates: |notes − ${wantedNotes}|`,
        value: mean((roll) => Math.abs(count(roll) - wantedNotes)),
        ...(goals && { goal: { most: 4 } }),
      },
      {
        figure: `${candidates} candidates: share in C major`,
        value: mean(inC),
        ...(goals && { goal: { least: 0.9 } }),
      },
    )
    shown.push(each[0])
  }
  mkdirSync('bench/results', { recursive: true })
  writeFileSync('bench/results/pianoRoll.svg', pianoRoll(shown, { beats, pitches, wanted: major }))
  return report('pianoRoll', rows)
}
