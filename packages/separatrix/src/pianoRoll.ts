import { misuse, show } from '@separatrix/field'
import { standalone } from './report/standalone.js'

export interface PianoRollOptions {
  /** numbers of time steps and of pitches, the rows of the roll; time is the slower index */
  readonly beats: number
  readonly pitches: number
  /** pitches from low to high that are drawn as wanted; all by default */
  readonly wanted?: readonly number[]
  /** name of the lowest pitch, then upwards; C to B by default */
  readonly names?: readonly string[]
}

/** Side of a note, and place for the names. */
const [cell, gutter] = [22, 34]

const chromatic = ['C', 'C♯', 'D', 'D♯', 'E', 'F', 'F♯', 'G', 'G♯', 'A', 'A♯', 'B']

/**
 * Piano rolls beside one another as an SVG file: a note where an entry is positive, time to the right, pitch upwards; notes
 * that are not wanted have another colour.
 * @example pianoRoll([[1, -1, -1, 1]], { beats: 2, pitches: 2, names: ['C', 'G'] }) // '<svg …'
 */
export function pianoRoll(
  rolls: readonly ArrayLike<number>[],
  { beats, pitches, wanted, names = chromatic }: PianoRollOptions,
): string {
  const bad = rolls.find((roll) => roll.length !== beats * pitches)
  if (bad !== undefined || rolls.length === 0)
    throw misuse({
      where: 'pianoRoll',
      expected: `rolls of ${show(beats)} × ${show(pitches)} numbers`,
      got: bad === undefined ? 'none' : `one of ${bad.length}`,
      try: 'roll[beat * pitches + pitch]',
    })
  const [width, height] = [beats * cell, pitches * cell]
  const row = (p: number) => height - (p + 1) * cell
  const isWanted = (p: number) => wanted === undefined || wanted.includes(p)
  const labels = Array.from({ length: pitches }, (_, p) => {
    const name = names[p % names.length]
    return `<text x="${gutter - 8}" y="${row(p) + 0.7 * cell}" text-anchor="end" fill="var(--${isWanted(p) ? 'ink' : 'quiet'})">${name}</text>`
  })
  const panels = rolls.map((roll, k) => {
    const left = gutter + k * (width + cell)
    const lanes = Array.from({ length: pitches }, (_, p) =>
      isWanted(p)
        ? `<rect x="${left}" y="${row(p)}" width="${width}" height="${cell}" fill="var(--faint)" fill-opacity=".28"/>`
        : '',
    )
    const notes = Array.from(roll, (value, at) => {
      const [beat, pitch] = [Math.floor(at / pitches), at % pitches]
      return value > 0
        ? `<rect x="${left + beat * cell + 1.5}" y="${row(pitch) + 1.5}" width="${cell - 3}" height="${cell - 3}" rx="4" fill="var(--${isWanted(pitch) ? 'proved' : 'lost'})"/>`
        : ''
    })
    const frame = `<rect x="${left}" y="0" width="${width}" height="${height}" fill="none" stroke="var(--faint)"/>`
    return [...lanes, ...notes, frame].join('')
  })
  const whole = gutter + rolls.length * (width + cell)
  return standalone(
    whole,
    height,
    `${rolls.length} piano rolls of ${beats} beats`,
    [...labels, ...panels].join(''),
  )
}
