import type { Id } from '../functionCode.js'
import type { LaneCode, LaneValue } from '../laneCode.js'
import { type Walker, walk, walkLanes } from './source.js'

/** Copies `count` rows of a tile, each end moving on by its own distance. */
export function copyTile(
  c: LaneCode,
  rowBytes: number,
  count: number,
  rows: { readonly from: Walker; readonly to: Walker },
): void {
  walk(c, count, rows, (row) => {
    walkLanes(c, rowBytes, row, (c, { from, to }) => c.store(to, c.load(from)))
  })
}

/** Writes a value to all lanes of a row. */
export function fillRow(c: LaneCode, rowBytes: number, row: Id, value: LaneValue): void {
  walkLanes(c, rowBytes, { lane: row }, (c, { lane }) => c.store(lane, value))
}
