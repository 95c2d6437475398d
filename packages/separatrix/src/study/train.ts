import { adam, cosineRate, fit, warmUp } from '@separatrix/adjoint'
import type { Field } from '@separatrix/field'
import type { Terminal } from '../terminal/terminal.js'

export interface Schedule {
  readonly steps: number
  /** learning rate of Adam at the start and at the end, on a cosine in between (Loshchilov & Hutter 2017, eq. 5) */
  readonly rate: readonly [number, number]
  /** steps over which the rate rises to its start, before the cosine; none where left out */
  readonly warmUp?: number
  readonly seed: number
}

type FitTask<R extends { readonly field: Field }> = Pick<
  Parameters<typeof fit<R>>[0],
  'field' | 'loss' | 'backend' | 'precision'
>

/** Trains with a progress bar; says so where it ended early. */
export async function train<R extends { readonly field: Field }>(
  task: FitTask<R>,
  { steps, rate, warmUp: rising = 0, seed }: Schedule,
  what: string,
  terminal: Terminal,
) {
  const bar = terminal.progress(what)
  const start = terminal.now()
  const falling = cosineRate({ rate: rate[0], end: rate[1], steps: steps - rising })
  try {
    const result = await fit<R>({
      ...task,
      optimizer: adam({ rate: rising > 0 ? warmUp(rising, falling) : falling }),
      steps,
      seed,
      onProgress: ({ step, loss }) => {
        if (step % 50 === 0) bar.update(step / steps, `loss ${loss.toPrecision(2)}`)
      },
    })
    if (result.status !== 'success') terminal.remark(`${what}: ${result.message}`)
    return { ...result, milliseconds: terminal.now() - start }
  } finally {
    bar.stop()
  }
}
