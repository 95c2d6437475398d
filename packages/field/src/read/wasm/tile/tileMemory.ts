import type { Id } from '../functionCode.js'
import type { LaneCode, LaneValue } from '../laneCode.js'
import { add, overRange, turnBytes, type Walker, walk } from './source.js'

/** Runs the body over the lanes of a row, two vectors at a time; `lane` is their distance from its start. */
function overLanes(c: LaneCode, rowBytes: number, body: (lane: Id) => void): void {
  overRange(c, { end: rowBytes, step: turnBytes, unrolled: 0 }, (lane) => {
    if (typeof lane !== 'number') body(lane.id)
  })
}

/** Copies `count` rows of a tile, each end moving on by its own distance. */
export function copyTile(
  c: LaneCode,
  rowBytes: number,
  count: number,
  rows: { readonly from: Walker; readonly to: Walker },
): void {
  walk(c, count, rows, ({ from, to }) =>
    overLanes(c, rowBytes, (lane) => c.store(add(c, to, lane), c.load(add(c, from, lane)))),
  )
}

/** Writes a value to all lanes of a row. */
export function fillRow(c: LaneCode, rowBytes: number, row: Id, value: LaneValue): void {
  overLanes(c, rowBytes, (lane) => c.store(add(c, row, lane), value))
}
