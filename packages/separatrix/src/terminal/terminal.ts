import { SingleBar } from 'cli-progress'

/** What a command may do to the outside: print, show progress, read the clock. */
export interface Terminal {
  /** results, on the standard output */
  print(text: string): void
  /** remarks, on the standard error */
  remark(text: string): void
  /** a progress bar on the standard error, with so many columns (12) for details; silent where that is no terminal */
  progress(what: string, detailColumns?: number): Progress
  /** milliseconds on a monotonic clock */
  now(): number
  /** where Ctrl-C is heard, if anywhere */
  readonly interrupts?: Interrupts | undefined
}

/** Who hears Ctrl-C; `process` does. */
export interface Interrupts {
  on(event: 'SIGINT', heard: () => void): unknown
  off(event: 'SIGINT', heard: () => void): unknown
}

export interface Progress {
  /** 0 at the start, 1 at the end */
  update(fraction: number, detail?: string): void
  stop(): void
}

/** Where a terminal writes; `process` is one. */
export interface Streams {
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
}

/** A terminal on two streams; `quiet` keeps remarks and bars away. */
export function streamTerminal(
  { stdout, stderr }: Streams,
  { quiet, interrupts }: { readonly quiet: boolean; readonly interrupts?: Interrupts | undefined },
): Terminal {
  return {
    print: (text) => void stdout.write(`${text}\n`),
    remark: (text) => {
      if (!quiet) stderr.write(`${text}\n`)
    },
    progress: quiet ? () => silent : (what, detailColumns = 12) => bar(what, stderr, detailColumns),
    now: () => performance.now(),
    interrupts,
  }
}

const silent: Progress = { update: () => undefined, stop: () => undefined }

/** cli-progress draws nothing when its stream is no terminal. Details take from the name and the bar, in 80 columns. */
function bar(what: string, stream: NodeJS.WritableStream, detailColumns: number): Progress {
  const more = detailColumns - 12
  const [nameColumns, barsize] = [34 - Math.ceil((2 * more) / 5), 24 - Math.floor((3 * more) / 5)]
  const drawn = new SingleBar({
    stream,
    format: `${what.slice(0, more === 0 ? Infinity : nameColumns).padEnd(nameColumns)} {bar} {percentage}%  {detail}`,
    barsize,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    hideCursor: false,
    clearOnComplete: true,
    gracefulExit: false,
    etaAsynchronousUpdate: false,
  })
  drawn.start(1000, 0, { detail: '' })
  return {
    update: (fraction, detail = '') =>
      drawn.update(Math.round(1000 * Math.min(1, Math.max(0, fraction))), {
        detail: detail.slice(0, detailColumns),
      }),
    stop: () => drawn.stop(),
  }
}
