/**
 * What takes the place of uvu in the bundles of a campaign: the same `test` and `test.run`, but it can run some of the tests
 * only, it ends at the first failure, and it tells which mutants each test meets. `hooks` come with the bundle's banner.
 */
interface Hooks {
  /** numbers of the tests to run; all without it */
  readonly only: readonly number[] | undefined
  /** the mutants met since it was last called */
  readonly takeReached: () => readonly number[]
  readonly report: (reached: Reached) => void
}

/** What a file and each of its tests meet. */
export interface Reached {
  /** while the file was loaded: all of its tests may depend on it */
  readonly loading: readonly number[]
  /** of processor time */
  readonly milliseconds: number
  readonly tests: readonly { readonly mutants: readonly number[]; readonly milliseconds: number }[]
}

declare const mutantHooks: Hooks

type Work = (context: object) => unknown
const tests: Work[] = []
const after: Work[] = []

export const test = Object.assign((_name: string, work: Work) => void tests.push(work), {
  after: (work: Work) => void after.push(work),
  run: () => void run(),
})

/** Processor time so far, in milliseconds. */
const spent = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

async function run(): Promise<void> {
  const { only, takeReached, report } = mutantHooks
  // test files end in their run: what follows happens after all of the file was loaded
  await Promise.resolve()
  const reached: Reached & { readonly tests: unknown[] } = {
    loading: takeReached(),
    milliseconds: spent(),
    tests: [],
  }
  for (const [number, work] of tests.entries()) {
    if (only?.includes(number) === false) continue
    const start = spent()
    try {
      await work({})
    } catch (error) {
      process.stderr.write(`${error}\n`)
      process.exit(1)
    }
    reached.tests.push({ mutants: takeReached(), milliseconds: spent() - start })
  }
  for (const work of after) await work({})
  report(reached)
}
