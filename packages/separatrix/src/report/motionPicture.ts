import { escapeHtml } from './format.js'

export interface MotionPictureOptions {
  readonly label: string
  /** the picture shows [−half, half]² */
  readonly half: number
  /** positions of each point, one for each frame; frames are equally far apart in time */
  readonly tracks: readonly (readonly (readonly [number, number])[])[]
  /** the first so many tracks are drawn as curves as well */
  readonly drawn: number
  /** frames that stand still below, equally far apart, the first and the last among them; at least 2 */
  readonly stills: number
}

/** Side of the square, in the picture's own units. */
const side = 360

/** Height of the names of still frames. */
const caption = 16

/** Seconds from the first to the last frame, and of rest at the last. */
const [moving, resting] = [4, 2]

/**
 * Points that move from frame to frame over a few of their tracks: an SVG that animates itself, without a script. Where
 * it stands still, in print or where animation is off, it shows the last frame. Below, some frames side by side, named by
 * their share of the time.
 */
export function motionPicture({ label, half, tracks, drawn, stills }: MotionPictureOptions): string {
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
  const small = side / stills
  const still = (k: number) => {
    const part = k / (stills - 1)
    const frame = all[Math.round(part * (frames - 1))]
    return `<path d="${frame}" transform="translate(${(k * small).toFixed(1)} ${side + caption}) scale(${(1 / stills).toFixed(4)})"/>`
  }
  const name = (k: number) =>
    `<text x="${((k + 0.5) * small).toFixed(1)}" y="${side + caption - 4}">${Number((k / (stills - 1)).toFixed(2))}</text>`
  const each = Array.from({ length: stills }, (_, k) => k)
  return `<svg viewBox="0 0 ${side} ${(side + caption + small).toFixed(1)}" role="img" aria-label="${escapeHtml(label)}">
<g fill="none" stroke="var(--compared)" stroke-opacity=".45" stroke-width="1">${curves}</g>
<path d="${all.at(-1) ?? ''}" fill="none" stroke="var(--proved)" stroke-width="3" stroke-linecap="round"><animate attributeName="d" dur="${moving + resting}s" repeatCount="indefinite" keyTimes="${times.join(';')}" values="${values}"/></path>
<g fill="none" stroke="var(--proved)" stroke-width="7" stroke-linecap="round">${each.map(still).join('')}</g>
<g fill="var(--quiet)" font-size="10" text-anchor="middle">${each.map(name).join('')}</g>
</svg>`
}
