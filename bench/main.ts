// `pnpm bench <name>` runs bench/<name>.ts: a table with the goals, the raw data as JSON, exit code 1 where
// a goal is missed.
import { existsSync } from 'node:fs'

const name = process.argv[2] ?? ''
if (!/^[a-z][a-zA-Z]*$/.test(name) || !existsSync(`bench/${name}.ts`)) {
  console.error(`bench: expected the name of a file in bench/, got '${name}'. Try pnpm bench spine.`)
  process.exit(2)
}
const { bench } = (await import(`./${name}.ts`)) as { bench: () => Promise<boolean> }
process.exit((await bench()) ? 0 : 1)
