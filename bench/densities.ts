import { type DensityResult, densityStudy } from '../packages/separatrix/src/study/densities/densityStudy.js'
import { keptResults } from '../packages/separatrix/src/study/densities/keptResults.js'
import { densitiesRecipe } from '../packages/separatrix/src/study/densities/recipe.js'
import { streamTerminal } from '../packages/separatrix/src/terminal/terminal.js'
import { type Row, report } from './harness.js'

/**
 * Six densities of the plane, learned by flow matching, by maximum likelihood, and by the one and then the other: the
 * mean of −log p over fresh samples beside the entropy. `pnpm bench densities rings,moons` takes these two. What
 * `pnpm study densities` has left in out/densities is taken from there, and left there for it, with its pictures.
 */
export async function bench(): Promise<boolean> {
  const names = process.argv[3]?.split(',')
  const { densities } = densitiesRecipe
  const wanted = names === undefined ? densities : densities.filter(({ name }) => names.includes(name))
  const terminal = streamTerminal(process, { quiet: false })
  const clock = () => process.cpuUsage().user / 1e6
  const kept = keptResults('out/densities', terminal)
  const results: DensityResult[] = []
  for (const density of wanted)
    results.push(await densityStudy(density, densitiesRecipe, { terminal, clock, kept }))
  const rows = results.flatMap(({ name, learned }) =>
    learned.flatMap(({ way, gap, standardError, steps, seconds }): Row[] => [
      {
        figure: `${name}: ${way}, −log p − entropy`,
        value: gap,
        unit: 'nats',
        goal: { most: 0.05 },
        note: `${steps} steps, ${seconds.toFixed(0)} s`,
      },
      {
        figure: `${name}: ${way}, the same in standard errors`,
        value: gap / standardError,
        goal: { least: -3 },
      },
    ]),
  )
  return report('densities', rows, results)
}
