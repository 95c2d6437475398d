import type { Id } from '../functionCode.js'
import type { LaneCode, LaneValue } from '../laneCode.js'
import { turnBytes, type Walker, walk } from './source.js'

/** Copies `count` rows of a tile, each end moving on by its own distance. */
export function copyTile(
  c: LaneCode,
  rowBytes: number,
  count: number,
  rows: { readonly from: Walker; readonly to: Walker },
): void {
  walk(c, count, rows, (row) => {
    const lanes = { from: { start: row.from, bytes: turnBytes }, to: { start: row.to, bytes: turnBytes } }
    walk(c, rowBytes / turnBytes, lanes, ({ from, to }) => c.store(to, c.load(from)))
  })
}

/** Writes a value to all lanes of a row. */
export function fillRow(c: LaneCode, rowBytes: number, row: Id, value: LaneValue): void {
  walk(c, rowBytes / turnBytes, { lane: { start: row, bytes: turnBytes } }, ({ lane }) =>
    c.store(lane, value),
  )
}
