import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Terminal } from '../../terminal/terminal.js'
import type { KeptResults, Learned } from './densityStudy.js'

/** A result in a file, with what decided it. */
interface File {
  readonly recipe: unknown
  readonly learned: Learned
}

/**
 * Results of single ways in files of a folder, written as soon as they are there. One that was decided by the same
 * recipe is taken instead of training again, and is said to be.
 */
export function keptResults(folder: string, terminal: Terminal): KeptResults {
  mkdirSync(folder, { recursive: true })
  const fileOf = (name: string, way: string) => join(folder, `${name}-${way.replaceAll(/\W+/g, '-')}.json`)
  return {
    load(name, way, recipe) {
      const file = fileOf(name, way)
      if (!existsSync(file)) return undefined
      const kept = JSON.parse(readFileSync(file, 'utf8')) as File
      if (JSON.stringify(kept.recipe) !== JSON.stringify(recipe)) return undefined
      terminal.remark(
        `${name}, ${way}: taken from ${file}, which the same recipe made; remove it to train anew`,
      )
      return kept.learned
    },
    save(name, recipe, learned) {
      writeFileSync(fileOf(name, learned.way), JSON.stringify({ recipe, learned } satisfies File))
    },
  }
}
