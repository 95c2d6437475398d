/** Calls of one exported function over trajectories 0 … total − 1, block after block. */
export interface LaneJob {
  readonly name: string
  readonly total: number
  /** trajectories a block */
  readonly block: number
  /** arguments after (first, end, scratch); a call is repeated until it returns 0 */
  readonly calls: readonly (readonly number[])[]
}

/**
 * Runs the blocks that `take` hands out until there are no more, or `stopped`. Worker threads run this very
 * text, so it must not refer to anything outside of itself.
 */
export function runBlocks(
  run: (...args: number[]) => number,
  job: LaneJob,
  scratch: number,
  take: () => number,
  stopped: () => boolean,
): void {
  for (let first = take() * job.block; first < job.total && !stopped(); first = take() * job.block) {
    const end = Math.min(job.total, first + job.block)
    for (const call of job.calls) {
      let unfinished = 1
      while (unfinished !== 0 && !stopped()) unfinished = run(first, end, scratch, ...call)
    }
  }
}
