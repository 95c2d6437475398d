import { SingleBar } from 'cli-progress'

/** What a command may do to the outside: print, show progress, read the clock. */
export interface Terminal {
  /** results, on the standard output */
  print(text: string): void
  /** remarks, on the standard error */
  remark(text: string): void
  /** a progress bar on the standard error; silent where that is no terminal */
  progress(what: string): Progress
  /** milliseconds on a monotonic clock */
  now(): number
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
  { quiet }: { readonly quiet: boolean },
): Terminal {
  return {
    print: (text) => void stdout.write(`${text}\n`),
    remark: (text) => {
      if (!quiet) stderr.write(`${text}\n`)
    },
    progress: quiet ? () => silent : (what) => bar(what, stderr),
    now: () => performance.now(),
  }
}

const silent: Progress = { update: () => undefined, stop: () => undefined }

/** cli-progress draws nothing when its stream is no terminal. */
function bar(what: string, stream: NodeJS.WritableStream): Progress {
  const drawn = new SingleBar({
    stream,
    format: `${what.padEnd(34)} {bar} {percentage}%  {detail}`,
    barsize: 24,
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
      drawn.update(Math.round(1000 * Math.min(1, Math.max(0, fraction))), { detail: detail.slice(0, 12) }),
    stop: () => drawn.stop(),
  }
}
