import { escapeHtml } from './format.js'

export interface MotionPictureOptions {
  readonly label: string
  /** the picture shows [−half, half]² */
  readonly half: number
  /** positions of each point, one for each frame; frames are equally far apart in time */
  readonly tracks: readonly (readonly (readonly [number, number])[])[]
  /** the first so many tracks are drawn as curves as well */
  readonly drawn: number
}

/** Side of the square, in the picture's own units. */
const side = 360

/** Seconds from the first to the last frame, and of rest at the last. */
const [moving, resting] = [4, 2]

/**
 * Points that move from frame to frame over a few of their tracks: an SVG that animates itself, without a script. Where
 * it stands still, in print or where animation is off, it shows the last frame.
 */
export function motionPicture({ label, half, tracks, drawn }: MotionPictureOptions): string {
  const place = ([x, y]: readonly [number, number]) =>
    `${((side / 2) * (1 + x / half)).toFixed(1)} ${((side / 2) * (1 - y / half)).toFixed(1)}`
  const frames = tracks[0]?.length ?? 0
  // a stroke of length 0 with round ends is a dot
  const dots = (k: number) =>
    tracks.map((track) => `M${place(track[k] as readonly [number, number])}h0`).join('')
  const curves = tracks
    .slice(0, drawn)
    .map((track) => `<path d="M${track.map(place).join('L')}"/>`)
    .join('')
  const all = Array.from({ length: frames }, (_, k) => dots(k))
  const share = moving / (moving + resting)
  const times = [...all.map((_, k) => ((share * k) / Math.max(1, frames - 1)).toFixed(4)), '1']
  const values = [...all, all.at(-1)].join(';')
  return `<svg viewBox="0 0 ${side} ${side}" role="img" aria-label="${escapeHtml(label)}">
<g fill="none" stroke="var(--compared)" stroke-opacity=".45" stroke-width="1">${curves}</g>
<path d="${all.at(-1) ?? ''}" fill="none" stroke="var(--proved)" stroke-width="3" stroke-linecap="round"><animate attributeName="d" dur="${moving + resting}s" repeatCount="indefinite" keyTimes="${times.join(';')}" values="${values}"/></path>
</svg>`
}
